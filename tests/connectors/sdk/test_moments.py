"""Times of items, in the forms that services return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sdk.moments import is_plausible, read_moment, read_moment_ms

AT = datetime(2026, 5, 19, 16, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-19T16:08:00Z",
        "2026-05-19T16:08:00.000000000Z",
        "2026-05-19T18:08:00+02:00",
        "2026-05-19T16:08:00",
        " 2026-05-19 16:08 ",
        "20260519T160800Z",
        "Tue, 19 May 2026 17:08:00 BST",
        "19 mai 2026 16:08",
        "1779206880",
        1779206880,
        1779206880.0,
        1779206880000,
    ],
)
def test_reads_every_form(value: Any) -> None:
    assert read_moment(value) == AT
    assert read_moment_ms(value) == 1779206880000


def test_a_day_without_a_time_begins_at_midnight() -> None:
    assert read_moment("2026-05-19") == datetime(2026, 5, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "FIVE",
        [],
        {},
        float("nan"),
        float("inf"),
        1e30,
        10**400,
        "9" * 5_000,
    ],
    ids=range(12),
)
def test_what_is_not_a_time_is_none(value: Any) -> None:
    assert read_moment(value) is None
    assert read_moment_ms(value) is None


@pytest.mark.parametrize("value", [0, -1, "0001-01-01T00:00:00Z", "1970-01-01"])
def test_no_feedback_is_of_1970(value: Any) -> None:
    assert read_moment_ms(value) is None
    assert not is_plausible(read_moment(value) or AT, AT) or read_moment(value) is None


def test_no_feedback_is_of_the_future() -> None:
    assert is_plausible(AT + timedelta(hours=22), AT)
    assert not is_plausible(AT + timedelta(hours=24), AT)
