"""The real engines that the tests share, and the settings that point at them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.support.engines import Engines, environment_of, running_engines, set_up


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka and Elasticsearch on free ports, for the whole session."""
    with running_engines() as engines:
        yield engines


@pytest.fixture(scope="session")
def settings(engines: Engines) -> Settings:
    """Settings for the shared engines, with Kafka topics and templates set up."""
    return set_up(engines)


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    """The environment of a subprocess that is to use the shared engines."""
    return environment_of(settings)


@pytest.fixture
def start_worker(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start ``feedback worker`` with these arguments; whatever still runs is stopped at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"worker-{len(started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", *arguments],
            env={**environment, **variables},
            stderr=log,
        )
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
