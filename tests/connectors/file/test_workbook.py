"""Excel workbooks: their cells as text, their sheets, and files that are not workbooks."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from time import process_time
from typing import Any

import orjson
import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.utils.datetime import CALENDAR_MAC_1904  # type: ignore[import-untyped]

from connectors.file import FileConfig, FileConnector
from connectors.file.raw import archive
from connectors.file.tables import findings, workbook
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
    assert record.text == "Kind staff"
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
        ("one_x0009_two_x005F_x0009_", "one\ttwo_x0009_"),
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


def test_empty_rows_are_no_rows_but_count_as_lines(
    xlsx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(), HEADER, (), (None, "  ", None), (1, "x" * 30, "", 4), (2, "fine", "2024-01-01")]
    monkeypatch.setattr(workbook, "MAX_ROW_BYTES", 25)
    records, tally = read(xlsx, excel(Sheet1=rows))
    assert [record.text for record in records] == ["fine"]
    assert [reason.examples for reason in tally.reasons.values()] == [["visits:line 5"]]


def test_what_stands_beyond_the_columns_harms_nobody(xlsx: Path) -> None:
    rows = [("text", "date", None), ("a", "2024-01-01", None, "a note"), ("b",)]
    records, tally = read(xlsx, excel(Sheet1=rows))
    assert ([record.text for record in records], tally.dead_lettered) == (["a", "b"], 0)


def test_columns_without_a_header_are_numbered_as_wide_as_the_widest_row(xlsx: Path) -> None:
    rows = [("a",), ("b", "2024-01-02")]
    options = {"header": False, "columns": {"text": "1", "created_at": "2"}}
    records, tally = read(xlsx, excel(Sheet1=rows), **options)
    assert ([record.text for record in records], tally.dead_lettered) == (["a", "b"], 0)


def test_a_dead_letters_payload_is_the_row_as_an_object(xlsx: Path) -> None:
    made = connector(xlsx, excel(Sheet1=[HEADER, (1, None, "soon", 4)]), textless=True)
    item = next(iter(made.fetch(None))).items[0]
    with pytest.raises(BadRecord):
        made.parse(item)
    assert orjson.loads(item.payload) == {"id": "1", "text": "", "date": "soon", "rating": "4"}


def test_visible_sheets_are_read_unless_one_is_named(xlsx: Path) -> None:
    sheets = {
        "Lists": [("text",), ("hidden",)],
        "June": [("text",), ("first",)],
        "July": [("text", "note"), ("second", "x")],
    }
    content = excel(hidden=["Lists"], **sheets)
    assert [record.text for record in read(xlsx, content)[0]] == ["first", "second"]
    assert [record.text for record in read(xlsx, content, sheet="july ")[0]] == ["second"]
    assert [record.text for record in read(xlsx, content, sheet="Lists")[0]] == ["hidden"]


def test_another_sheet_is_a_dataset_of_its_own_and_the_first_one_is_not(xlsx: Path) -> None:
    content = excel(June=ROWS, July=ROWS)
    datasets = [
        connector(xlsx, content, **options).plan.dataset
        for options in ({}, {"sheet": "June"}, {"sheet": "July"})
    ]
    assert datasets == ["visits", "visits", "visits/July"]


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
    monkeypatch.setattr("connectors.file.raw.byte_source.HEAD_BYTES", 100)
    records = list(dry_run(FileConnector(FileConfig(path=None)), RunStats()))
    assert [record.text for record in records] == ["Kind staff"]


def test_a_workbook_may_be_compressed_once_more(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path / "visits.xlsx.gz", gzip.compress(excel(Sheet1=ROWS)))
    assert record.text == "Kind staff"


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
DAMAGED = "it is a damaged "


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a workbook with a password",
        ),
        (GOOD[:-200], DAMAGED),
        (rezip(GOOD, workbook=None), DAMAGED),
        (rezip(GOOD, workbook=b"<workbook"), DAMAGED),
        (rezip(GOOD, sheet1=b"<worksheet><sheetData><row><c"), DAMAGED),
        (rezip(GOOD, **{"[Content_Types]": None}), DAMAGED),
        (excel(Sheet1=[]), "the sheet 'Sheet1' has no rows after its header"),
        (excel(Sheet1=[HEADER]), "the sheet 'Sheet1' has no rows after its header"),
    ],
)
def test_what_holds_no_rows_is_refused_in_one_sentence(
    xlsx: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Fatal, match=words):
        list(connector(xlsx, content).fetch(None))


def test_damage_behind_the_first_rows_is_seen_before_anything_is_published(xlsx: Path) -> None:
    content = excel(Sheet1=[("text",), *((f"row {number}",) for number in range(1_000))])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml")
    cut = rezip(content, sheet1=part[: len(part) * 3 // 4])
    with pytest.raises(Fatal, match=DAMAGED):
        _ = connector(xlsx, cut, page_rows=100).plan


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    xlsx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 100_000)
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


def test_sheets_with_the_same_columns_are_one_export_and_others_are_named(xlsx: Path) -> None:
    header = ("Date", "Comment", "Rating")
    content = excel(
        hidden=["Old"],
        Cover=[("Comments of the ward",), ("March",)],
        May=[header, (date(2026, 5, 1), "Calm", 4)],
        June=[("comment", "date", "rating", "ward"), ("Loud", date(2026, 6, 1), 2, "Maple")],
        July=[header],
        Codes=[("Code", "Meaning"), ("a", "b")],
        Old=[header, (date(2026, 1, 1), "hidden", 3)],
    )
    made = connector(xlsx, content)
    tally = RunStats()
    records = list(dry_run(made, tally))
    assert [(r.text, f"{r.created_at:%m}", r.service) for r in records] == [
        ("Calm", "05", None),
        ("Loud", "06", "Maple"),
    ]
    assert [record.attributes for record in records] == [{"sheet": "May"}, {"sheet": "June"}]
    assert made.writing.sheets == ("May", "June", "July")
    assert made.writing.sheets_left_out == ("Cover", "Codes", "Old")


def test_a_table_may_begin_in_any_cell(xlsx: Path) -> None:
    rows = [(None, "Ward report"), (), (None, "Date", "Comment", "Ward"),
            (None, date(2026, 5, 1), "Calm", "Maple"), (None, "Total", None, 1)]  # fmt: skip
    records, _ = read(xlsx, excel(Sheet1=rows))
    assert [(record.text, record.service) for record in records] == [("Calm", "Maple")]


def test_an_error_names_the_sheet_of_its_row(xlsx: Path) -> None:
    rows = [("Comment", "Date", "Rating"), (None, "soon", 4)]
    options = {"columns": {"text": "Comment", "created_at": "Date"}, "textless": True}
    _, tally = read(xlsx, excel(May=rows, June=rows), **options)
    (reason,) = tally.reasons.values()
    assert reason.examples == ["visits:May line 2", "visits:June line 2"]


def test_titles_above_the_header_are_left_out(xlsx: Path) -> None:
    rows = [("Ward report",), ("May 2026",), (), HEADER, (1, "Calm", date(2026, 5, 1), 4),
            ("Total", None, None, 1)]  # fmt: skip
    made = connector(xlsx, excel(Sheet1=rows))
    assert [record.text for record in dry_run(made, RunStats())] == ["Calm"]
    assert made.writing.header_line == 4
    assert {kind: t.examples for kind, t in made.oddities.tallies.items()} == {
        findings.TITLE: ["row 1", "row 2"],
        findings.TOTAL: ["row 6"],
    }


@pytest.mark.parametrize(
    "rows",
    [
        [
            ("Date", "Your visit", None, "Comments", None),
            (None, "Welcome", "Meals", "Good", "Bad"),
        ],
        [
            (None, "Your visit", None, "Comments", None),
            ("Date", "Welcome", "Meals", "Good", "Bad"),
        ],
    ],
)
def test_two_rows_of_names_are_joined(xlsx: Path, rows: Rows) -> None:
    rows = [
        *rows,
        (date(2026, 5, 1), 5, 4, "Bright", "Cold"),
        (date(2026, 5, 2), 1, 2, None, "Dust"),
    ]
    made = connector(xlsx, excel(Sheet1=rows), columns={"text": "Comments: Bad"})
    assert [record.text for record in dry_run(made, RunStats())] == ["Cold", "Dust"]
    assert made._contents.names == [
        "Date", "Your visit: Welcome", "Your visit: Meals", "Comments: Good", "Comments: Bad",
    ]  # fmt: skip


def test_a_cell_that_is_merged_downwards_counts_for_all_its_rows(xlsx: Path) -> None:
    book = Workbook()
    sheet = book.active
    long = "A comment that is said once " * 10
    for row in [("Ward", "Comment", "Rating"), ("Maple", "Calm", 4), (None, "Loud", 2),
                ("Birch", long, 5), (None, None, 5)]:  # fmt: skip
        sheet.append(row)
    for cells in ("A2:A3", "A4:A5", "B4:B5"):
        sheet.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    records, tally = read(xlsx, file.getvalue())
    assert [(r.text, r.service) for r in records] == [
        ("Calm", "Maple"), ("Loud", "Maple"), (long.strip(), "Birch"),
    ]  # fmt: skip
    assert tally.skipped == 1


def read_values(made: FileConnector) -> list[dict[str, str]]:
    with made._rows() as (rows, _):
        return [row.values for row in rows]


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (0.8, "0%", "80%"),
        (0.125, "0.0%", "12.5%"),
        (1, "0%", "100%"),
        (0.07, '0.00\\ "%"', "0.07"),
        (0.8, "General", "0.8"),
        (time(14, 30), "h:mm", "14:30:00"),
        (datetime(2026, 5, 1, 9, 5), "dd/mm/yyyy hh:mm", "2026-05-01T09:05:00"),
    ],
)
def test_cells_are_read_as_they_are_shown(
    xlsx: Path, value: Any, number_format: str, expected: str
) -> None:
    book = Workbook()
    book.active.append(("text", "cell"))
    book.active.append(("Calm", value))
    book.active["B2"].number_format = number_format
    file = io.BytesIO()
    book.save(file)
    assert read_values(connector(xlsx, file.getvalue())) == [{"text": "Calm", "cell": expected}]


def test_days_are_counted_from_the_workbooks_own_day(xlsx: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in [("Date", "Comment", "Rating"), (44563.5, "Calm", 4), ("2026-01-05", "Loud", 2)]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    made = connector(xlsx, file.getvalue())
    assert [row["Date"] for row in read_values(made)] == ["2026-01-03T12:00:00", "2026-01-05"]
    assert made.writing.epoch_1904


def test_cells_beside_the_table_are_told(xlsx: Path) -> None:
    rows = [("Date", None, "Comment"), *((date(2026, 5, 1), None, "Calm") for _ in range(300)),
            (date(2026, 5, 2), None, "Loud", "a note")]  # fmt: skip
    made = connector(xlsx, excel(Sheet1=rows))
    assert len(list(dry_run(made, RunStats()))) == 301
    assert made.oddities.tallies[findings.UNNAMED].examples == ["row 302"]


def write_ods(rows: str, mimetype: str = "spreadsheet") -> bytes:
    file = io.BytesIO()
    office = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{mimetype}")
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table='
            f'"{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="May">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return file.getvalue()


def write_ods_row(*cells: str, repeated: int = 1) -> str:
    texts = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{texts}</table:table-row>'


def test_a_spreadsheet_of_libreoffice_is_read(tmp_path: Path) -> None:
    rows = write_ods_row("Comment", "Date") + write_ods_row("Calm", "2026-05-01")
    (record,), _ = read(tmp_path / "visits.ods", write_ods(rows))
    assert (record.text, f"{record.created_at:%Y-%m-%d}") == ("Calm", "2026-05-01")


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    content = (Path(__file__).parent / "old_workbook.xls").read_bytes()
    made = connector(tmp_path / "visits.xls", content)
    assert [(r.text, r.service, f"{r.created_at:%m-%d}") for r in dry_run(made, RunStats())] == [
        ("Calm in May", "Maple", "05-03"), ("Loud", "Maple", "05-04"),
        ("Calm in June", "Maple", "05-03"), ("Loud", "Maple", "05-04"),
    ]  # fmt: skip
    assert made.writing.sheets == ("May", "June")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (write_ods(""), "the sheet 'May' has no rows|damaged LibreOffice spreadsheet"),
        (write_ods("", "text"), r"a LibreOffice text \(\.odt\)"),
        (write_ods(write_ods_row("Comment") + write_ods_row(*"x" * 9_000, repeated=1_000_000)),
         r"damaged LibreOffice spreadsheet \(\.ods\)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "an old Word"),
    ],
    ids=["empty", "text", "bomb", "old Word file"],
)  # fmt: skip
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(Fatal, match=kind):
        _ = connector(tmp_path / "visits.ods", content).plan


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("word/document.xml", "a Word file"),
        ("ppt/presentation.xml", "a PowerPoint file"),
        ("Index/Document.iwa", "an Apple Numbers"),
        ("comments.csv", "a zip archive"),
    ],
)
def test_another_archive_is_named(xlsx: Path, member: str, kind: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        if member.endswith(".xml"):
            made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr(member, "x")
    with pytest.raises(Fatal, match=kind):
        _ = connector(xlsx, file.getvalue()).plan


@pytest.mark.parametrize("part", ["xl/strings.bin", "docProps/thumbnail.jpeg", "a"])
@pytest.mark.parametrize("declared", [None, 5_000], ids=["declared", "hidden"])
def test_a_part_of_any_name_is_bounded_by_what_it_unpacks_to(
    xlsx: Path, part: str, declared: int | None
) -> None:
    file = io.BytesIO(GOOD)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr(part, bytes(archive.MAX_UNPACKED_BYTES + 1))
    content = bytearray(file.getvalue())
    if declared is not None:
        at = content.rfind(b"PK\x01\x02", 0, content.rfind(part.encode()))
        content[at + 24 : at + 28] = declared.to_bytes(4, "little")
    started = process_time()
    with pytest.raises(Fatal, match="it unpacks to more than"):
        _ = connector(xlsx, bytes(content)).plan
    assert process_time() - started < 5  # a hundredth of it where the machine is free


def test_a_workbook_in_the_strict_form_is_read(xlsx: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            for kind in (b"spreadsheetml", b"officeDocument"):
                part = part.replace(b"http://schemas.openxmlformats.org/%s/2006" % kind,
                                    b"http://purl.oclc.org/ooxml/%s" % kind)  # fmt: skip
            new.writestr(name, part)
    (record,), _ = read(xlsx, file.getvalue())
    assert (record.text, f"{record.created_at:%Y-%m-%d}") == ("Kind staff", "2024-05-06")


def test_a_number_in_a_style_that_there_is_not_is_read(xlsx: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml")
    damaged = part.replace(b'<c r="D2"', b'<c r="D2" s="999"')
    assert damaged != part
    (record,), _ = read(xlsx, rezip(GOOD, sheet1=damaged))
    assert record.stars is not None


def test_formulas_without_a_result_are_told(xlsx: Path) -> None:
    rows = [HEADER, (1, "Calm", date(2026, 5, 1), "=1+3"), (2, "Loud", date(2026, 5, 1), "=1+1")]
    made = connector(xlsx, excel(Sheet1=rows))
    assert len(list(dry_run(made, RunStats()))) == 2
    assert made.oddities.tallies[findings.UNCOMPUTED].count == 2


@pytest.mark.parametrize(
    ("morning", "evening"),
    [(0.4375, 0.75), (datetime(2026, 5, 1, 10, 30), datetime(2026, 5, 2, 18)), ("10:30", "6 pm")],
    ids=["fractions", "whole dates", "texts"],
)
def test_a_time_of_its_own_column_belongs_to_the_date(
    xlsx: Path, morning: Any, evening: Any
) -> None:
    rows = [("Date", "Time", "Comment"), (date(2026, 5, 1), morning, "Calm"),
            (date(2026, 5, 2), evening, "Loud")]  # fmt: skip
    records, _ = read(xlsx, excel(Sheet1=rows))
    times = [f"{record.created_at:%d %H:%M}" for record in records]
    assert times == ["01 10:30", "02 18:00"]
