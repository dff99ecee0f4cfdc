"""Rows with a score and no text: each submission's scores stand on a record, and once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import SUBMISSION, Feedback

ATTRIBUTES = {SUBMISSION: "visit"}
OWN_IDS: dict[str, Any] = {"dataset": "visits", "columns": {"id": "id"}}


def read(path: Path, content: str, **options: Any) -> tuple[list[Feedback], RunStats]:
    path.write_text(content, encoding="utf-8")
    tally = RunStats()
    connector = FileConnector(FileConfig(path=path, **{**OWN_IDS, "textless": True, **options}))
    records = list(dry_run(connector, tally))
    assert tally.read == sum((tally.published, tally.dead_lettered, tally.skipped, tally.repeated))
    return records, tally


def skip_counts(tally: RunStats) -> dict[str, int]:
    return {reason: skips.count for reason, skips in tally.skips.items()}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "visits.csv"


@pytest.mark.parametrize("measure", ["stars", "nps", "csat", "ces", "fft"])
def test_a_score_without_a_text_is_feedback(csv: Path, measure: str) -> None:
    (record,), tally = read(
        csv, f"id,text,date,{measure},question\n1,,2024-01-01,4,Why?\n2,,2024-01-01,,Why?\n"
    )
    assert (record.native_id, record.text, record.question) == ("visits/1", "", None)
    assert getattr(record, measure).value == 4
    assert skip_counts(tally) == {"no text and no score": 1}


def test_a_row_without_text_is_left_out_where_scores_are_not_asked_for(csv: Path) -> None:
    records, tally = read(csv, "id,text,date,stars\n1,,2024-01-01,4\n", textless=False)
    assert (records, skip_counts(tally)) == ([], {"no text": 1})


def test_words_instead_of_a_score_are_a_dead_letter_where_there_is_no_text_either(
    csv: Path,
) -> None:
    rows = "".join(f"{n},ok {n},2024-01-01,4\n" for n in range(3, 9))
    _, tally = read(csv, f"id,text,date,stars\n1,,2024-01-01,many\n{rows}")
    assert (tally.dead_lettered, skip_counts(tally)) == (1, {})


def test_a_submission_with_a_text_gets_no_record_without_one_wherever_its_rows_stand(
    csv: Path,
) -> None:
    content = (
        "id,text,date,stars,visit\n"
        "1,,2024-01-01,4,a\n2,,2024-01-01,5,b\n3,Kind,2024-01-01,5,b\n4,Slow,2024-01-01,4,a\n"
        "5,,2024-01-01,4,a\n6,,2024-01-01,3,\n7,,2024-01-01,3,\n"
    )
    records, tally = read(csv, content, attributes=ATTRIBUTES, page_rows=2)
    kept = [(record.native_id, record.text) for record in records]
    assert kept == [("visits/3", "Kind"), ("visits/4", "Slow"), ("visits/6", ""), ("visits/7", "")]
    carried = "no text, and another row of the submission carries its score"
    assert skip_counts(tally) == {carried: 3}


def test_a_submission_without_any_text_is_one_record(csv: Path) -> None:
    content = "id,text,date,stars,visit\n1,,never,4,a\n2,,2024-01-01,4,a\n3,,2024-01-01,4,a\n"
    (record,), _ = read(csv, content, attributes=ATTRIBUTES)
    assert record.native_id == "visits/1"


def test_a_score_is_kept_where_the_text_beside_it_carries_none(csv: Path) -> None:
    content = (
        "id,text,date,stars,nps,visit\n"
        "1,Kind,2024-01-01,,,a\n2,,2024-01-01,4,,a\n3,,2024-01-01,4,9,a\n"
        "4,Slow,never,1,,b\n5,,2024-01-01,1,,b\n"
    )
    records, tally = read(csv, content, attributes=ATTRIBUTES)
    assert [record.native_id for record in records] == [f"visits/{n}" for n in (1, 2, 3, 4)]
    assert tally.dead_lettered == 0


def test_an_interrupted_run_chooses_the_same_rows(csv: Path) -> None:
    csv.write_text("id,text,date,stars,visit\n1,,2024-01-01,4,a\n2,,2024-01-01,4,a\n")

    def build() -> FileConnector:
        config = FileConfig(path=csv, textless=True, attributes=ATTRIBUTES, page_rows=1, **OWN_IDS)
        return FileConnector(config)

    first, *_ = build().fetch(None)
    resumed = list(build().fetch(first.cursor))
    assert [page.acknowledged for page in resumed] == [True, False, False]
    carried = [item.data.is_redundant for page in resumed for item in page.items]
    assert carried == [False, True]


def test_standard_input_is_read_twice_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"id,text,date,stars,visit\n1,,2024-01-01,4,a\n2,Hi,2024-01-01,4,a\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    connector = FileConnector(
        FileConfig(path=None, textless=True, attributes=ATTRIBUTES, **OWN_IDS)
    )
    assert [record.native_id for record in dry_run(connector, RunStats())] == ["visits/2"]


def test_a_column_tells_people_and_submissions_apart_at_once(csv: Path) -> None:
    content = (
        "Comment ID,Trust,Respondent ID,Date,FFT categorical answer,FFT question,FFT answer\n"
        "1,NEAS,r1,1/2/2022,1,Why?,Kind\n2,NEAS,r1,1/2/2022,1,Better?,Did not answer\n"
        "3,NEAS,r2,1/2/2022,5,Why?,Did not answer\n4,NEAS,r2,1/2/2022,5,Better?,\n"
    )
    records, tally = read(csv, content, preset="nhs-fft", author_key="k", columns={})
    assert [(r.text, r.fft and r.fft.value) for r in records] == [("Kind", 1), ("", 5)]
    assert len({record.attributes[SUBMISSION] for record in records}) == 2
    assert all(record.author for record in records)
    assert tally.skipped == 2
