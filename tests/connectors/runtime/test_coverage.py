"""The ledger: what a run tells, what only the run before knows, and when silence is a fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.runtime.coverage import coverage_message, load_coverage, merge_with_previous
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import Settings
from schemas.coverage import Coverage, State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def entry(**fields: Any) -> Coverage:
    values = {
        "source": "rss",
        "instance": "news",
        "family": "social",
        "started_at": NOW - timedelta(minutes=1),
        "finished_at": NOW,
        "first_at": NOW,
        "succeeded_at": None if "error" in fields else NOW,
        "failures": 1 if "error" in fields else 0,
        "read_at": NOW,
        "every_s": 900.0,
        "silent_after_s": 86_400.0,
    }
    return Coverage.model_validate(values | fields)


def test_a_run_that_brought_nothing_keeps_what_the_one_before_knew() -> None:
    before = entry(first_at=NOW - 9 * HOUR, news_at=NOW - HOUR, newest_at=NOW - 2 * HOUR, lag_s=60)
    now = merge_with_previous(entry(), before)
    assert (now.first_at, now.news_at, now.newest_at, now.lag_s) == (
        NOW - 9 * HOUR,
        NOW - HOUR,
        NOW - 2 * HOUR,
        60,
    )


def test_failures_are_counted_until_a_run_succeeds() -> None:
    once = merge_with_previous(entry(error="status 500"), entry())
    twice = merge_with_previous(entry(error="status 500"), once)
    assert (once.failures, twice.failures, twice.succeeded_at) == (1, 2, NOW)
    assert merge_with_previous(entry(), twice).failures == 0


def test_a_long_time_without_a_run_is_a_gap() -> None:
    before = entry(succeeded_at=NOW - 5 * HOUR)
    assert merge_with_previous(entry(), before).gap_since == NOW - 5 * HOUR
    assert merge_with_previous(entry(), entry(succeeded_at=NOW - HOUR / 4)).gap_since is None


@pytest.mark.parametrize(
    ("fields", "after", "state"),
    [
        ({}, timedelta(0), State.OK),
        ({"error": "status 500"}, timedelta(0), State.FAILED),
        ({}, 2 * HOUR, State.LATE),
        ({"every_s": None}, 2 * HOUR, State.OK),
        ({"read_at": None}, timedelta(0), State.EMPTY),
        ({"read_at": None, "every_s": None}, timedelta(0), State.OK),
        ({"read_at": None, "newest_at": NOW}, timedelta(0), State.OK),
        ({"news_at": NOW - 25 * HOUR}, timedelta(0), State.SILENT),
        ({"first_at": NOW - 25 * HOUR}, timedelta(0), State.SILENT),
        ({"first_at": NOW - 25 * HOUR, "silent_after_s": None}, timedelta(0), State.OK),
        ({"first_at": NOW - 99 * HOUR, "news_at": NOW}, timedelta(0), State.OK),
    ],
)
def test_how_a_source_fares(fields: dict[str, Any], after: timedelta, state: State) -> None:
    assert entry(**fields).state(NOW + after) is state


def test_the_latest_entry_of_each_instance_is_kept(settings: Settings) -> None:
    with ConnectorBroker(settings.kafka) as broker, broker.borrow() as producer:
        for published in (1, 2):
            producer.send(coverage_message(entry(instance="kept", published=published)))
        producer.wait_for_acks(producer.flush())
    assert load_coverage(broker)["rss", "kept"].published == 2
