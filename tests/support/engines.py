"""Real engines for tests, and the settings that point at them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import LocalEngines, default_cache, down, up
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.kafka.admin import create_kafka_topics
from pipeline.settings import Settings


@dataclass(frozen=True)
class Engines:
    """Where engines listen."""

    kafka_bootstrap_servers: str
    elasticsearch_url: str


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Kafka and Elasticsearch on free ports, stopped and deleted at the end."""
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


def set_up(engines: Engines) -> Settings:
    """Settings for engines, with Kafka topics and templates set up."""
    settings = Settings(
        kafka_bootstrap_servers=engines.kafka_bootstrap_servers,
        elasticsearch_url=engines.elasticsearch_url,
    )
    create_kafka_topics(settings)
    with connect(settings) as client:
        put_templates(client, settings)
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a subprocess that is to use engines."""
    return {
        **os.environ,
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "FEEDBACK_ELASTICSEARCH_URL": settings.elasticsearch_url,
    }
