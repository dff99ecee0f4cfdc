"""The real engines that the tests share, and the settings that point at them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local import LocalEngines, default_cache, down, up
from pipeline.settings import Settings
from pipeline.setup import create_kafka_topics, put_templates
from pipeline.sinks.elasticsearch_client import connect


@dataclass(frozen=True)
class Engines:
    """Where the shared engines listen."""

    kafka_bootstrap_servers: str
    elasticsearch_url: str


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka and Elasticsearch on free ports, for the whole session."""
    home = Path(tempfile.mkdtemp(prefix="feedback-tests-"))
    home.chmod(0o755)  # as root the engines run as another user
    config = LocalEngines(
        home=home / "engines",
        cache=default_cache(),
        kafka_port=0,
        elasticsearch_port=0,
    )
    try:
        running = up(config)
        yield Engines(running.kafka.address, running.elasticsearch.address)
    finally:
        down(config)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(engines: Engines) -> Settings:
    """Settings for the shared engines, with Kafka topics and templates set up."""
    settings = Settings(
        kafka_bootstrap_servers=engines.kafka_bootstrap_servers,
        elasticsearch_url=engines.elasticsearch_url,
    )
    create_kafka_topics(settings)
    with connect(settings) as client:
        put_templates(client, settings)
    return settings


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    """The environment of a subprocess that is to use the shared engines."""
    return {
        **os.environ,
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "FEEDBACK_ELASTICSEARCH_URL": settings.elasticsearch_url,
    }


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
