"""The sources that a report names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.scores.report import Breakdown, Row, source_states
from schemas.coverage import Coverage

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)


def _run(source: str, **fields: Any) -> Coverage:
    at = NOW - timedelta(minutes=5)
    return Coverage.model_validate(
        {"source": source, "instance": "main", "family": "review", "started_at": at,
         "finished_at": at, "first_at": NOW - timedelta(days=90), "news_at": at, **fields}
    )  # fmt: skip


def test_the_worst_sources_come_first_with_what_is_wrong() -> None:
    ledger = [
        _run("yelp"),
        _run("trustpilot", error="the key was refused", failures=3),
        _run("app_store", every_s=60.0, finished_at=NOW - timedelta(hours=2)),
        _run("form", silent_after_s=3_600.0, news_at=NOW - timedelta(days=2)),
        _run("google_play", gap_since=NOW - timedelta(days=3)),
    ]
    states = source_states(ledger, NOW, None)
    assert [(source.name, source.state.value, source.note) for source in states] == [
        ("trustpilot.main", "failed", "the key was refused (3 times)"),
        ("app_store.main", "late", "last run 2026-04-02 10:00 UTC"),
        ("form.main", "silent", "nothing new since 2026-03-31 12:00 UTC"),
        ("google_play.main", "ok", "not run from 2026-03-30 12:00 to 2026-04-02 11:55 UTC"),
        ("yelp.main", "ok", ""),
    ]


def test_a_source_without_a_schedule_that_stopped_is_silent() -> None:
    rows = (Row("file", 0, 120, {}, {}), Row("demo", 4, 0, {}, {}), Row("yelp", 0, 9, {}, {}))
    states = source_states([_run("yelp")], NOW, Breakdown("source", rows))
    assert [(source.name, source.state.value, source.note) for source in states] == [
        ("file", "silent", "120 comments in the period before, none in this one"),
        ("yelp.main", "ok", ""),
    ]
