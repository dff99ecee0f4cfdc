"""Transcripts as the usual tools write them: no participant's word is lost unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.file.transcripts.reading import ABSENT, HEADING, KEPT, REMARKS, ROLLING, UNSURE
from connectors.file.transcripts.speakers import read_label
from connectors.file.transcripts.turns import Speech, parse_captions, parse_lines
from connectors.sdk.errors import Fatal
from tests.connectors.file.test_transcripts import read, texts, word

ASKED = "How was it?"
WAIT = "Long, and cold."
NURSE = "The nurse was kind."
TURNS = [("Ann Other", ASKED), ("Jo Bloggs", WAIT), ("Ann Other", "Why?"), ("Jo Bloggs", NURSE)]
HEAD = "WEBVTT\n\n"


def said(speech: Speech) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in speech.turns]


@pytest.mark.parametrize(
    "form",
    [
        "{name}: {words}",
        "{name}：{words}",
        "[{name}]: {words}",
        "**{name}**: {words}",
        "__{name}:__ {words}",
        ">> {name}: {words}",
        "{name}\t{words}",
        "{name} - {words}",
        "{name} [00:01:02] {words}",
        "[{name}] {words}",
        "<{name}> {words}",
        "7. {name}: {words}",
        "[62.0s] {name}: {words}",
        "{name} (cont.): {words}",
        "{name}: {words} #00:01:05-3#",
        "0:01:02.0\t{name}\t{words}",
        "[{name}] 10:00:03\n{words}",
        "[00:00:03.120] - {name}\n{words}",
        "0:0:3.1 --> 0:0:5.12\n{name}\n{words}",
        "10:00:03\t From  {name} : {words}",
        "2026-03-01 10:00:03 From {name} to Everyone:\n\t{words}",
    ],
)
def test_forms_of_labels_in_text(form: str) -> None:
    text = "\n".join(form.format(name=name, words=words) for name, words in TURNS)
    assert said(parse_lines(text.splitlines())) == TURNS


@pytest.mark.parametrize("name", ["patient", "r", "P1", "Female participant", "Dr. Bloggs", "مريض"])
def test_labels_in_lower_case_and_other_scripts_are_read(name: str) -> None:
    lines = [f"Interviewer: {ASKED}", f"{name}: {WAIT}", "Interviewer: Why?", f"{name}: {NURSE}"]
    assert {turn.speaker for turn in parse_lines(lines).turns} == {"Interviewer", name}


@pytest.mark.parametrize(
    "line", ["So: no", "Then: nothing", "At 10:30", "and: no", "[inaudible] no", "It was: bad"]
)
def test_a_continued_sentence_is_not_a_label(line: str) -> None:
    assert read_label(line) is None
    lines = [f"P1: {WAIT}", line, f"P2: {NURSE}", line]
    assert said(parse_lines(lines)) == [("P1", f"{WAIT} {line}"), ("P2", f"{NURSE} {line}")]


@pytest.mark.parametrize(
    "captions",
    [
        "00:01.000 --> 00:02.000\n<v jo bloggs>{}",
        "00:01.000 --> 00:02.000\n<v Ward 4, Eastgate; Dr. Jo: Bloggs>{}",
        "00:01.000 --> 00:02.000\n<v.loud Jo &amp; Sam>{}",
        '7 "Jo Bloggs" (41610)\n00:01.000 --> 00:02.000\n{}',
        "00:01.000 --> 00:02.000\njo: Yes.\n\n00:01.000 --> 00:02.000\njo: {}",
        "00:01,000 --> 00:02,000\nP1: {}",
        "00:00:61.000 --> 00:00:66.000\nP1: {}",
        "00:00:01 --> 00:00:02\nP1: {}",
        "00:01.000 --> 00:02.000 P1: {}",
        "00:01.000 --> 00:02.000\nP1: Yes.\n\n{}",
        "00:01.000 --> 00:02.000\nP1: Yes.\n{}\n7\n00:02.000 --> 00:03.000\nP2: No.",
    ],
)
def test_every_caption_is_read(captions: str) -> None:
    first = f"00:00.000 --> 00:01.000\n<v Interviewer>{ASKED}\n\n"
    for start in (HEAD + first, f"{HEAD}{first}".removeprefix(HEAD)):
        turns = parse_captions(start + captions.format(WAIT)).turns
        assert turns[0].speaker == "Interviewer"
        assert turns[0].text == ASKED
        assert WAIT in turns[1].text


def test_words_after_the_end_of_a_voice_are_not_its_own() -> None:
    cue = "<v Moderator>Why?</v> Because."
    speech = parse_captions(f"{HEAD}00:01.000 --> 00:02.000\n<v P1>Cold.</v>\n{cue}")
    assert [turn.unsure for turn in speech.turns] == [[], [1]]


def test_only_tags_are_taken_out_of_captions() -> None:
    words = "It is <5 minutes and >3 <laughs> &lt;3 <c.loud>a <00:00:01.500>b</c>"
    speech = parse_captions(f"{HEAD}00:01.000 --> 00:02.000\n<v P1>{words}</v>")
    assert speech.turns[0].text == "It is <5 minutes and >3 <laughs> <3 a b"


def test_captions_that_roll_are_read_once_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    shown = ["<v P1>it was", "<v P1>it was\nvery", "<v P1>very\ncold", "<v P1>cold\ntoo"]
    path.write_text(
        HEAD
        + "\n\n".join(f"00:0{at}.000 --> 00:0{at}.900\n{text}" for at, text in enumerate(shown))
    )
    records, connector = read(path)
    assert [record.text for record in records] == ["it was very cold too"]
    assert connector.oddities.tallies[ROLLING].count == 3


def test_words_without_a_voice_below_a_moderator_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    path.write_text(
        f"{HEAD}00:01.000 --> 00:02.000\n<v Moderator>{ASKED}\n\n00:02.000 --> 00:03.000\nLong."
        f"\n\n00:03.000 --> 00:04.000\n<v P1>{WAIT}"
    )
    records, connector = read(path)
    assert [record.text for record in records] == [WAIT]
    assert connector.oddities.tallies[UNSURE].count == 1


def test_lines_that_may_be_labelled_are_kept_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "group.docx"
    path.write_bytes(word(f"Interviewer: {ASKED}", f"P1: {WAIT}", "Well: no", f"P2: {NURSE}"))
    records, connector = read(path)
    assert [record.text for record in records] == [f"{WAIT} Well: no", NURSE]
    assert connector.oddities.tallies[KEPT].count == 1


def test_what_stands_above_the_conversation_is_no_comment(tmp_path: Path) -> None:
    path = tmp_path / "interview.txt"
    path.write_text(
        "Interviewer: Ann Other\nParticipant: P1\nLocation: Ward 4\n"
        f"Interviewer: {ASKED}\nP1: {WAIT}\nInterviewer: Why?\nP1: {NURSE}\n"
    )
    assert texts(path) == [(WAIT, ASKED), (NURSE, "Why?")]
    assert read(path)[1].oddities.tallies[HEADING].count == 3


def test_remarks_of_the_tool_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "group.docx"
    remark = "Ann Other stopped transcription"
    path.write_bytes(word(f"Moderator   0:03\n{ASKED}", f"Jo   0:09\n{WAIT}", remark))
    assert texts(path) == [(WAIT, ASKED)]
    assert read(path)[1].oddities.tallies[REMARKS].count == 1


def test_moderators_who_do_not_speak_are_said_and_labels_count(tmp_path: Path) -> None:
    path = tmp_path / "interview.txt"
    path.write_text(f"I: {ASKED}\nR: {WAIT}\nI: Why?\nR: {NURSE}\n")
    assert texts(path, moderators=("Ann Othr",)) == [(WAIT, ASKED), (NURSE, "Why?")]
    connector = read(path, moderators=("Ann Othr",))[1]
    assert connector.oddities.tallies[ABSENT].examples == ["--moderator 1"]


@pytest.mark.parametrize(
    "table",
    [
        [["Timespan", "Content", "Speaker"], ["0:00.0 - 0:05.0", ASKED, "I"], ["", WAIT, "R"]],
        [["1", "Interviewer", ASKED], ["2", "P1", WAIT]],
        [["Speaker", "Time", "Text"], ["I", "0:01", ASKED], ["R", "0:02", WAIT]],
        [["Interviewer:", ASKED], ["patient:", WAIT]],
    ],
    ids=["speaker last", "numbers", "header", "colons"],
)
def test_tables_of_word_documents(tmp_path: Path, table: list[list[str]]) -> None:
    path = tmp_path / "interview.docx"
    path.write_bytes(word(table=table))
    assert texts(path) == [(WAIT, ASKED)]


@pytest.mark.parametrize("answer", ["10:30", "P1"])
def test_no_cell_of_a_table_is_lost(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "interview.docx"
    path.write_bytes(word(table=[["Interviewer", "When?"], ["P1", answer]]))
    assert texts(path) == [(answer, "When?")]


def test_a_word_document_of_one_speaker_is_read_if_it_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "story.docx"
    path.write_bytes(word(f"P1: {WAIT}"))
    assert texts(path, preset="transcript") == [(WAIT, None)]


def test_a_table_whose_first_column_is_a_code_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    row = "P{}\tThe nurse explained every step, number {}.\n"
    path.write_text("Participant\tComment\n" + "".join(row.format(n % 3, n) for n in range(12)))
    assert read(path)[1].writing.kind == "csv"


def test_a_transcript_of_too_many_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "group.vtt"
    path.write_text(HEAD + "\n" * 500_001)
    with pytest.raises(Fatal, match="500,000 lines at the most"):
        read(path)
