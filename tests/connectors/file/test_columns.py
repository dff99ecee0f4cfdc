"""What a file's columns mean: texts, questions, scores, dates, submissions and identities."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file import FileConfig, FileConnector, summary
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import Fatal, Misconfigured
from schemas.feedback import SUBMISSION, Feedback


def connect(folder: Path, rows: Iterable[str], name: str = "export.csv", **options: Any) -> Any:
    path = folder / name
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return FileConnector(FileConfig(path=path, textless=True, **options))


def read(folder: Path, *rows: str, **options: Any) -> list[Feedback]:
    tally = RunStats()
    records = list(dry_run(connect(folder, rows, **options), tally))
    assert tally.read == sum((tally.published, tally.dead_lettered, tally.skipped, tally.repeated))
    return records


def texts(records: Iterable[Feedback]) -> list[tuple[str, str | None]]:
    return [(record.text, record.question) for record in records]


def values(records: Iterable[Feedback], measure: str) -> list[float | None]:
    scores = [getattr(record, measure) for record in records]
    return [None if score is None else score.value for score in scores]


def test_a_survey_with_two_header_rows_is_recognised(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,How satisfied were you?,"
        "How likely is it that you would recommend us?,What was good?,What was bad?",
        ",,,,,Response,,Open-Ended Response,Open-Ended Response",
        "118000000001,42,02/03/2026 09:10:00 AM,02/03/2026 09:15:00 AM,192.0.2.7,Satisfied,9,"
        "Warm blankets,Loud doors",
        "118000000002,42,02/04/2026 01:10:00 PM,02/04/2026 01:15:00 PM,192.0.2.8,"
        "Very dissatisfied,2,,Nobody explained the scan",
    )
    assert texts(records) == [
        ("Warm blankets", "What was good?"),
        ("Loud doors", "What was bad?"),
        ("Nobody explained the scan", "What was bad?"),
    ]
    assert values(records, "nps") == [9, 9, 2]
    assert values(records, "csat") == [4, 4, 1]
    assert f"{records[2].created_at:%Y-%m-%d %H:%M}" == "2026-02-04 13:15"
    submissions = [record.attributes[SUBMISSION] for record in records]
    assert submissions[0] == submissions[1] != submissions[2]
    assert len({record.event_id for record in records}) == 3


def test_a_survey_with_identifiers_below_its_header_is_recognised(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        "StartDate,EndDate,Status,RecordedDate,ResponseId,Q7,Q8",
        "Start Date,End Date,Response Type,Recorded Date,Response ID,What helped most?,"
        "How likely are you to recommend us?",
        '"{""ImportId"":""startDate"",""timeZone"":""America/Denver""}","{""ImportId"":""e""}",'
        '"{""ImportId"":""s""}","{""ImportId"":""r""}","{""ImportId"":""_recordId""}",'
        '"{""ImportId"":""QID7""}","{""ImportId"":""QID8""}"',
        "2026-03-02 09:00:00,2026-03-02 09:05:00,IP Address,2026-03-02 09:05:01,R_9xyz,"
        "The volunteer at the door,10",
        "2026-03-02 10:00:00,2026-03-02 10:05:00,Survey Preview,2026-03-02 10:05:01,R_9xyw,try,0",
    )
    assert texts(records) == [("The volunteer at the door", "What helped most?")]
    assert records[0].created_at.isoformat() == "2026-03-02T16:05:01+00:00"
    assert records[0].native_id.startswith("qualtrics/R_9xyz")


@pytest.mark.parametrize(
    ("header", "row", "export"),
    [
        ("#,What should change?,Start Date (UTC),Submit Date (UTC),Network ID",
         "0a1b2c3d4e,More chairs in the hall,2026-04-03 09:00:00,2026-04-03 09:05:40,aa",
         "Typeform"),
        ("Response ID,Date submitted,Last page,Start language,Seed,Q2. What happened there?",
         "1,2026-04-03 09:05:40,3,en,77,More chairs in the hall", "LimeSurvey"),
        ("Timestamp,What could be better for you?", "4/13/2026 9:05:40,More chairs in the hall",
         "Google Forms"),
        ("ID,Start time,Completion time,Email,Name,What is missing here?",
         "1,4/13/26 9:00:00,4/13/26 9:05:40,anonymous,,More chairs in the hall",
         "Microsoft Forms"),
        ("Review Id,Review Created (UTC),Review Title,Review Content,Review Stars",
         "6f00aa,2026-04-13 09:05:40,Hall,More chairs in the hall,2", "Trustpilot"),
        ("Package Name,Review Submit Date and Time,Star Rating,Review Title,Review Text",
         "org.example,2026-04-13T09:05:40Z,2,,More chairs in the hall", "Google Play"),
        ("ID,Score,Comment,Permalink,Created At,Person ID",
         "883001,3,More chairs in the hall,https://x.example/1,2026-04-13 09:05:40,5",
         "Delighted"),
        ("Survey ID,Received Date,Disch Date,Unit,Section,Comment",
         "S1,04/13/2026,04/09/2026,4 West,Room,More chairs in the hall", "HCAHPS"),
    ],
)  # fmt: skip
def test_known_exports_need_no_options(tmp_path: Path, header: str, row: str, export: str) -> None:
    connector = connect(tmp_path, [header, row])
    (record,) = dry_run(connector, RunStats())
    assert connector.plan.export.startswith(export)
    assert record.text == "More chairs in the hall"
    assert f"{record.created_at:%Y-%m}" == "2026-04"


def test_ratings_in_words_have_the_scale_of_their_tool(tmp_path: Path) -> None:
    records = read(
        tmp_path, "Ticket ID,Satisfaction score,Satisfaction comment,Updated at",
        "77,Good,Thanks for the help,2026-01-05T10:00:00Z",
        "78,Bad,Days without an answer,2026-01-06T10:00:00Z",
    )  # fmt: skip
    assert [record.csat and record.csat.score for record in records] == [1, 0]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["Datum;Kommentar;Bewertung;Station", "23.01.2026;Sehr nett;5;Innere"], 5),
        (["Date;Commentaire;Note", "23/01/2026;Accueil chaleureux;8/10"], 8),
        (["Date,Review,Stars", "2026-01-23,Fine place,3 out of 5"], 3),
    ],
)
def test_names_in_other_languages_and_ratings_in_words(
    tmp_path: Path, rows: list[str], expected: float
) -> None:
    (record,) = read(tmp_path, *rows)
    assert record.created_at.day == 23
    assert record.stars is not None and record.stars.value == expected


def test_a_date_that_stands_for_none_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    (record,) = read(
        tmp_path,
        "Response ID,Date submitted,Last page,Start language,Date started,What happened there?",
        "1,1980-01-01 00:00:00,3,en,2026-02-01 10:00:00,They lost my coat",
    )
    assert f"{record.created_at:%Y-%m-%d}" == "2026-02-01"


def test_every_column_of_comments_is_read_and_its_question_kept(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        "Date,Clinic,FFT,What went well?,What could be better?,Comments",
        "23/02/2026,Eyes,Good,Short wait,Nothing,",
        "24/02/2026,Eyes,Very poor,,The lights hurt,Call my son",
    )
    assert texts(records) == [
        ("Short wait", "What went well?"),
        ("The lights hurt", "What could be better?"),
        ("Call my son", "Comments"),
    ]
    assert values(records, "fft") == [2, 5, 5]
    assert {record.service for record in records} == {"Eyes"}


def test_several_texts_can_be_stated(tmp_path: Path) -> None:
    records = read(
        tmp_path, "when,a,b", "2026-01-02,x y,z", columns={"text": "a"}, texts=("a", "b")
    )
    assert texts(records) == [("x y", "a"), ("z", "b")]


def test_repeated_columns_keep_their_own_scores(tmp_path: Path) -> None:
    records = read(
        tmp_path, "Date,Rating,Comment,Rating,Comment", "2026-01-02,5,Kind,1,Cold",
        "2026-01-03,4,,2,Stale bread",
    )  # fmt: skip
    assert [(r.text, r.stars and r.stars.value) for r in records] == [
        ("Kind", 5), ("Cold", 1), ("", 4), ("Stale bread", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Date,Response,Anything to add,Rating", "2026-01-03,Yes,He sat with me,5"),
        ("Date,Feedback,Feedback text,Score", "2026-01-03,Complaint,He sat with me,5"),
        ("comment_date,comment_content,meta_rating", "2026-01-03,He sat with me,5"),
        ("Date:,Comment (free text):,Star Rating (1-5)", "2026-01-03,He sat with me,5"),
        ("date,whatever,stars", "2026-01-03,He sat with me,5"),
        ('"Comments, if any",Date,How was it? (1-5)', "He sat with me,2026-01-03,5"),
        ("createdAt,reviewText,starRating", "2026-01-03,He sat with me,5"),
    ],
)
def test_the_text_is_the_column_whose_cells_are_words(
    tmp_path: Path, header: str, row: str
) -> None:
    (record,) = read(tmp_path, header, row)
    assert record.text == "He sat with me"
    assert record.stars is not None and record.stars.score == 1
    assert f"{record.created_at:%Y-%m-%d}" == "2026-01-03"


def test_scores_among_answers_are_scores_of_their_submission(tmp_path: Path) -> None:
    records = read(
        tmp_path, "Respondent ID,Date,Question,Answer",
        "P1,23/02/2026,How likely are you to recommend us?,8", "P1,23/02/2026,Why?,Warm voice",
        "P2,24/02/2026,How likely are you to recommend us?,1", "P2,24/02/2026,Why?,Too hurried",
        "P3,25/02/2026,How likely are you to recommend us?,5",
    )  # fmt: skip
    assert texts(records) == [("Warm voice", "Why?"), ("Too hurried", "Why?"), ("", None)]
    assert values(records, "nps") == [8, 1, 5]
    assert len({record.attributes[SUBMISSION] for record in records}) == 3


def test_columns_are_named_in_quotes_where_none_holds_texts(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="names one of 'Trust, all', 'Very good'"):
        _ = connect(tmp_path, ['"Trust, all",Very good', "4,5", "6,8"]).plan


def test_comments_of_one_word_are_preferred_to_notes(tmp_path: Path) -> None:
    rows = ("2026-01-03,Good,5", "2026-01-04,Bad,1,Elm,seen")
    records = read(tmp_path, "Date,Comment,Rating,Ward,Notes", *rows)
    assert [record.text for record in records] == ["Good", "Bad"]


def test_a_time_of_its_own_column_belongs_to_the_date(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "Date,Time,Comment", "23/02/2026,4:30 PM,Late tea")
    assert record.created_at.isoformat() == "2026-02-23T16:30:00+00:00"


def test_another_column_of_dates_may_prove_the_order(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "Date,Discharged,Comment", "03/04/2026,02/27/2026,Late tea")
    assert f"{record.created_at:%Y-%m-%d}" == "2026-03-04"


def test_dates_that_a_spreadsheet_has_swapped_end_the_reading(tmp_path: Path) -> None:
    rows = [f"2026-{month:02}-04,c {month}" for month in range(1, 9)]
    rows += [f"{day}/04/2026,d {day}" for day in range(13, 20)]
    with pytest.raises(Fatal, match="swapped days and months"):
        _ = connect(tmp_path, ["Date,Comment", *rows]).plan


WEEK = ("ID,Date,Comment,Rating", "1,2026-01-05,Soft pillows,5", "2,2026-01-06,Grey soup,2")


def test_an_id_depends_on_what_a_comment_is_and_on_no_name_or_number(tmp_path: Path) -> None:
    first = read(tmp_path, *WEEK)
    renamed = read(tmp_path, *WEEK, name="export (1).csv")
    later = read(tmp_path, WEEK[0], "1,2026-01-12,Broken lift,1")
    longer = read(tmp_path, WEEK[0], "1,2026-01-04,New one,1", "2,2026-01-05,Soft pillows,5")
    assert [r.event_id for r in first] == [r.event_id for r in renamed]
    assert not {r.event_id for r in first} & {r.event_id for r in later}
    assert longer[1].event_id == first[0].event_id


def test_a_number_that_is_used_twice_loses_no_comment(tmp_path: Path) -> None:
    records = read(tmp_path, *WEEK, "1,2026-01-07,Somebody else,3", "1,2026-01-05,Soft pillows,5")
    assert len({record.event_id for record in records}) == 3


def test_an_id_that_repeats_with_other_words_is_a_submissions(tmp_path: Path) -> None:
    records = read(
        tmp_path, "Survey ID,Date,Comment", "SV1,2026-01-05,Bell unanswered",
        "SV1,2026-01-05,Good soup", "SV2,2026-01-05,Noise",
    )  # fmt: skip
    assert len({record.event_id for record in records}) == 3
    assert len({record.attributes[SUBMISSION] for record in records}) == 2


def test_submissions_of_different_files_stay_apart(tmp_path: Path) -> None:
    rows = ("visit,date,text,nps", "12,2026-01-05,Good soup,9")
    north, south = (
        read(tmp_path, *rows, name=name, attributes={SUBMISSION: "visit"})[0].attributes[SUBMISSION]
        for name in ("north.csv", "south.csv")
    )
    assert north != south


def test_each_question_is_a_record_of_its_own_also_in_runs_of_their_own(tmp_path: Path) -> None:
    rows = ("Date,What was good?,What was bad?", "2026-01-05,Tea and toast,Cold floor")
    (good,) = read(tmp_path, *rows, columns={"text": "What was good?"})
    (bad,) = read(tmp_path, *rows, columns={"text": "What was bad?"})
    both = read(tmp_path, *rows)
    assert [good.event_id, bad.event_id] == [record.event_id for record in both]


def test_a_later_import_replaces_an_earlier_one_with_other_dates(tmp_path: Path) -> None:
    rows = ("Date,Comment", "03/04/2026,Tea and toast")
    first, later = (read(tmp_path, *rows, date_format=form)[0] for form in ("dmy", "mdy"))
    assert first.event_id == later.event_id
    assert first.created_at.month == 4 != later.created_at.month
    assert later.redated
    assert later.revision >= first.revision


PEOPLE = (
    "Patient ID,Visit,Comment,Date,Letter",
    "9434765919,9434765919,Gentle,2026-03-01,https://example.org/l?nhs=9434765919",
    "ada@example.org,4857773456,Slow,2026-03-02,https://example.org/l?nhs=4857773456",
)


@pytest.mark.parametrize("key", ["", "secret"])
def test_numbers_and_addresses_of_people_do_not_leave(tmp_path: Path, key: str) -> None:
    records = read(
        tmp_path, *PEOPLE, columns={"id": "Patient ID", "url": "Letter"},
        attributes={SUBMISSION: "Visit"}, author_key=key,
    )  # fmt: skip
    everything = "".join(record.model_dump_json() for record in records)
    for personal in ("9434765919", "4857773456", "ada@"):
        assert personal not in everything
    assert len({record.attributes[SUBMISSION] for record in records}) == 2


def test_the_summary_tells_what_was_taken_left_out_and_guessed(tmp_path: Path) -> None:
    connector = connect(
        tmp_path,
        ["Ref;Date;Ward;How was it? (1-5);Comments;Contact number",
         "R-1;03/04/2026;Ward 2;1;Nobody came when I rang;07700900123",
         "R-2;05/06/2026;Ward 2;3;Friendly and quick;"],
    )  # fmt: skip
    columns = {column.column: column for column in summary.list_columns(connector.plan)}
    assert columns["How was it? (1-5)"].field == "stars"
    assert (columns["Ref"].field, columns["Ref"].example) == (None, "R-1")
    assert columns["Comments"].example is None
    assert columns["Contact number"].example is None
    assert columns["Contact number"].fill == 0.5
    (note,) = (note for note in summary.list_notes(connector.plan) if "nothing in the file" in note)
    assert "03/04/2026 is read as 3 April 2026, and may be 4 March 2026" in note


def test_a_preset_may_be_a_file(tmp_path: Path) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text('[columns]\ntext = ["Said"]\ncreated_at = ["Day"]\n', encoding="utf-8")
    (record,) = read(tmp_path, "Day,Said", "2026-01-02,Fine", preset=str(preset))
    assert record.text == "Fine"
    preset.write_text("[columns\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="it is not valid TOML"):
        _ = connect(tmp_path, ["Day,Said", "2026-01-02,Fine"], preset=str(preset)).plan


def test_an_answer_that_says_nothing_is_no_comment(tmp_path: Path) -> None:
    connector = connect(
        tmp_path, ["Date,Comment,Rating", "2026-01-02,N/A,4", "2026-01-02,.,", "2026-01-02,Ok,3"]
    )
    tally = RunStats()
    records = list(dry_run(connector, tally))
    assert [(r.text, r.stars and r.stars.value) for r in records] == [("", 4), ("Ok", 3)]
    assert tally.skips["an answer that says nothing"].count == 1
    assert connector.count_empty_answers() == 1


NAMES = (
    "Date", "Comment", "Rating", "ID", "Ward", "What went well?", "What could be better?",
    "Respondent ID", "Question", "Answer", "Feedback", "NPS", "FFT", "Time", "Email", "Notes",
)  # fmt: skip
SENTENCES = ("The porter sang for us", "Nobody answered the bell", "Cold and late dinners")
CELLS = (
    *SENTENCES, "", "2026-01-02", "3/4/2026", "4/13/2026", "5", "0", "80%", "Very good", "N/A",
    "None", "Yes", "9434765919", "a@b.example", "R_abc123X", "soon", "12:30", "9" * 40, "٣", "nan",
)  # fmt: skip


@hypothesis.settings(deadline=None)  # the machine's pace is not the question
@given(header=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True), data=st.data())
def test_no_words_of_a_writer_are_lost(
    tmp_path_factory: pytest.TempPathFactory, header: list[str], data: st.DataObject
) -> None:
    cells = st.lists(st.sampled_from(CELLS), min_size=len(header), max_size=len(header))
    rows = data.draw(st.lists(cells, min_size=1, max_size=8))
    lines = [",".join(header), *(",".join(row) for row in rows)]
    connector, tally = connect(tmp_path_factory.getbasetemp(), lines, "any.csv"), RunStats()
    try:
        records = list(dry_run(connector, tally))
    except Fatal:
        return
    assert tally.read == sum((tally.published, tally.dead_lettered, tally.skipped, tally.repeated))
    if tally.dead_lettered or tally.repeated:
        return
    columns = {text.column for text in connector.plan.mapping.texts}
    words = {
        cell for row in rows for name, cell in zip(header, row, strict=True) if name in columns
    }
    assert words & set(SENTENCES) <= {record.text for record in records}
