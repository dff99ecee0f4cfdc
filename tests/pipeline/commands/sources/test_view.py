"""Counts of sources as tables and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from connectors.runtime.collect import PreviousState, RunResult
from connectors.runtime.instances import build_instance
from connectors.runtime.run_stats import RunStats
from connectors.sdk.empty_answers import EMPTY_ANSWER
from connectors.social.rss.connector import Rss
from pipeline.commands.sources.view import (
    collected_table,
    coverage_table,
    describe_left_out,
    run_json,
)
from schemas.coverage import Coverage
from schemas.feedback import Family

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def entry(**counts: Any) -> Coverage:
    common = {"started_at": NOW, "finished_at": NOW, "first_at": NOW, "news_at": NOW}
    return Coverage(source="rss", instance="news", family=Family.SOCIAL, **{**common, **counts})


def render(table: object) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_answers_that_say_nothing_are_counted() -> None:
    stats = RunStats()
    stats.add_left_out({EMPTY_ANSWER: 2})
    stats.add_skip(EMPTY_ANSWER, "rss/news:1")
    done = entry(read=3, published=2, skipped=1, empty_answers=stats.empty_answers)
    result = RunResult(stats, done, PreviousState(None, None), None)
    instance = build_instance(
        Rss, "news", {"urls": ["https://news.example/feed"]}, lambda value, action: value
    )
    assert run_json(result)["empty_answers"] == 3
    assert describe_left_out(result) == [f"2 left out: {EMPTY_ANSWER}"]
    header, counts = render(collected_table([instance], [result])).splitlines()
    assert "say nothing" in header
    assert counts.split()[:6] == ["rss.news", "3", "2", "1", "3", "0"]
    assert "3 answers say nothing" in render(coverage_table([done], NOW + timedelta(hours=1)))
