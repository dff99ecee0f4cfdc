"""Logs of a worker: one JSON object per line, of the project's own events."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
import structlog

from pipeline.logs import RateLimitFilter, configure
from pipeline.settings import Settings
from pipeline.streams.roles import configured_roles
from tests.support.pipeline import comments, publish
from tests.support.worker import drain


def test_a_workers_lines_are_json_and_hold_no_text_of_people(
    settings: Settings, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    drain(settings, *configured_roles(settings))  # what other tests left is logged too
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


@pytest.fixture
def console_logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # `configure` would close those of pytest
    configure(Settings(log_format="console"))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


HOSTILE = "a\x1b]0;title\x07\u202e\x9b31m"


def test_a_traceback_on_a_console_shows_no_local_variable_and_nothing_hostile(
    capsys: pytest.CaptureFixture[str], console_logs: None
) -> None:
    configure(Settings(log_format="console"))  # on the standard error that is captured
    text = "my name is " + "Zebedee"
    try:
        raise ValueError(HOSTILE + text[:2])
    except ValueError:
        structlog.get_logger("test").exception("role_failed", path=HOSTILE, values=[HOSTILE])
        logging.getLogger("test").exception("foreign %s", HOSTILE)
    shown = capsys.readouterr().err
    assert shown.count("ValueError: a ]0;title") == 2
    assert "role_failed" in shown
    assert "foreign a ]0;title" in shown
    assert "Zebedee'" not in shown
    assert "my name is Z" not in shown
    colours = re.compile(r"\x1b\[[0-9;]*m")
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(colours.sub("", shown))
