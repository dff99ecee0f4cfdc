"""No personal value that was recognised reaches a subscriber, the index, a reason or a log."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS
from schemas.feedback import MAX_TEXT_CHARACTERS, Feedback
from schemas.kafka_topics import DEAD, ENRICHED, FORMS, URGENT, KafkaTopic
from tests.support.kafka import read_all
from tests.support.pipeline import comments, publish

VALUES = (
    "jane.roe82@example.org",
    "07700 900123",
    "999 123 4578",
    "4111 1111 1111 1111",
    "NX4 7QD",
    "GB29 NWBK 6016 1331 9268 19",
    "192.0.2.45",
)


def plant_values() -> list[Feedback]:
    """Each value in a text, a question and an attribute of its own."""
    records = comments("privacy", len(VALUES))
    return [
        record.model_copy(
            update={
                "text": f"The wait was long. Please call me, my details: {value}.",
                "question": f"What did you mean by {value}?",
                "attributes": {"note": f"told the desk {value}"},
            }
        )
        for record, value in zip(records, VALUES, strict=True)
    ]


def values_and_headers(kafka_topic: KafkaTopic, settings: Settings) -> list[tuple[bytes, str]]:
    """Value and headers of every message."""
    return [(m.value or b"", str(m.headers)) for m in read_all(settings, kafka_topic)]


def test_planted_values_are_nowhere_behind_the_redaction(
    settings: Settings, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    records = plant_values()
    too_long = records[0].to_payload().replace(b"The wait", b"x" * (MAX_TEXT_CHARACTERS + 1))
    publish(settings, records)
    publish_raw(settings, too_long)
    assert start_worker("--drain").wait(90) == 0
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS)
        hits = client.search(
            index=READ_ALIAS,
            query={"term": {"event.dataset": "privacy"}},
            size=len(VALUES),
        )["hits"]["hits"]
    assert len(hits) == len(VALUES)
    subscribers = [*values_and_headers(ENRICHED, settings), *values_and_headers(URGENT, settings)]
    shown = [
        *(str(hit["_source"]) for hit in hits),
        *(value.decode() + headers for value, headers in subscribers),
        *(
            headers for _, headers in values_and_headers(DEAD, settings)
        ),  # the letter holds the bytes
        *(log.read_text() for log in tmp_path.glob("worker-*.log")),
    ]
    assert [value for value in VALUES if any(value in text for text in shown)] == []
    assert all(hit["_source"]["feedback"]["redactions"] for hit in hits)


def publish_raw(settings: Settings, payload: bytes) -> None:
    """Publish bytes as they are, as a broken connector might."""
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    producer.send(FORMS.name, value=payload, key=b"privacy").get(30)
    producer.close()
