"""Transcripts: contributions of participants, with what was asked before them."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from connectors.file import FileConfig, FileConnector
from connectors.file.raw.archive import MAX_DOCUMENT_BYTES
from connectors.file.transcripts.speakers import find_moderators, read_label
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import Fatal
from schemas.feedback import Feedback

ASKED = "How did you find the wait?"
WAIT = "Long, and nobody came out to us."
NURSE = "The night nurse sat with me."


def read(path: Path, **options: object) -> tuple[list[Feedback], FileConnector]:
    connector = FileConnector(FileConfig.model_validate({"path": path, **options}))
    return list(dry_run(connector, RunStats())), connector


def texts(path: Path, **options: object) -> list[tuple[str, str | None]]:
    return [(record.text, record.question) for record in read(path, **options)[0]]


def word(*paragraphs: str, table: list[list[str]] | None = None) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        rows = document.add_table(rows=0, cols=len(table[0])).rows
        made = rows.table
        for cells in table:
            for cell, text in zip(made.add_row().cells, cells, strict=True):
                cell.text = text
    file = BytesIO()
    document.save(file)
    return file.getvalue()


VTT = f"""WEBVTT - Focus group

NOTE recorded in the day room

1
00:00:01.000 --> 00:00:04.000
<v Moderator>{ASKED}</v>

2
00:00:04.500 --> 00:00:06.000
<v Jo Bloggs>Long, and</v>

3
00:00:06.000 --> 00:00:08.000 align:start
<v.loud Jo Bloggs><i>nobody</i> came out to us.</v>

00:00:09.000 --> 00:00:12.000
<v Sam Bloggs>{NURSE}</v>
"""

SRT = f"""1
00:00:01,000 --> 00:00:04,000
Interviewer: {ASKED}

2
00:00:04,500 --> 00:00:06,000
P1: Long, and

3
00:00:06,000 --> 00:00:08,000
nobody came out to us.

4
00:00:09,000 --> 00:00:12,000
P2: {NURSE}
"""

TEXT = f"""Interviews of May
Room 4

I: {ASKED}
R: Long, and nobody
came out to us.
I: And the nights?
[00:02:10] R: {NURSE}
"""

HEADINGS = f"""Facilitator   0:03
{ASKED}

Jo Bloggs   0:09
{WAIT}

Facilitator   0:15
And the nights?

Jo Bloggs   0:21
{NURSE}
"""


@pytest.mark.parametrize(
    ("name", "content", "second"),
    [
        ("group.vtt", VTT, ASKED),
        ("group.srt", SRT, ASKED),
        ("interview.txt", TEXT, "And the nights?"),
        ("headings.txt", HEADINGS, "And the nights?"),
        ("windows.vtt", "\ufeff" + VTT.replace("\n", "\r\n"), ASKED),
    ],
    ids=["vtt", "srt", "text", "headings", "windows"],
)
def test_participants_are_read_and_moderators_left_out(
    tmp_path: Path, name: str, content: str, second: str
) -> None:
    path = tmp_path / name
    path.write_text(content, newline="", encoding="utf-8")
    assert texts(path) == [(WAIT, ASKED), (NURSE, second)]
    _, connector = read(path)
    assert connector.oddities.tallies["contributions of those who ask, left out"].count > 0


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_its_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "interview.srt"
    path.write_bytes(SRT.replace("nobody", "naïve café staff").encode(encoding))
    assert texts(path)[0][0] == "Long, and naïve café staff came out to us."


def test_paragraphs_and_tables_of_a_word_document_are_read(tmp_path: Path) -> None:
    path = tmp_path / "interview.docx"
    path.write_bytes(word("May", f"Interviewer: {ASKED}", f"Jo: {WAIT}", f"Sam: {NURSE}"))
    assert texts(path) == [(WAIT, ASKED), (NURSE, ASKED)]
    rows = [["0:01", "Interviewer", ASKED], ["0:04", "Jo", WAIT], ["0:09", "Jo", "Yes."]]
    path.write_bytes(word("May", table=rows))
    assert texts(path) == [(f"{WAIT} Yes.", ASKED)]


def test_moderators_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    path.write_text(VTT.replace("<v Moderator>", "<v Ann Other>"))
    assert len(texts(path)) == 3
    assert "--moderator NAME leaves a speaker out" in read(path)[1].writing.describe()[-1]
    assert texts(path, moderators=("ann other",)) == [(WAIT, ASKED), (NURSE, ASKED)]


def test_no_name_is_in_a_record(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    path.write_text(VTT)
    records, _ = read(path, author_key="secret")
    assert len({record.author for record in records}) == 2
    assert not any("Bloggs" in record.model_dump_json() for record in records)


def test_the_time_of_the_file_is_that_of_the_contributions(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    path.write_text(VTT)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert {record.created_at for record in read(path)[0]} == {modified}


def test_text_before_the_first_speaker_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "interview.txt"
    path.write_text(TEXT)
    _, connector = read(path)
    assert connector.oddities.tallies["lines above the first speaker, left out"].count == 2


@pytest.mark.parametrize("content", ["Comment\nWait: too long\nFood: cold\n", "Date\tComment\n"])
def test_other_text_files_stay_tables(tmp_path: Path, content: str) -> None:
    path = tmp_path / "comments.txt"
    path.write_text(content + "2026-03-01\tFine\n" * ("\t" in content))
    assert read(path)[1].writing.kind == "csv"


def test_a_transcript_by_another_name_is_read_if_it_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "interview.log"
    path.write_text(TEXT)
    assert len(texts(path, preset="transcript")) == 2


def test_text_without_speakers_is_refused_if_it_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("We waited and waited.\nThen the nurse came.\n")
    with pytest.raises(Fatal, match="it names no speakers"):
        read(path, preset="transcript")


def test_captions_without_speakers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:04,000\nWelcome to our hospital.\n")
    with pytest.raises(Fatal, match="it names no speakers"):
        read(path)


def test_damaged_captions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.vtt"
    path.write_text("WEBVTTnonsense\n\n00:01 what")
    with pytest.raises(Fatal, match=r"captions are damaged|names no speakers"):
        read(path)


def test_a_word_file_that_is_no_transcript_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(word("Dear all", "Please find the table below.", table=[["a", "b"]]))
    with pytest.raises(Fatal, match="it is a Word file"):
        read(path)


def test_a_word_bomb_is_refused(tmp_path: Path) -> None:
    from zipfile import ZIP_DEFLATED, ZipFile

    path = tmp_path / "bomb.docx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (MAX_DOCUMENT_BYTES + 1))
    with pytest.raises(Fatal, match="unpacks to more than"):
        read(path)


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        ("P1: Fine", "P1", "Fine"),
        ("[00:01:02] Jo Bloggs: Fine", "Jo Bloggs", "Fine"),
        ("Jo Bloggs (00:01): Fine", "Jo Bloggs", "Fine"),
        ("Jo Bloggs  0:03", "Jo Bloggs", ""),
        ("00:03 Jo Bloggs", "Jo Bloggs", ""),
        ("**Interviewer 2:** Fine", "Interviewer 2", "Fine"),
        ("Jo:", "Jo", ""),
        ("Herr van der Berg: Gut", "Herr van der Berg", "Gut"),
    ],
)
def test_labels_of_speakers(line: str, name: str, words: str) -> None:
    label = read_label(line)
    assert label is not None
    assert (label.name, label.words) == (name, words)


@pytest.mark.parametrize(
    "line",
    [
        "so I said to her: no",
        "https://example.org/page",
        "We left at 10:30 and came back",
        "I waited. Then she said: come in",
        "Why? Because: no",
    ],
)
def test_speech_is_no_label(line: str) -> None:
    assert read_label(line) is None


@pytest.mark.parametrize(
    ("names", "moderators"),
    [
        ({"I", "R"}, {"I"}),
        ({"Q", "A"}, {"Q"}),
        ({"Moderator 2", "P1"}, {"Moderator 2"}),
        ({"Moderatorin (Fr. X)", "B1"}, {"Moderatorin (Fr. X)"}),
        ({"INT1", "P1", "P2"}, {"INT1"}),
        ({"Mo", "Jo"}, set()),
        ({"I", "Jo"}, set()),
    ],
)
def test_who_asks_is_seen_from_the_label(names: set[str], moderators: set[str]) -> None:
    assert find_moderators(names, ()) == moderators
