"""Threads of the scheduler: one that ends is reported, and places that fail do not slow others."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.runtime.collect import PreviousState
from connectors.runtime.instances import build_instance
from connectors.runtime.scheduler import _ScheduledSource
from connectors.sdk import Fatal, Retry
from connectors.social.rss.connector import Rss


class Scheduled(_ScheduledSource):
    """Runs without Kafka: each run ends as it is told."""

    def __init__(self, stop: threading.Event, failure: Retry | Fatal | None = None) -> None:
        plan = {"urls": ["https://a.example/feed"], "every": "1h"}
        instance = build_instance(Rss, "news", plan, lambda secret, action: secret)
        super().__init__(instance, instance.build(b""), None, PreviousState(), stop)  # type: ignore[arg-type]
        self.failure = failure

    def _run_once(self, pages: Any) -> Any:
        return self


def test_a_thread_that_ends_is_an_error_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    scheduled = Scheduled(stop)
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)

    def fail() -> float:
        raise OverflowError("timestamp too large")

    monkeypatch.setattr(scheduled, "_attempt", fail)
    with capture_logs() as logs, pytest.raises(OverflowError):
        scheduled.run()
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("source_ended", "critical")
    assert (entry["source"], entry["reason"]) == ("rss.news", "OverflowError")


def test_a_wait_is_never_longer_than_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    scheduled = Scheduled(stop)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 1:
            stop.set()

    monkeypatch.setattr(stop, "wait", wait)
    monkeypatch.setattr(scheduled, "_attempt", lambda: 1e300)
    scheduled.run()
    assert waits[1] == 86_400


def test_a_place_that_fails_does_not_slow_the_others() -> None:
    failure = Fatal("reading 1 of 2 places: xk: status 400")
    scheduled = Scheduled(threading.Event(), failure)
    with capture_logs() as logs:
        waits = [scheduled._attempt() for _ in range(5)]
    assert [entry["event"] for entry in logs] == ["source_failed"] * 5
    assert max(waits) <= 2**5, "soon at first, then with growing pauses"
    failure.failed_places = {"xk": "status 400"}
    for _ in range(20):
        assert 3_400 < scheduled._attempt() < 3_800
