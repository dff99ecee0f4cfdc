"""Engines for the benchmark only, in a temporary folder: no other data is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from kafka import TopicPartition

from bench.errors import BenchError
from deploy.local import EngineError, LocalEngines, Status, default_cache, down, up
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.kafka.admin import connect_admin, create_kafka_topics
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import KAFKA_TOPICS

_ALL: Final = -1  # Kafka's word for "up to the end"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Servers:
    """Running engines: how to reach them, their processes, and a folder for logs."""

    settings: Settings
    kafka: psutil.Process
    elasticsearch: psutil.Process
    logs: Path

    def empty(self) -> None:
        """Delete all records and documents, so that each pass starts the same.

        A consumer group without an offset, or with one before the records that are left, starts
        at the earliest; so each contestant meets the same records, whichever it had read before.
        """
        with connect(self.settings) as client:
            put_templates(client, self.settings)
            names = list(client.indices.get(index=f"{READ_ALIAS}-*"))
            if names:
                client.indices.delete(index=names)
        create_kafka_topics(self.settings)
        with connect_admin(self.settings.kafka) as admin:
            admin.delete_records(
                {
                    TopicPartition(topic.name, number): _ALL
                    for topic in KAFKA_TOPICS
                    if not topic.compacted
                    for number in range(topic.partitions)
                }
            )


@contextmanager
def own_servers(settings: Settings, say: Say) -> Iterator[Servers]:
    """Start both engines, and stop them and delete their data at the end.

    Raises :class:`BenchError` where they can't be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="feedback-bench-"))
    folder.chmod(0o755)  # started by root, the engines run as another user
    config = LocalEngines(
        home=folder / "engines",
        cache=settings.local_cache or default_cache(),
        kafka_port=0,
        elasticsearch_port=0,
        user=settings.local_user,
    )
    say("starting Kafka and Elasticsearch in a temporary folder")
    try:
        yield _servers(settings, up(config), folder)
    except EngineError as error:
        raise BenchError(str(error)) from None
    finally:
        down(config)
        shutil.rmtree(folder, ignore_errors=True)


def _servers(settings: Settings, status: Status, folder: Path) -> Servers:
    addresses = {
        "kafka_bootstrap_servers": status.kafka.address,
        "elasticsearch_url": status.elasticsearch.address,
        "elasticsearch_api_key": None,
        "elasticsearch_ca_certs": None,
    }
    pids = (status.kafka.pid, status.elasticsearch.pid)
    kafka, elasticsearch = (psutil.Process(pid) for pid in pids if pid is not None)
    return Servers(settings.model_copy(update=addresses), kafka, elasticsearch, folder)
