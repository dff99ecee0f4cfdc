"""Excel workbooks: their cells as text, their sheets, and files that are not workbooks."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import orjson
import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]

from connectors.file import FileConfig, FileConnector, workbook
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import BadRecord, Fatal, Misconfigured
from schemas.feedback import Feedback

Rows = Sequence[Sequence[Any]]
HEADER = ("id", "text", "date", "rating")
ROWS: Rows = (HEADER, (1, "Kind staff", date(2024, 5, 6), 4))


def excel(hidden: Sequence[str] = (), **sheets: Rows) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def connector(path: Path, content: bytes, **options: Any) -> FileConnector:
    path.write_bytes(content)
    return FileConnector(FileConfig(path=path, **options))


def read(path: Path, content: bytes, **options: Any) -> tuple[list[Feedback], RunStats]:
    tally = RunStats()
    records = list(dry_run(connector(path, content, **options), tally))
    assert tally.read == sum((tally.published, tally.dead_lettered, tally.skipped, tally.repeated))
    return records, tally


@pytest.fixture
def xlsx(tmp_path: Path) -> Path:
    return tmp_path / "visits.xlsx"


def test_well_known_columns_need_no_mapping(xlsx: Path) -> None:
    (record,), _ = read(xlsx, excel(Sheet1=ROWS))
    assert (record.native_id, record.text) == ("visits/1", "Kind staff")
    assert record.created_at.isoformat() == "2024-05-06T00:00:00+00:00"
    assert record.stars is not None and record.stars.score == 0.75


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        (7, "7"),
        (7.0, "7"),
        (4.5, "4.5"),
        (True, "true"),
        (date(2024, 5, 6), "2024-05-06"),
        (datetime(2024, 5, 6, 14, 30), "2024-05-06T14:30:00"),
        (time(14, 30), "14:30:00"),
        ("#N/A", ""),
        ("=1+1", ""),
        ("one_x000D_\ntwo", "one\r\ntwo"),
        (None, ""),
    ],
)
def test_a_cell_becomes_the_text_that_a_csv_would_hold(
    xlsx: Path, value: Any, expected: str
) -> None:
    made = connector(xlsx, excel(Sheet1=[("text", "cell", "end"), ("a", value, "z")]))
    page = next(iter(made.fetch(None)))
    assert page.items[0].data.values == {"text": "a", "cell": expected, "end": "z"}


@pytest.mark.parametrize("date_format", [None, "dmy", "%d.%m.%Y"])
def test_true_dates_are_read_whatever_the_format_of_the_written_ones(
    xlsx: Path, date_format: str | None
) -> None:
    rows = [("text", "date"), ("a", datetime(2024, 5, 6, 14, 30)), ("b", date(2024, 5, 7))]
    records, _ = read(xlsx, excel(Sheet1=rows), date_format=date_format, timezone="Europe/London")
    assert [f"{record.created_at:%m-%d %H:%M}" for record in records] == [
        "05-06 13:30",
        "05-06 23:00",
    ]


def test_empty_rows_are_no_rows_but_count_as_lines(xlsx: Path) -> None:
    rows = [(), HEADER, (), (None, "  ", None), (1, "late", "soon", 4), (2, "fine", "2024-01-01")]
    records, tally = read(xlsx, excel(Sheet1=rows))
    assert [record.text for record in records] == ["fine"]
    assert [reason.examples for reason in tally.reasons.values()] == [["visits:line 5"]]


def test_what_stands_beyond_the_columns_harms_nobody(xlsx: Path) -> None:
    rows = [("text", "date", None), ("a", "2024-01-01", None, "a note"), ("b",)]
    records, tally = read(xlsx, excel(Sheet1=rows))
    assert ([record.text for record in records], tally.dead_lettered) == (["a"], 1)


def test_columns_without_a_header_are_numbered_as_wide_as_the_widest_row(xlsx: Path) -> None:
    rows = [("a",), ("b", "2024-01-02")]
    options = {"header": False, "columns": {"text": "1", "created_at": "2"}}
    records, tally = read(xlsx, excel(Sheet1=rows), **options)
    assert ([record.text for record in records], tally.dead_lettered) == (["b"], 1)


def test_a_dead_letters_payload_is_the_row_as_an_object(xlsx: Path) -> None:
    made = connector(xlsx, excel(Sheet1=[HEADER, (1, "a", "soon", 4)]))
    item = next(iter(made.fetch(None))).items[0]
    with pytest.raises(BadRecord):
        made.parse(item)
    assert orjson.loads(item.payload) == {"id": "1", "text": "a", "date": "soon", "rating": "4"}


def test_the_first_visible_sheet_is_read_unless_one_is_named(xlsx: Path) -> None:
    sheets = {
        "Lists": [("text",), ("hidden",)],
        "June": [("text",), ("first",)],
        "July": [("text",), ("second",)],
    }
    content = excel(hidden=["Lists"], **sheets)
    assert [record.text for record in read(xlsx, content)[0]] == ["first"]
    assert [record.text for record in read(xlsx, content, sheet="july ")[0]] == ["second"]
    assert [record.text for record in read(xlsx, content, sheet="Lists")[0]] == ["hidden"]


def test_another_sheet_is_a_dataset_of_its_own_and_the_first_one_is_not(xlsx: Path) -> None:
    content = excel(June=ROWS, July=ROWS)
    ids = [
        read(xlsx, content, **options)[0][0].native_id
        for options in ({}, {"sheet": "June"}, {"sheet": "July"})
    ]
    assert ids == ["visits/1", "visits/1", "visits/July/1"]


@pytest.mark.parametrize(
    ("wanted", "words"), [("Jun", "did you mean 'June'"), ("x", "there are June, July")]
)
def test_a_sheet_that_there_is_not_names_those_that_there_are(
    xlsx: Path, wanted: str, words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        _ = connector(xlsx, excel(June=ROWS, July=ROWS), sheet=wanted).plan


def test_a_file_without_sheets_takes_none(xlsx: Path) -> None:
    with pytest.raises(Misconfigured, match="it is not an Excel workbook"):
        _ = connector(xlsx, b"text\na\n", sheet="June").plan


def test_reading_it_again_gives_the_same_ids(xlsx: Path) -> None:
    rows = [("text",), ("same",), ("other",), ("same",)]
    ids = [record.event_id for record in read(xlsx, excel(Sheet1=rows))[0]]
    assert len(set(ids)) == 3
    assert [record.event_id for record in read(xlsx, excel(Sheet1=rows))[0]] == ids


def test_an_interrupted_run_goes_on_after_what_was_acknowledged(xlsx: Path) -> None:
    content = excel(Sheet1=[("text",), *(("same",) for _ in range(5))])
    whole = list(connector(xlsx, content, page_rows=2).fetch(None))
    resumed = list(connector(xlsx, content, page_rows=3).fetch(whole[0].cursor))
    assert [(len(page.items), page.acknowledged) for page in resumed] == [
        (2, True),
        (3, False),
        (0, False),
    ]


def test_a_workbook_comes_by_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(excel(Sheet1=ROWS))

    monkeypatch.setattr("sys.stdin", Stdin)
    monkeypatch.setattr("connectors.file.byte_source.HEAD_BYTES", 100)
    records = list(dry_run(FileConnector(FileConfig(path=None)), RunStats()))
    assert [record.native_id for record in records] == ["stdin/1"]


def test_a_workbook_may_be_compressed_once_more(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path / "visits.xlsx.gz", gzip.compress(excel(Sheet1=ROWS)))
    assert record.native_id == "visits/1"


def rezip(content: bytes, **parts: bytes | None) -> bytes:
    """Return the workbook with other bytes in some of its parts; None removes the part."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = parts.get(Path(name).stem, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return file.getvalue()


GOOD = excel(Sheet1=ROWS)
DAMAGED = "it is a damaged Excel workbook"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage", "a workbook with a password"),
        (GOOD[:-200], DAMAGED),
        (rezip(GOOD, workbook=None), DAMAGED),
        (rezip(GOOD, workbook=b"<workbook"), DAMAGED),
        (rezip(GOOD, sheet1=b"<worksheet><sheetData><row><c"), DAMAGED),
        (rezip(GOOD, **{"[Content_Types]": None}), "a zip archive but not an Excel workbook"),
        (excel(Sheet1=[]), "the sheet 'Sheet1' has no rows after its header"),
        (excel(Sheet1=[HEADER]), "the sheet 'Sheet1' has no rows after its header"),
    ],
)
def test_what_holds_no_rows_is_refused_in_one_sentence(
    xlsx: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Fatal, match=words):
        list(connector(xlsx, content).fetch(None))


def test_damage_behind_the_first_rows_ends_the_reading_too(xlsx: Path) -> None:
    content = excel(Sheet1=[("text",), *((f"row {number}",) for number in range(1_000))])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml")
    cut = rezip(content, sheet1=part[: len(part) * 3 // 4])
    pages = connector(xlsx, cut, page_rows=100).fetch(None)
    assert next(pages).items[0].data.values == {"text": "row 0"}
    with pytest.raises(Fatal, match=DAMAGED):
        list(pages)


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    xlsx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 100_000)
    content = rezip(GOOD, sheet1=b" " * 100_001)
    with pytest.raises(Fatal, match="it unpacks to more than 100,000 bytes"):
        _ = connector(xlsx, content).plan


def test_a_row_of_endless_text_is_the_rows_own_fault(
    xlsx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROW_BYTES", 1_000)
    rows = [("text",), ("x" * 1_001,), ("fine",)]
    records, tally = read(xlsx, excel(Sheet1=rows))
    assert ([record.text for record in records], tally.dead_lettered) == (["fine"], 1)
