"""Incremental reading: what the connectors' own tests do not reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sdk.changes_since import ChangesSince
from connectors.sdk.errors import Fatal, Unauthorized

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


def test_a_time_to_come_never_hides_what_comes_before_it() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    changes.new_items([(NOW_MS + 10**10, "from the future", None), (NOW_MS - 5, "now", None)])
    again = ChangesSince.resume(changes.advance(None), now=NOW)
    assert again.moment == NOW_MS - 6 * 3_600_000
    assert again.new_items([(NOW_MS - 5, "now", "now"), (NOW_MS - 4, "new", "new")]) == ["new"]


def test_what_a_page_read_already_would_show_by_now_is_asked_for_again() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    interrupted = changes.advance("page 2")
    resumed = ChangesSince.resume(interrupted, now=NOW + timedelta(hours=9))
    resumed.new_items([(NOW_MS + 8 * 3_600_000, "added meanwhile", None)])
    after = ChangesSince.resume(resumed.advance(None), now=NOW + timedelta(hours=10))
    assert after.moment == NOW_MS - 6 * 3_600_000


def test_an_empty_service_is_asked_for_everything_again() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    assert ChangesSince.resume(changes.advance(None), now=NOW).moment is None


def test_a_page_that_names_itself_as_the_next_ends_the_run() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    changes.advance("page 2")
    with pytest.raises(Fatal, match="returned the same page twice"):
        changes.advance("page 2")


def test_pages_that_repeat_under_new_tokens_end_the_run() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    with pytest.raises(Fatal, match="same page"):
        for number in range(9):
            changes.new_items([(NOW_MS, "a", None)])
            changes.advance(f"page {number}")


def test_of_a_busy_service_only_what_is_remembered_is_asked_for_again() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    times = [NOW_MS - 1_500 + number for number in range(1_500)]
    changes.new_items((at, f"id{at}", None) for at in times)
    again = ChangesSince.resume(changes.advance(None), now=NOW)
    assert again.moment is not None and again.moment >= times[500]
    listed = [(at, f"id{at}", None) for at in times if at >= again.moment]
    assert again.new_items(listed) == []


def test_refused_credentials_are_no_expired_page() -> None:
    changes = ChangesSince.resume(None, now=NOW)
    changes.advance("page 2")
    asked = []

    def refuse(page: str | None) -> None:
        asked.append(page)
        raise Unauthorized("no")

    with pytest.raises(Unauthorized):
        ChangesSince.resume(changes.advance("page 3"), now=NOW).request(refuse)
    assert asked == ["page 3"]
