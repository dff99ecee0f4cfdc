"""Shared real engines, markers by what a test needs, and the order of the files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest
import structlog

from pipeline import terminal
from pipeline.logs import quiet_libraries
from pipeline.settings import Settings
from tests.support.engines import (
    Engines,
    engine_environment,
    engines_folder,
    remove_engines_folder,
    running_engines,
    set_up,
)

# A test that names one of these, or whose fixtures do, starts or uses real engines.
_ENGINE_STARTERS = frozenset({"running_engines", "up"})
_LAST_POSITION = 3


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the engines before the workers start, which inherit its name."""
    # Set in workers of pytest-xdist; a console keeps the width that it finds when it is made.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    for console in (terminal.out, terminal.err):
        console._width = console._height = None
    quiet_libraries()  # or a failing test shows what Kafka's clients say to their developers
    # A role in a thread must not write between the lines of a command that is tested.
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    if not hasattr(config, "workerinput"):
        engines_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the engines of workers that died; those of the others are stopped already."""
    if not hasattr(config, "workerinput"):
        remove_engines_folder()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs engines, and begin with the slowest files."""
    for item in items:
        if _needs_engines(item):
            item.add_marker("engine")
    items.sort(key=_position)


def _needs_engines(item: pytest.Item) -> bool:
    fixtures = getattr(item, "_fixtureinfo", None)
    if fixtures is None:
        return False
    functions = [definitions[-1].func for definitions in fixtures.name2fixturedefs.values()]
    functions.append(getattr(item, "function", None))
    return any(_starts_engines(getattr(function, "__code__", None)) for function in functions)


def _starts_engines(code: object) -> bool:
    """True if this code, or that of a function or comprehension in it, names a starter."""
    return isinstance(code, CodeType) and (
        not _ENGINE_STARTERS.isdisjoint(code.co_names) or any(map(_starts_engines, code.co_consts))
    )


def _position(item: pytest.Item) -> int:
    """Slow tests of engines first: what is short fills the gaps at the end."""
    return (
        _LAST_POSITION
        - 2 * (item.get_closest_marker("slow") is not None)
        - (item.get_closest_marker("engine") is not None)
    )


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka and Elasticsearch on free ports, one pair per worker, started when first needed."""
    with running_engines() as engines:
        yield engines


@pytest.fixture(scope="session")
def settings(engines: Engines) -> Settings:
    """Settings for the shared engines, with Kafka topics and templates set up."""
    return set_up(engines)


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    """The environment of a subprocess that is to use the shared engines."""
    return engine_environment(settings)


@pytest.fixture
def start_worker(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start ``feedback worker`` with these arguments; the processes are stopped at the end."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"worker-{len(processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", *arguments],
            env={**environment, **variables},
            stderr=log,
        )
        log.close()
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
