"""Which columns are scores, on which scale, and what is no answer at all."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.file import FileConfig, FileConnector, summary
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import Feedback

MEASURES = ("stars", "nps", "csat", "ces", "fft")
Shares = list[float | None]


def connect(folder: Path, rows: Sequence[Sequence[Any]], **options: Any) -> FileConnector:
    path = folder / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return FileConnector(FileConfig(path=path, textless=True, **options))


def rate(folder: Path, name: str, cells: Sequence[str]) -> FileConnector:
    """Return a file with a column of ratings beside a comment that differs in each row."""
    comments = [f"Remark on the day of visit {number}" for number in range(len(cells))]
    rows = [
        (f"2026-01-{day:02}", comment, cell)
        for day, (comment, cell) in enumerate(zip(comments, cells, strict=True), start=1)
    ]
    return connect(folder, [("Date", "Comment", name), *rows])


def read(connector: FileConnector) -> list[Feedback]:
    records = list(dry_run(connector, RunStats()))
    assert all(record.text for record in records)
    return records


def list_scores(records: Sequence[Feedback]) -> tuple[set[str], Shares]:
    """Return the measures of the records, and each score as percent of its scale."""
    found = [
        [(name, score) for name in MEASURES if (score := getattr(record, name)) is not None]
        for record in records
    ]
    assert all(len(scores) <= 1 for scores in found)
    names = {name for scores in found for name, _ in scores}
    return names, [round(scores[0][1].score * 100) if scores else None for scores in found]


@pytest.mark.parametrize(
    ("measure", "name", "cells", "expected"),
    [
        ("csat", "Zufriedenheit", ("sehr zufrieden", "eher unzufrieden", "teils/teils"),
         [100, 25, 50]),
        ("csat", "Êtes-vous satisfait ?", ("Très satisfait", "Plutôt satisfait", "Insatisfait"),
         [100, 75, 25]),
        ("csat", "Satisfacción", ("Muy satisfecho", "Insatisfecho"), [100, 25]),
        ("csat", "Hoe tevreden bent u?", ("Zeer tevreden", "Neutraal", "Ontevreden"),
         [100, 50, 25]),
        ("csat", "Quanto è soddisfatto?", ("Molto soddisfatto", "Insoddisfatto"), [100, 25]),
        ("csat", "Overall satisfaction",
         ("Very satisfied", "Satisfied", "Somewhat satisfied", "Somewhat dissatisfied"),
         [100, 83, 67, 33]),
        ("csat", "How do you feel?", ("😀", "🙁", "😐", "🙂", "😡"), [100, 25, 50, 75, 0]),
        ("csat", "Satisfaction", ("🙂", "🙁", "😐"), [100, 0, 50]),
        ("csat", "Satisfaction", ("Happy", "Unhappy", "Neutral"), [100, 0, 50]),
        ("csat", "Satisfaction", ("good", "bad"), [100, 0]),
        ("csat", "Would you recommend this hospital?",
         ("Definitely yes", "Probably no", "Definitely no", "Probably yes"), [100, 33, 0, 67]),
        ("stars", "Rating", ("👍", "👎"), [100, 0]),
        ("stars", "Rating", ("♥♥♥♥♡", "♥♡♡♡♡"), [75, 0]),
        ("stars", "Rating", ("●●●○○", "●●●●●"), [50, 100]),
        ("stars", "Note", ("4 étoiles sur 5", "1 étoile sur 5", "5 étoiles"), [75, 0, 100]),
        ("stars", "Valoración", ("4 de 5 estrellas", "5 de 5 estrellas"), [75, 100]),
        ("stars", "Overall rating", ("Excellent", "Poor", "Good", "Fair", "Very good"),
         [100, 0, 50, 25, 75]),
        ("stars", "How would you rate us?", ("Outstanding", "Inadequate", "Good"), None),
        ("stars", "Rating", ("5 (Excellent)", "4 - good", "1", "Poor"), [100, 75, 0, 25]),
        ("stars", "STARRATING", ("5", "2"), [100, 25]),
        ("stars", "How was your stay with us?", ("5", "2"), [100, 25]),
        ("nps", "NPS Score", ("Extremely likely - 10", "Not likely - 0", "5"), [100, 0, 50]),
        ("nps", "Würden Sie uns weiterempfehlen?", ("10", "3"), [100, 30]),
    ],
)  # fmt: skip
def test_words_and_signs_have_their_place_on_their_scale(
    tmp_path: Path, measure: str, name: str, cells: tuple[str, ...], expected: Shares | None
) -> None:
    names, shares = list_scores(read(rate(tmp_path, name, cells)))
    assert (names, shares) == ({measure}, expected) if expected else measure in names


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("FFT Response", ("5 - Extremely likely", "1 - Extremely unlikely", "6 - Don't know"),
         [1, 5, 6]),
        ("FFT", ("1 - Very good", "5 - Very poor", "2. Good", "99"), [1, 5, 2, None]),
        ("FFT", ("Da iawn", "Gwael", "Ddim yn dda nac yn wael", "Ddim yn gwybod"), [1, 4, 3, 6]),
    ],
)  # fmt: skip
def test_words_of_the_friends_and_family_test_count_more_than_their_numbers(
    tmp_path: Path, name: str, cells: tuple[str, ...], expected: Shares
) -> None:
    records = read(rate(tmp_path, name, cells))
    assert [record.fft and record.fft.value for record in records] == expected


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("Rating", ("5", "99", "1", "4", "-1"), [100, None, 0, 75, None]),
        ("Rating", ("5", "999", "2"), [100, None, 25]),
        ("Overall rating", ("5",) * 9 + ("1", "9"), [100] * 9 + [0, None]),
        ("Likelihood to recommend", ("10", "99", "1"), [100, None, 10]),
        ("Rating", ("STAR_RATING_UNSPECIFIED", "FIVE", "ONE"), [None, 100, 0]),
        ("Zufriedenheit", ("sehr zufrieden", "keine Angabe", "unzufrieden"), [100, None, 25]),
    ],
)  # fmt: skip
def test_codes_of_surveys_are_no_answers(
    tmp_path: Path, name: str, cells: tuple[str, ...], expected: Shares
) -> None:
    connector = rate(tmp_path, name, cells)
    assert list_scores(read(connector))[1] == expected
    notes = " ".join(summary.list_notes(connector.plan))
    assert "are not answered" in notes
    assert "can't be read" not in notes


def test_99_is_an_answer_where_others_are_as_large(tmp_path: Path) -> None:
    assert list_scores(read(rate(tmp_path, "Score", ("99", "45", "100"))))[1] == [99, 45, 100]


def test_answers_that_name_their_own_scales_are_read_on_them(tmp_path: Path) -> None:
    connector = rate(tmp_path, "Rating", ("4/5", "8/10", "3", "1/5"))
    assert list_scores(read(connector))[1] == [75, 80, None, 0]
    assert any("can't be read as stars: 1" in note for note in summary.list_notes(connector.plan))


def test_german_grades_are_best_at_1(tmp_path: Path) -> None:
    connector = rate(tmp_path, "Schulnote", ("1", "6", "2"))
    assert list_scores(read(connector))[1] == [100, 0, 80]
    assert any("nothing shows the scale" in note for note in summary.list_notes(connector.plan))


def test_a_score_beside_its_groups_is_a_net_promoter_score(tmp_path: Path) -> None:
    rows = [
        ("date", "feedback", "score", "category"),
        ("2026-01-03", "Rang me back", "9", "promoter"),
        ("2026-01-04", "Never rang back", "2", "detractor"),
    ]
    assert list_scores(read(connect(tmp_path, rows))) == ({"nps"}, [90, 20])


@pytest.mark.parametrize(
    ("header", "row", "left_out"),
    [
        (("Date", "Comment", "Rate us [Food]", "Rate us [Staff]"), ("Kind", "4", "5"), 2),
        (("Date", "Comment", "I was treated with respect"), ("Kind", "Strongly agree"), 1),
        (("Date", "Comment", "Overall rating", "Food rating"), ("Kind", "4", "5"), 1),
        (("Date", "Comment", "How clean was the bathroom?"), ("Kind", "4"), 1),
        (("Date", "Comment", "How many nights did you stay?"), ("Kind", "4"), 0),
    ],
)
def test_scores_that_are_left_out_are_named(
    tmp_path: Path, header: tuple[str, ...], row: tuple[str, ...], left_out: int
) -> None:
    connector = connect(tmp_path, [header, ("2026-01-03", *row), ("2026-01-04", "Late", *row[1:])])
    names = connector.plan.mapping.scores_left_out
    assert len(names) == left_out
    notes = [note for note in summary.list_notes(connector.plan) if "left out (--map" in note]
    assert len(notes) == min(left_out, 1)
    assert all(repr(name) in notes[0] for name in names)
    assert summary.as_json(connector.plan)["scores_left_out"] == list(names)


@pytest.mark.parametrize("name", ["Severity score", "Pain score", "Priority rating"])
def test_a_measure_of_something_else_is_no_rating(tmp_path: Path, name: str) -> None:
    assert list_scores(read(rate(tmp_path, name, ("5", "1")))) == (set(), [None, None])


@pytest.mark.parametrize(
    ("question", "answers", "measure", "expected"),
    [
        ("How satisfied were you with your stay?", ("Very satisfied", "Dissatisfied"), "csat",
         [100, 25]),
        ("Overall, how was your experience of our service?", ("Very good", "Poor"), "fft",
         [100, 25]),
        ("How likely are you to recommend us?", ("9 - likely", "10 - Extremely likely"), "nps",
         [90, 100]),
        ("How satisfied were you?", ("8", "10"), "csat", None),
        ("Star rating (1-5)", ("4", "1"), "stars", [75, 0]),
    ],
)  # fmt: skip
def test_one_row_per_answer_has_the_scores_of_one_row_per_visit(
    tmp_path: Path, question: str, answers: tuple[str, str], measure: str, expected: Shares | None
) -> None:
    rows = [("Response ID", "Date", "Question", "Answer")]
    for number, (answer, text) in enumerate(zip(answers, ("Warm bread", "Late tea"), strict=True)):
        rows += [(f"A770{number}x", "2026-01-03", question, answer),
                 (f"A770{number}x", "2026-01-03", "Please tell us why", text)]  # fmt: skip
    names, shares = list_scores(read(connect(tmp_path, rows)))
    assert names == {measure}
    assert expected is None or shares == expected
