"""The file connector: fields, identities, presets, and that no row is lost count of."""

from __future__ import annotations

import gzip
import hmac
import io
import os
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file import FileConfig, FileConnector
from connectors.file.tables.findings import DATED_BY_FILE
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import BadRecord, Fatal, Misconfigured
from schemas.feedback import SUBMISSION, Feedback

DATA = Path(os.environ.get("FEEDBACK_DATA", "../shared/data"))


def connector(path: Path, content: bytes | str, **options: Any) -> FileConnector:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return FileConnector(FileConfig(path=path, **options))


def read(path: Path, content: bytes | str, **options: Any) -> tuple[list[Feedback], RunStats]:
    tally = RunStats()
    records = list(dry_run(connector(path, content, **options), tally))
    assert tally.read == sum((tally.published, tally.dead_lettered, tally.skipped, tally.repeated))
    return records, tally


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "visits.csv"


def test_well_known_columns_need_no_mapping(csv: Path) -> None:
    header = "Review ID,Comment,Date,Rating,Hospital,Ward"
    content = f"{header}\nrv-70001af,Kind staff,2024-05-06,4,North,A&E\n"
    (record,), _ = read(csv, content)
    assert (record.native_id, record.text, record.site, record.service) == (
        "rv-70001af", "Kind staff", "North", "A&E",
    )  # fmt: skip
    assert record.created_at.isoformat() == "2024-05-06T00:00:00+00:00"
    assert record.stars is not None
    assert record.stars.score == 0.75


def test_a_stated_mapping_wins_and_constants_fill_the_rest(csv: Path) -> None:
    content = "text,said,when,mark,room\nno,yes,06.05.2024,7,12\n"
    (record,), _ = read(
        csv,
        content,
        columns={"text": "said", "created_at": "when", "stars": "mark"},
        attributes={"room": "room"},
        scales={"stars": (1, 10)},
        constants={"organization": "Trust A"},
        dataset="spring",
    )
    assert (record.text, record.organization, record.attributes) == (
        "yes",
        "Trust A",
        {"room": "12"},
    )
    assert record.stars is not None
    assert (record.stars.value, record.stars.worst, record.stars.best) == (7, 1, 10)
    assert record.native_id.startswith("spring/")


def test_authors_become_keyed_pseudonyms_or_nothing(csv: Path) -> None:
    content = "id,text,date,author\n1,a,2024-01-01,jo@example.org\n"
    expected = hmac.new(b"secret", b"jo@example.org", "sha256").hexdigest()[:32]
    (keyed,), _ = read(csv, content, author_key="secret")
    (unkeyed,), _ = read(csv, content)
    assert (keyed.author, unkeyed.author) == (expected, None)


def test_rows_without_an_id_get_one_from_their_cells_and_their_ordinal(csv: Path) -> None:
    content = "text,date\na,2024-01-01\nb,2024-01-01\na,2024-01-01\n"
    records, _ = read(csv, content)
    again, _ = read(csv, content)
    ids = [record.event_id for record in records]
    assert len(set(ids)) == 3
    assert ids == [record.event_id for record in again]
    assert records[2].native_id == records[0].native_id + "-2"


def test_the_same_row_twice_counts_as_repeated(csv: Path) -> None:
    row = "rv-1000001,a,2024-01-01\n"
    _, tally = read(csv, f"id,text,date\n{row}{row}rv-1000002,b,2024-01-01\n")
    assert (tally.read, tally.published, tally.repeated) == (3, 2, 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,a,b,c,x", "reading the row: 5 cells where there are 4 columns"),
        (f"1,{'x' * 100_001},2024-01-01,4", "reading text: longer than 100,000 characters"),
        ('1,"a,b,2024-01-01,4', "reading the row: a quote is unclosed or misplaced"),
    ],
)
def test_a_bad_row_tells_its_line_and_why_and_stops_nobody(
    csv: Path, row: str, reason: str
) -> None:
    records, tally = read(
        csv, f"id,text,date,rating\n0,good,2024-01-01,5\n{row}\n2,fine,2024-01-01,3\n"
    )
    assert [record.text for record in records] == ["good", "fine"]
    assert {text: refused.examples for text, refused in tally.reasons.items()} == {
        reason: ["visits:line 3"]
    }


@pytest.mark.parametrize("cell", ["soon", "", "1970-01-01", "2999-01-01", "31/31/2024"])
def test_a_date_that_is_unreadable_costs_the_date_and_not_the_comment(csv: Path, cell: str) -> None:
    records, tally = read(
        csv, f"text,date\ngood,2024-01-01\nwas it,{cell}\nfine,2024-01-03\nok then,2024-01-04\n"
    )
    assert tally.dead_lettered == 0
    (record,) = (record for record in records if record.text == "was it")
    assert f"{record.created_at:%Y-%m-%d}" == "2024-01-01"
    assert record.attributes == {"date": "estimated"}
    assert record.redated
    assert not records[0].attributes


def test_a_date_above_the_first_readable_one_is_that_one(csv: Path) -> None:
    rows = "".join(f"fine {n},2024-01-0{n},5\n" for n in range(3, 9))
    records, _ = read(csv, f"text,date,rating\nfirst,#VALUE!,4\n{rows}")
    assert (records[0].text, f"{records[0].created_at:%Y-%m-%d}") == ("first", "2024-01-03")


def test_where_many_dates_are_unreadable_comments_have_the_time_of_the_file(csv: Path) -> None:
    rows = "".join(f"comment {n},{'soon' if n % 2 else '2024-01-01'},5\n" for n in range(20))
    made = connector(csv, f"text,date,rating\n{rows},later,3\n", textless=True)
    os.utime(csv, (1_717_243_200, 1_717_243_200))
    tally = RunStats()
    records = list(dry_run(made, tally))
    assert [f"{record.created_at:%Y-%m-%d}" for record in records[:2]] == [
        "2024-01-01",
        "2024-06-01",
    ]
    assert records[1].attributes == {"date": "first seen"}
    assert {reason: count.count for reason, count in tally.reasons.items()} == {
        "reading created_at: not a date": 1  # a score alone, whose month nothing tells
    }
    assert made.oddities.tallies[DATED_BY_FILE].count == 10


def test_a_stated_format_in_which_no_date_is_written_is_refused(csv: Path) -> None:
    with pytest.raises(Misconfigured, match="no cell of the column 'date' is a date"):
        read(csv, "text,date\ngood,06.05.2024\n", date_format="%d %b %Y")


@pytest.mark.parametrize("cell", ["much", "99", "4 or 5"])
def test_a_score_that_is_unreadable_costs_the_score_and_not_the_comment(
    csv: Path, cell: str
) -> None:
    rows = "".join(f"c{n},2024-01-01,{n % 5 + 1}\n" for n in range(100))
    records, _ = read(csv, f"text,date,rating\nso so,2024-01-01,{cell}\n{rows}")
    assert (records[0].text, records[0].stars) == ("so so", None)
    assert records[1].stars is not None


def test_a_dead_letters_payload_is_the_row_as_it_came(csv: Path) -> None:
    raw = b'1,"caf\xe9,x",2024-01-01\r\n'
    source_connector = connector(
        csv, b"id,text,date\r\n" + raw + b"2,\xc3\xa9,2024-01-01\r\n", encoding="utf-8"
    )
    (page, _) = source_connector.fetch(None)
    assert page.items[0].payload == raw
    with pytest.raises(BadRecord):
        source_connector.parse(page.items[0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"id,text,date\n", "it has no rows after its header"),
        (b"PK\x03\x04\x14\x00", "it is a damaged Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"it is a damaged old Excel workbook"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x00\x01\x02\x03" * 100, "it is not text"),
        (b'[["a"]]', "it holds no JSON object"),
        (b"\x1f\x8b\x08\x00damaged", "its gzip compression is damaged"),
    ],
)
def test_what_holds_no_rows_is_refused_in_one_sentence(
    csv: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Fatal, match=words):
        _ = connector(csv, content).plan


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fatal, match=r"no such file|it is a folder"):
        _ = FileConnector(FileConfig(path=tmp_path / name)).plan


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "nhs-ftf"}, "did you mean nhs-fft"),
        ({"preset": ""}, "hcahps, hcahps_comments, limesurvey, microsoft_forms, nhs-fft"),
        ({"preset": "nhs-fft"}, "no column for the text"),
        ({"columns": {"text": "coment"}}, "did you mean 'comment'"),
        ({"columns": {"txt": "comment"}}, "there are text, id"),
        ({"timezone": "Mars/Base"}, "no such time zone"),
        ({"delimiter": "::"}, "it must be one character"),
        ({"encoding": "utf-99"}, "Python does not know it"),
        ({"date_format": "soon"}, "there are dmy, mdy"),
    ],
)
def test_a_wrong_option_names_the_right_ones(
    csv: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(Misconfigured, match=words):
        _ = connector(csv, "comment,date\na,2024-01-01\n", **options).plan


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("cp1252"),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8 with mark", "utf-16", "utf-16 without mark", "cp1252", "gzip", "crlf"],
)
def test_files_come_in_several_encodings(csv: Path, encode: Any) -> None:
    content = "id,text,date\n1,déjà – “vu”,2024-01-01\n"
    (record,), _ = read(csv, encode(content))
    assert record.text == "déjà – “vu”"


def test_a_stray_nul_in_a_comment_makes_no_binary_of_a_file(csv: Path) -> None:
    (record,), _ = read(csv, b"id,text,date\n1,so\x00so,2024-01-01\n")
    assert record.text == "soso"


def test_json_lines_bring_their_own_names(tmp_path: Path) -> None:
    lines = [
        {"id": 1, "text": "a", "date": "2024-01-01", "rating": 5, "place": {"name": "North"}},
        {"id": 2, "text": None, "date": "2024-01-01"},
    ]
    content = b"\n".join(map(orjson.dumps, lines)) + b"\n{broken\n"
    (record,), tally = read(tmp_path / "a.jsonl", content, columns={"site": "place.name"})
    assert (record.site, record.stars and record.stars.value) == ("North", 5)
    assert (tally.skipped, tally.dead_lettered) == (1, 1)


def test_standard_input_is_a_dataset_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"id,text,date\n1,a,2024-01-01\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    source_connector = FileConnector(FileConfig(path=None, dataset="stdin", columns={"id": "id"}))
    records = list(dry_run(source_connector, RunStats()))
    assert [record.native_id for record in records] == ["stdin/1"]
    assert source_connector.instance_key is None


def test_a_cursor_marks_the_rows_before_it_as_acknowledged(csv: Path) -> None:
    content = "text,date\n" + "same,2024-01-01\n" * 5
    whole = list(connector(csv, content, page_rows=2).fetch(None))
    assert [len(page.items) for page in whole] == [2, 2, 1, 0]
    resumed = list(connector(csv, content, page_rows=3).fetch(whole[0].cursor))
    assert [(len(page.items), page.acknowledged) for page in resumed] == [
        (2, True), (3, False), (0, False),
    ]  # fmt: skip
    assert [item.data for page in resumed for item in page.items] == [
        item.data for page in whole for item in page.items
    ]


def test_another_mapping_is_another_instance_of_the_same_file(csv: Path) -> None:
    content = "text,other,date\na,b,2024-01-01\n"
    first, same = (connector(csv, content).instance_key for _ in range(2))
    assert first == same
    assert first != connector(csv, content, columns={"text": "other"}).instance_key


def test_the_hcahps_preset_reads_a_survey_export(csv: Path) -> None:
    content = (
        "Survey ID,Facility Name,Unit,Discharge Date,Overall Rating,Recommend,Comments\n"
        "1,General,4 West,3/31/2024,9,Definitely yes,Very clean\n2,General,ICU,4/1/2024,M,,Loud\n"
    )
    records, _ = read(csv, content, preset="hcahps")
    assert [record.csat and record.csat.score for record in records] == [0.9, None]
    assert records[0].attributes == {"recommend": "Definitely yes"}
    assert f"{records[0].created_at:%Y-%m-%d}" == "2024-03-31"


def test_the_nhs_preset_accounts_for_every_row_of_the_real_file() -> None:
    path = DATA / "nhs_feedback.csv"
    if not path.exists():
        pytest.skip(f"the NHS data are not at {DATA}; FEEDBACK_DATA names their folder")
    tally = RunStats()
    config = FileConfig(path=path, preset="nhs-fft", textless=True)
    connector_ = FileConnector(config)
    records = list(dry_run(connector_, tally))
    assert tally.read == tally.published + tally.skipped == 6_264
    assert (tally.dead_lettered, tally.repeated) == (0, 0)
    texts = sum(bool(record.text) for record in records)
    said_nothing = tally.skips["an answer that says nothing"].count
    said_nothing += connector_.count_empty_answers()
    assert 4_600 < texts < 4_700
    assert texts + said_nothing == 4_913
    # Every one of the 3,333 people who answered, and each without a text once.
    assert len({r.attributes[SUBMISSION] for r in records if r.fft is not None}) == 3_333
    assert len({r.attributes[SUBMISSION] for r in records if not r.text}) == tally.published - texts
    assert {record.organization for record in records} == {"NEAS", "NHFT"}
    assert not any("\xa0" in (record.service or "") for record in records)
    assert not any("\x0b" in record.text for record in records)
    unanswered = Counter(record.fft is None for record in records)
    kept = Counter(record.attributes.get("fft") == "7" for record in records)
    assert unanswered == kept


@pytest.mark.parametrize("backfill", [True, False])
def test_rows_are_history_or_news_as_whoever_brings_them_says(csv: Path, backfill: bool) -> None:
    (record,), _ = read(csv, "text,date\na,2024-01-01\n", backfill=backfill)
    assert record.backfill is backfill


@hypothesis.settings(deadline=None)  # the machine's pace is not the question
@given(content=st.binary(max_size=300))
def test_no_content_makes_the_reader_lose_count(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    try:
        read(path, b"id,text,date\n1,first,2024-01-01\n" + content)
    except Fatal as refusal:
        assert "it is not text" in str(refusal)
