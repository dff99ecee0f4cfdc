"""Logs of a worker: one JSON object per line, of the project's own events."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson

from pipeline.logs import RateLimitFilter
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from tests.support.pipeline import comments, publish
from tests.support.worker import drain


def test_a_workers_lines_are_json_and_hold_no_text_of_people(
    settings: Settings, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    drain(settings, *Role)  # what other tests left is logged too
    written = "my name is Zebedee Quill"
    record = comments("logs", 1)[0].model_copy(update={"text": written, "site": written})
    publish(settings, [record])
    assert start_worker("--drain").wait(60) == 0
    log = (tmp_path / "worker-0.log").read_bytes()
    lines = [orjson.loads(line) for line in log.splitlines()]
    assert {line["event"] for line in lines} == {
        *("worker_ready", "worker_stopped"),
        *("watch_finished", "deliveries_acquired"),
    }
    assert b"Zebedee" not in log


def test_a_library_that_repeats_itself_is_heard_now_and_then() -> None:
    def line(name: str, second: float) -> logging.LogRecord:
        record = logging.LogRecord(name, logging.ERROR, "", 0, "no broker at %s", ("x",), None)
        record.created = second
        return record

    heard = RateLimitFilter()
    assert [heard.filter(line("aiokafka.conn", 100 + n)) for n in (0, 1, 9, 11)] == [
        True,
        False,
        False,
        True,
    ]
    assert all(heard.filter(line("worker", 100)) for _ in range(3))
