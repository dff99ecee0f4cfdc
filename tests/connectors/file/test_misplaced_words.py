"""Words that an unquoted delimiter or line end moves out of the comment's column are not lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import Feedback

SCORED = "comment,rating\nKind staff,5\nLong wait,2\nFine,4\n"


def read(tmp_path: Path, content: str) -> tuple[list[Feedback], RunStats]:
    path = tmp_path / "visits.csv"
    path.write_text(content)
    config = FileConfig(path=path, columns={"text": "comment"}, textless=True)
    tally = RunStats()
    return list(dry_run(FileConnector(config), tally)), tally


def count_reasons(tally: RunStats) -> dict[str, int]:
    return {text: reason.count for text, reason in tally.reasons.items()}


def list_texts(records: list[Feedback]) -> list[str]:
    return [record.text for record in records]


@pytest.mark.parametrize("cell", ["rude at the desk", "rude " * 30], ids=["short", "long"])
def test_words_instead_of_a_score_and_no_comment_are_a_dead_letter(
    tmp_path: Path, cell: str
) -> None:
    records, tally = read(tmp_path, f"{SCORED},{cell}\n")
    assert list_texts(records) == ["Kind staff", "Long wait", "Fine"]
    assert count_reasons(tally) == {"reading stars: words instead of a score, and no text": 1}


@pytest.mark.parametrize("cell", ["", "N/A", "99"])
def test_no_comment_and_no_score_is_no_dead_letter(tmp_path: Path, cell: str) -> None:
    records, tally = read(tmp_path, f"{SCORED},{cell}\n")
    assert (len(records), tally.skipped, tally.dead_lettered) == (3, 1, 0)


def test_words_instead_of_a_score_stay_beside_the_comment(tmp_path: Path) -> None:
    records, _ = read(tmp_path, f"{SCORED}Rude,and loud\n")
    assert (records[-1].text, records[-1].attributes) == ("Rude", {"stars": "and loud"})
    assert records[-1].stars is None


def test_a_row_alone_with_a_cell_too_many_is_a_dead_letter_if_it_has_words_and_no_comment(
    tmp_path: Path,
) -> None:
    records, tally = read(tmp_path, f"{SCORED},rude and loud,\n")
    assert (len(records), tally.dead_lettered) == (3, 1)


def test_a_comment_that_a_delimiter_cuts_in_two_is_a_dead_letter(tmp_path: Path) -> None:
    _, tally = read(tmp_path, "comment,rating\nRude,and loud,\n")
    assert count_reasons(tally) == {"reading the row: 3 cells where there are 2 columns": 1}


def test_a_delimiter_at_the_end_of_every_row_is_no_cell(tmp_path: Path) -> None:
    content = "comment,ward\nRude,A and E,\nKind,Ward 7,\n,Ward 7,\nCalm,Ward 9,\n"
    records, tally = read(tmp_path, content)
    assert list_texts(records) == ["Rude", "Kind", "Calm"]
    assert (tally.skipped, tally.dead_lettered) == (1, 0)


def test_one_comment_in_single_quotes_may_hold_a_line_end(tmp_path: Path) -> None:
    records, _ = read(tmp_path, "id,comment,rating\n1,'Rude\nand loud'\n")
    assert list_texts(records) == ["Rude\nand loud"]


def test_a_line_that_closes_a_quote_is_no_row(tmp_path: Path) -> None:
    records, _ = read(tmp_path, 'comment|rating\n"Rude\n|and loud"\n')
    assert list_texts(records) == ["Rude\n|and loud"]


def test_a_backslash_before_another_quote_is_plain(tmp_path: Path) -> None:
    records, _ = read(tmp_path, "id,comment,rating\n1,'Rude\n\\\"and loud\"'\n")
    assert list_texts(records) == ['Rude\n\\"and loud"']


def test_a_row_wider_than_the_header_gives_no_names(tmp_path: Path) -> None:
    _, tally = read(tmp_path, "comment,rating\n,rude,loud\n,,5\n")
    assert tally.dead_lettered == 2


def test_lines_in_quotes_below_a_title_are_unpacked(tmp_path: Path) -> None:
    content = 'Report of the ward\n\n"id;comment;rating"\n"1;""Rude\nand loud"";2"\n'
    records, _ = read(tmp_path, content)
    assert list_texts(records) == ["Rude\nand loud"]
