"""Highlights of a hit's text."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.search.highlights import MARK, UNMARK, evidence_spans, match_spans

TEXT = "Waited hours, rude staff"
EVIDENCE = {
    "sentiment": [[14, 18]],
    "topic:waiting_time": [[7, 12], [0, 6]],
    "topic:staff": [[19, 24]],
    "urgent:self_harm": [[0, 6]],
}


def _match(*wanted: str) -> list[str]:
    return [TEXT[start:end] for start, end in evidence_spans(EVIDENCE, wanted, TEXT)]


def test_marks_become_spans_in_the_text() -> None:
    marked = f"{MARK}Late{UNMARK} and {MARK}late{UNMARK} again"
    assert match_spans([marked], "Late and late again") == ((0, 4), (9, 13))


def test_what_several_fields_mark_is_joined() -> None:
    text = f"waits and {MARK}waiting{UNMARK}"
    stems = f"{MARK}waits{UNMARK} and {MARK}waiting{UNMARK}"
    assert match_spans([text, stems], "waits and waiting") == ((0, 5), (10, 17))


def test_a_text_that_holds_marks_itself_gets_none() -> None:
    assert match_spans([f"{MARK}a{UNMARK}{MARK}b"], f"a{MARK}b") == ()


def test_evidence_is_that_of_the_wanted_keys_in_order() -> None:
    assert _match("topic:waiting_time") == ["Waited", "hours"]
    assert _match("sentiment", "topic:staff") == ["rude", "staff"]
    assert _match() == []


def test_a_wanted_key_matches_as_filters_do() -> None:
    assert _match("topic:WAIT*") == ["Waited", "hours"]
    assert _match("topic:waiting") == []
    assert _match("topic:.*") == []
    assert _match("urgent:*") == ["Waited"]


def test_spans_that_touch_or_overlap_are_one() -> None:
    assert evidence_spans({"sentiment": [[5, 9], [0, 3], [3, 6]]}, ["*"], TEXT) == ((0, 9),)


def test_spans_count_characters_and_not_bytes() -> None:
    text = "Café 👩‍⚕️ rude"
    (span,) = evidence_spans({"sentiment": [[text.index("rude"), len(text)]]}, ["sentiment"], text)
    assert text[slice(*span)] == "rude"


@pytest.mark.parametrize(
    "found",
    [
        None,
        [[0, 6]],
        {"sentiment": None},
        {"sentiment": {"0": 6}},
        {"sentiment": [None, 3, "06", [], [0], [0, 1, 2], ["0", "6"], [0.0, 6.0], [None, 6]]},
        {"sentiment": [[-1, 6], [6, 6], [9, 2], [0, 25], [10**30, 10**31]]},
    ],
    ids=str,
)
def test_what_is_no_span_of_the_text_is_passed_over(found: Any) -> None:
    assert evidence_spans(found, ["sentiment"], TEXT) == ()
