"""What columns mean does not depend on how their file is written: workbooks, JSON, titles, tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import Fatal
from schemas.feedback import Feedback

Rows = Sequence[Sequence[Any]]

TWO_QUESTIONS: Rows = (
    ("Date", "Ward", "FFT", "What was good?", "What could be better?"),
    ("13/02/2026", "Elm", "Very good", "Calm night staff", "Warmer blankets please"),
    ("14/02/2026", "Elm", "Poor", "", "Quieter doors at night"),
)
SURVEY: Rows = (
    ("StartDate", "EndDate", "ResponseId", "Status", "Q1", "Q2"),
    ("Start", "End", "Response ID", "Response Type", "What went well?", "What went badly?"),
    ('{"ImportId":"startDate"}', '{"ImportId":"endDate","timeZone":"Europe/Paris"}',
     '{"ImportId":"_recordId"}', '{"ImportId":"status"}', '{"ImportId":"QID1_TEXT"}',
     '{"ImportId":"QID2_TEXT"}'),
    ("2026-07-02 08:00:00", "2026-07-02 09:00:00", "R_7", "IP Address", "Fresh bread at breakfast",
     "Long queue at noon"),
    ("2026-07-03 08:00:00", "2026-07-03 09:00:00", "R_8", "Survey Preview", "only a try", ""),
)  # fmt: skip


def read(path: Path) -> list[Feedback]:
    tally = RunStats()
    return list(dry_run(FileConnector(FileConfig(path=path, textless=True)), tally))


def write_workbook(folder: Path, **sheets: Rows) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([cell if cell != "" else None for cell in row])
    path = folder / "export.xlsx"
    book.save(path)
    return path


def write_csv(folder: Path, rows: Rows, encoding: str, delimiter: str) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = folder / "export.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("form", ["workbook", "titled workbook", "utf-16", "json", "titled"])
def test_several_questions_are_found_in_every_way_of_writing(tmp_path: Path, form: str) -> None:
    title: Rows = (("Report of the ward",), ())
    match form:
        case "workbook":
            path = write_workbook(tmp_path, Export=TWO_QUESTIONS)
        case "titled workbook":
            path = write_workbook(tmp_path, Export=(*title, *TWO_QUESTIONS))
        case "utf-16":
            path = write_csv(tmp_path, TWO_QUESTIONS, "utf-16", "\t")
        case "json":
            header, *rows = TWO_QUESTIONS
            answers = [dict(zip(header, row, strict=True)) for row in rows]
            path = tmp_path / "export.json"
            path.write_bytes(orjson.dumps({"count": 2, "answers": answers}))
        case _:
            path = write_csv(tmp_path, (*title, *TWO_QUESTIONS), "cp1252", ";")
    records = read(path)
    assert [(record.text, record.question) for record in records] == [
        ("Calm night staff", "What was good?"),
        ("Warmer blankets please", "What could be better?"),
        ("Quieter doors at night", "What could be better?"),
    ]
    assert {f"{record.created_at:%Y-%m-%d}" for record in records} == {"2026-02-13", "2026-02-14"}
    assert [record.fft.value for record in records if record.fft] == [1, 1, 4]


@pytest.mark.parametrize("is_workbook", [True, False])
def test_a_known_export_is_recognised_in_a_workbook(tmp_path: Path, is_workbook: bool) -> None:
    if is_workbook:
        path = write_workbook(tmp_path, Sheet0=SURVEY)
    else:
        path = write_csv(tmp_path, SURVEY, "utf-16", "\t")
    records = read(path)
    assert [record.text for record in records] == [
        "Fresh bread at breakfast", "Long queue at noon",
    ]  # fmt: skip
    assert {record.created_at.isoformat() for record in records} == {"2026-07-02T07:00:00+00:00"}


def test_sheets_that_are_each_numbered_from_1_replace_nothing(tmp_path: Path) -> None:
    header = ("ID", "Date", "Comment")
    path = write_workbook(
        tmp_path,
        May=(header, (1, "2026-05-05", "Kind porter"), (2, "2026-05-06", "Slow lift")),
        June=(header, (1, "2026-06-05", "Cold soup"), (2, "2026-06-06", "Warm room")),
    )
    assert len({record.native_id for record in read(path)}) == 4


def test_dates_swapped_in_one_of_several_sheets_end_the_reading(tmp_path: Path) -> None:
    header = ("Date", "Comment")
    early = [(datetime(2026, month, 3), f"Remark {month}") for month in range(1, 12)]
    late = [(f"{day}/03/2026", f"Remark of {day}") for day in range(13, 31)]
    with pytest.raises(Fatal, match="swapped days and months"):
        read(write_workbook(tmp_path, First=(header, *early), Second=(header, *late)))


def test_a_mention_of_a_format_in_a_comment_makes_no_file_of_it(tmp_path: Path) -> None:
    comment = "It says urn:schemas-microsoft-com:office:spreadsheet on the screen"
    path = write_csv(tmp_path, (("Date", "Comment"), ("2026-05-05", comment)), "utf-8", ",")
    assert [record.text for record in read(path)] == [comment]
