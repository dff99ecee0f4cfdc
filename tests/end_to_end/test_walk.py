"""The whole way on real engines: raw record to searchable document, through the real worker."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from kafka import KafkaProducer

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from schemas.documents import READ_ALIAS
from schemas.feedback import Operation
from schemas.kafka_topics import DEAD, ENRICHED, FORMS
from tests.support.kafka import read_all
from tests.support.pipeline import comments, count_documents, publish, wait_until
from tests.support.worker import drain

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[bytes]]


def test_raw_feedback_becomes_one_searchable_document_each(
    settings: Settings, start_worker: Start
) -> None:
    records = comments("walk", 40)
    publish(settings, records)
    worker = start_worker("--drain")
    assert worker.wait(60) == 0
    assert count_documents(settings, "walk") == 40
    with connect(settings) as client:
        hit = client.get(
            index=f"feedback-{records[1].created_at:%Y.%m}.01", id=records[1].event_id
        )["_source"]
    assert hit["message"] == records[1].text
    assert hit["feedback"]["topics"] == ["being_kept_informed", "waiting_time"]
    assert hit["feedback"]["language"]["detected"] == "en"


def test_the_same_feedback_again_adds_no_document(settings: Settings) -> None:
    publish(settings, comments("again", 30) * 2)
    publish(settings, comments("again", 30))
    drain(settings, Role.ENRICH, Role.INDEX)
    assert count_documents(settings, "again") == 30


def test_a_newer_revision_replaces_and_a_delete_removes(settings: Settings) -> None:
    first, second, third = comments("edited", 3)
    newer = {"revision": first.revision + 60_000}
    edited = first.model_copy(update={"text": "On second thought it was fine.", **newer})
    publish(settings, [edited, first, second, third])
    publish(settings, [second.model_copy(update={"operation": Operation.DELETE, **newer})])
    drain(settings, Role.ENRICH, Role.INDEX)
    assert count_documents(settings, "edited") == 2
    with connect(settings) as client:
        response = client.search(
            index=READ_ALIAS, query={"ids": {"values": [first.event_id]}}, source=["message"]
        )
    assert [hit["_source"]["message"] for hit in response["hits"]["hits"]] == [edited.text]


def test_what_cannot_be_read_is_dead_lettered_and_harms_nobody_else(settings: Settings) -> None:
    with KafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers) as producer:
        producer.send(FORMS.name, key=b"x", value=b"no json").get(10)
        producer.send(ENRICHED.name, key=b"x", value=b'{"event_id": 7}').get(10)
    publish(settings, comments("neighbours", 5))
    drain(settings, Role.ENRICH, Role.INDEX)
    assert count_documents(settings, "neighbours") == 5
    letters = [orjson.loads(record.value or b"") for record in read_all(settings, DEAD)]
    stages = {letter["stage"]: letter.get("kafka_topic") for letter in letters}
    assert stages["enrich"] == FORMS.name
    assert stages["index"] == ENRICHED.name


def test_sigterm_finishes_the_batch_in_hand_and_commits_it(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    publish(settings, comments("sigterm", 3_000))
    worker = start_worker("--role", "enrich", "--role", "index")
    wait_until(lambda: count_documents(settings, "sigterm") > 0, seconds=60, what="a document")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    first = handled_by(tmp_path / "worker-0.log")
    # What was handled was committed: a second worker handles exactly the rest.
    assert start_worker("--role", "enrich", "--role", "index", "--drain").wait(60) == 0
    rest = handled_by(tmp_path / "worker-1.log")
    both = {role: first[role] + rest[role] for role in ("enrich", "index")}
    assert both == {"enrich": 3_000, "index": 3_000}
    assert count_documents(settings, "sigterm") == 3_000


def handled_by(log: Path) -> dict[str, int]:
    """Return the number of records that each role logged as handled."""
    lines = [orjson.loads(line) for line in log.read_bytes().splitlines()]
    return {line["role"]: line["records"] for line in lines if line["event"] == "worker_stopped"}


def test_kill_9_in_the_middle_of_20_000_events_loses_none_and_doubles_none(
    settings: Settings, start_worker: Start
) -> None:
    publish(settings, comments("killed", 20_000))
    worker = start_worker("--role", "enrich", "--role", "index")
    wait_until(lambda: count_documents(settings, "killed") > 1_000, seconds=90, what="documents")
    worker.kill()
    worker.wait()
    assert count_documents(settings, "killed") < 20_000, "killed too late to show anything"
    drain(settings, Role.ENRICH, Role.INDEX, seconds=150)
    assert count_documents(settings, "killed") == 20_000
