"""The exports that people bring most: each must be read right without a single option."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import Feedback

MEASURES = ("stars", "nps", "csat", "fft")


@dataclass(frozen=True)
class Export:
    """An export, and its records as they should be."""

    content: str
    texts: tuple[str, ...]
    scores: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """By measure, one per text."""
    date: str = "2026-03-02"
    """Of the first record."""
    questions: tuple[str, ...] = ()


EXPORTS = {
    "SurveyMonkey": Export(
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,"
        "Last Name,Custom Data 1,How satisfied were you?,How likely is it that you would recommend"
        " us?,What helped?,What did not?,Which clinics did you see?,,Other (please specify)\n"
        ",,,,,,,,,Response,,Open-Ended Response,Open-Ended Response,Eyes,Ears,\n"
        "118300000001,77,03/02/2026 10:15:02 AM,03/02/2026 10:19:44 AM,192.0.2.1,,,,,Very satisfied"
        ",9,A leaflet in large print,The queue at noon,Eyes,,\n"
        "118300000002,77,03/14/2026 02:11:40 PM,03/14/2026 02:15:01 PM,192.0.2.2,,,,,Dissatisfied"
        ",2,,My drops ran out,,Ears,\n",
        ("A leaflet in large print", "The queue at noon", "My drops ran out"),
        {"nps": (9, 9, 2), "csat": (5, 5, 2)},
        questions=("What did not?", "What helped?"),
    ),
    "Qualtrics": Export(
        "StartDate,EndDate,Status,Progress,RecordedDate,ResponseId,Q1_NPS_GROUP,Q1,Q2,Q3\n"
        "Start Date,End Date,Response Type,Progress,Recorded Date,Response ID,How likely are you to"
        " recommend us? - Group,How likely are you to recommend us?,What went well?,What did not?\n"
        '"{""ImportId"":""startDate"",""timeZone"":""Europe/London""}","{""ImportId"":""endDate""}"'
        ',"{""ImportId"":""status""}","{""ImportId"":""progress""}","{""ImportId"":""r""}",'
        '"{""ImportId"":""_recordId""}","{""ImportId"":""g""}","{""ImportId"":""QID1""}",'
        '"{""ImportId"":""QID2_TEXT""}","{""ImportId"":""QID3_TEXT""}"\n'
        "2026-03-02 09:12:01,2026-03-02 09:15:44,IP Address,100,2026-03-02 09:15:45,R_9abC,Promoter"
        ",10,She drew it for me,No pillow at all\n"
        "2026-03-03 09:12:01,2026-03-03 09:15:44,Survey Preview,100,2026-03-03 09:15:45,R_8abC,"
        "Detractor,0,just a try,another try\n",
        ("She drew it for me", "No pillow at all"),
        {"nps": (10, 10)},
        questions=("What did not?", "What went well?"),
    ),
    "Typeform": Export(
        "#,How was your visit?,How likely are you to recommend us?,Tell us more,Start Date (UTC),"
        "Submit Date (UTC),Network ID,Tags\n"
        "a68127e3d5e9ca5f,4,9,Calm ward at night,2026-03-02 09:05:14,2026-03-02 09:05:40,d3560842b2"
        ",\nb68127e3d5e9ca5f,2,3,No blanket until noon,2026-03-03 09:05:14,2026-03-03 09:05:40,"
        "d3560842b3,\n",
        ("Calm ward at night", "No blanket until noon"),
        {"nps": (9, 3)},
    ),
    "LimeSurvey": Export(
        '"Response ID","Date submitted","Last page","Start language","Seed","Date started",'
        '"Q1. How satisfied were you with the care?","Q2. Please describe what happened."\n'
        '"1","2026-03-02 10:00:00","3","en","12345","2026-03-02 09:55:00","Very satisfied",'
        '"A bed within the hour"\n'
        '"2","1980-01-01 00:00:00","3","en","12346","2026-03-03 09:55:00","Dissatisfied",'
        '"The lift was full"\n"3","","1","en","12347","2026-03-04 09:55:00","",""\n',
        ("A bed within the hour", "The lift was full"),
        {"csat": (5, 2)},
    ),
    "ward survey with three texts": Export(
        "Date,Ward,FFT,What did we do well?,What could we do better?,Comments\n"
        "02/03/2026,Elm,Very good,Nurses sang,Dinner earlier,\n"
        "14/03/2026,Elm,Very poor,,No one rang back,My son will write\n",
        ("Nurses sang", "Dinner earlier", "No one rang back", "My son will write"),
        {"fft": (1, 1, 5, 5)},
        questions=("What did we do well?", "What could we do better?", "Comments"),
    ),
    "practice with two texts": Export(
        "time,rating,free_text,do_better\n"
        "02/03/2026 10:11:12,Extremely likely,GP ran on time,Open on Saturdays\n"
        "13/03/2026 10:11:12,Unlikely,,Forty minutes on hold\n",
        ("GP ran on time", "Open on Saturdays", "Forty minutes on hold"),
        {"fft": (1, 1, 4)},
    ),
    "columns of the same name": Export(
        "Date,Rating,Comment,Rating,Comment\n2026-03-02,5,Room lovely,1,Tea awful\n"
        "2026-03-03,4,,2,Stale buns\n",
        ("Room lovely", "Tea awful", "", "Stale buns"),
        {"stars": (5, 1, 4, 2)},
    ),
    "a response that is yes or no": Export(
        "Date,Response,Free text comments,Rating\n2026-03-02,Yes,The porter waited with me,5\n"
        "2026-03-03,No,No one came back,1\n",
        ("The porter waited with me", "No one came back"),
        {"stars": (5, 1)},
    ),
    "feedback that is a kind": Export(
        "Feedback ID,Feedback,Feedback text,Date,Score\n1,Complaint,No ramp at the side door,"
        "2026-03-02,1\n2,Compliment,Bless you all,2026-03-03,5\n",
        ("No ramp at the side door", "Bless you all"),
        {"stars": (1, 5)},
    ),
    "scores among the answers": Export(
        "Respondent ID,Date,Question,Response\n"
        "P1,02/03/2026,How likely are you to recommend us?,9\n"
        "P1,02/03/2026,Why?,Gentle hands\nP2,14/03/2026,How likely are you to recommend us?,2\n"
        "P2,14/03/2026,Why?,Sent away twice\n",
        ("Gentle hands", "Sent away twice"),
        {"nps": (9, 2)},
    ),
    "a header with marks": Export(
        "Date:;Comment (if any):;Star Rating (1-5);Site / Ward\n2026-03-02;fine;5;E\n",
        ("fine",),
        {"stars": (5,)},
    ),
    "joined words": Export(
        "comment_ID,comment_date,comment_content,meta_rating,post_title\n"
        "11,2026-03-02 10:00:00,Doctor was thorough,5,Low St Surgery\n"
        "12,2026-03-03 10:00:00,Nobody called back,1,Low St Surgery\n",
        ("Doctor was thorough", "Nobody called back"),
        {"stars": (5, 1)},
    ),
    "dates with AM and PM": Export(
        "Submitted,Comment,NPS\n3/2/2026 3:15 PM,Soft bed,9 - Extremely likely\n"
        "3/4/2026 9:05 AM,Hard bed,0 - Not at all likely\n3/5/2026 9:05 AM,A bed,7\n",
        ("Soft bed", "Hard bed", "A bed"),
        {"nps": (9, 0, 7)},
    ),
    "dates with names of months": Export(
        "Date,Review,Rating\n\"March 2, 2026\",Soft bed,★★★★☆\n\"March 3, 2026\",Hard bed,★☆☆☆☆\n",
        ("Soft bed", "Hard bed"),
        {"stars": (4, 1)},
    ),
    "comment report of a survey vendor": Export(
        "Survey ID,Received Date,Disch Date,Unit,Service,Comment Rating,Section,Comment\n"
        "S71,03/02/2026,02/27/2026,4 East,IN,Negative,Nurses,Bell ignored\n"
        "S71,03/02/2026,02/27/2026,4 East,IN,Positive,Meals,Fresh bread\n"
        "S72,03/13/2026,03/12/2026,4 East,IN,Mixed,Room,Bright\n",
        ("Bell ignored", "Fresh bread", "Bright"),
        questions=("Meals", "Nurses", "Room"),
    ),
}  # fmt: skip


def read(folder: Path, export: Export) -> list[Feedback]:
    path = folder / "export.csv"
    path.write_text(export.content, encoding="utf-8")
    tally = RunStats()
    records = list(dry_run(FileConnector(FileConfig(path=path, textless=True)), tally))
    assert not tally.dead_lettered
    assert not tally.repeated
    return records


@pytest.mark.parametrize("name", EXPORTS)
def test_a_usual_export_is_read_without_options(tmp_path: Path, name: str) -> None:
    export = EXPORTS[name]
    records = read(tmp_path, export)
    assert tuple(record.text for record in records) == export.texts
    assert f"{records[0].created_at:%Y-%m-%d}" == export.date
    for measure in MEASURES:
        scores = [getattr(record, measure) for record in records]
        values = tuple(None if score is None else score.value for score in scores)
        if measure in export.scores:
            assert values == export.scores[measure]
    if export.questions:
        assert {record.question for record in records} == set(export.questions)
