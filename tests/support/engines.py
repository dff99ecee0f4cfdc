"""Real engines for tests, and the settings that point at them.

All engines of a run live in one folder that bears the id of its first process, so that they are
stopped even when the pytest worker that started them died, and those of a run that was killed by
the next run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from deploy.local import LocalEngines, default_cache, down, up
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.kafka.admin import create_kafka_topics
from pipeline.settings import Settings

_FOLDER_VARIABLE: Final = "TESTS_ENGINES_FOLDER"
_PREFIX: Final = "feedback-tests-"


@dataclass(frozen=True)
class Engines:
    """Addresses of running engines."""

    kafka_bootstrap_servers: str
    elasticsearch_url: str


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Kafka and Elasticsearch on free ports, stopped and deleted at the end."""
    home = Path(tempfile.mkdtemp(dir=engines_folder()))
    config = _local_engines(home)
    try:
        running = up(config)
        yield Engines(running.kafka.address, running.elasticsearch.address)
    finally:
        _remove(home)


def _local_engines(home: Path) -> LocalEngines:
    home.chmod(0o755)  # as root the engines run as another user
    return LocalEngines(
        home=home / "engines", cache=default_cache(), kafka_port=0, elasticsearch_port=0
    )


def _remove(home: Path) -> None:
    down(_local_engines(home))
    shutil.rmtree(home, ignore_errors=True)


def engines_folder() -> Path:
    """The folder of this run's engines, which its workers know from their environment."""
    if folder := os.environ.get(_FOLDER_VARIABLE):
        return Path(folder)
    _remove_abandoned()
    created = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    created.chmod(0o755)
    os.environ[_FOLDER_VARIABLE] = str(created)
    return created


def remove_engines_folder() -> None:
    """Stop the engines that still run and delete the folder of this run."""
    if folder := os.environ.pop(_FOLDER_VARIABLE, None):
        _remove_folder(Path(folder))


def _remove_abandoned() -> None:
    """Stop the engines of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if os.access(folder, os.W_OK) and pid.isdecimal() and not psutil.pid_exists(int(pid)):
            _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    for home in folder.iterdir():
        _remove(home)
    shutil.rmtree(folder, ignore_errors=True)


def set_up(engines: Engines) -> Settings:
    """Create Kafka topics and index templates; return the settings for these engines."""
    settings = Settings(
        kafka_bootstrap_servers=engines.kafka_bootstrap_servers,
        elasticsearch_url=engines.elasticsearch_url,
    )
    create_kafka_topics(settings)
    with connect(settings) as client:
        put_templates(client, settings)
    return settings


def engine_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a subprocess that is to use these engines."""
    return {
        **os.environ,
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "FEEDBACK_ELASTICSEARCH_URL": settings.elasticsearch_url,
    }
