"""Urgent feedback is also published to a Kafka topic of its own, with the same guarantees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest
from aiokafka.structs import ConsumerRecord

from pipeline.enrich import role as enrich_role
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.role import EnrichLoop
from pipeline.kafka.producer import BatchProducer, Publication
from pipeline.settings import KafkaConnection, Settings
from pipeline.streams.roles import Role
from schemas.feedback import EnrichedFeedback, Feedback, Operation
from schemas.kafka_topics import DEAD, ENRICHED, FORMS, SIGNALS, URGENT, KafkaTopic
from schemas.message import Message
from tests.support.kafka import read_all
from tests.support.pipeline import comments, publish
from tests.support.worker import drain

URGENT_TEXT = "I want to kill myself"


def _make_records(source: str, *texts: str) -> list[Feedback]:
    records = comments(source, len(texts))
    return [
        record.model_copy(update={"text": text})
        for record, text in zip(records, texts, strict=True)
    ]


def _on(kafka_topic: KafkaTopic, settings: Settings) -> dict[str, Any]:
    """The messages of a Kafka topic by their key."""
    return {message.key.decode(): message for message in read_all(settings, kafka_topic)}


def test_what_is_urgent_is_on_both_kafka_topics_and_nothing_else_is(settings: Settings) -> None:
    urgent, calm, gone = _make_records("urgent", URGENT_TEXT, "No complaints.", URGENT_TEXT)
    gone = gone.model_copy(update={"operation": Operation.DELETE})
    publish(settings, [urgent, calm, gone])
    drain(settings, Role.ENRICH)
    enriched, copies = _on(ENRICHED, settings), _on(URGENT, settings)
    ids = {urgent.event_id, calm.event_id, gone.event_id}
    assert (ids & set(enriched), ids & set(copies)) == (ids, {urgent.event_id})
    original, copy = enriched[urgent.event_id], copies[urgent.event_id]
    assert copy.value == original.value
    assert orjson.loads(copy.value)["urgent_reasons"] == ["self_harm"]
    ours = ("ce_type", URGENT.name.encode())
    assert [*copy.headers] == [
        ours if name == "ce_type" else (name, value) for name, value in original.headers
    ]


class Unsure(Enricher):
    """Finds that every comment may be urgent."""

    def enrich_all(self, records: Sequence[Feedback], *, at: datetime) -> list[EnrichedFeedback]:
        found = {"maybe_urgent": True, "maybe_urgent_reasons": ("safeguarding",)}
        return [each.model_copy(update=found) for each in super().enrich_all(records, at=at)]


async def test_what_may_be_urgent_is_not_on_the_urgent_kafka_topic(settings: Settings) -> None:
    (unsure,) = _make_records("unsure", "He was not himself.")
    kafka = await _handle(settings, [unsure], Unsure())
    assert [topic.name for topic, _ in kafka.begun] == [ENRICHED.name, SIGNALS.name]
    enriched = orjson.loads(_on(ENRICHED, settings)[unsure.event_id].value)
    assert (enriched["urgent"], enriched["maybe_urgent"]) == (False, True)
    (signal,) = [
        value
        for message in read_all(settings, SIGNALS)
        if (value := orjson.loads(message.value))["event_id"] == unsure.event_id
    ]
    assert signal["urgent"] is False


class Watched(BatchProducer):
    """Remembers what was handed to the producer, and what was waited for."""

    def __init__(self, connection: KafkaConnection) -> None:
        super().__init__(connection)
        self.begun: list[tuple[KafkaTopic, Publication]] = []
        self.awaited: list[asyncio.Future[Any]] = []

    async def begin(self, messages: Sequence[Message]) -> Publication:
        publication = await super().begin(messages)
        self.begun.append((messages[0].kafka_topic, publication))
        return publication

    async def finish(self, acknowledgements: Iterable[asyncio.Future[Any]]) -> None:
        futures = list(acknowledgements)
        self.awaited += futures
        await super().finish(futures)


async def _handle(
    settings: Settings, records: list[Feedback], enricher: Enricher | None = None
) -> Watched:
    """Let the enrich role handle a batch."""
    kafka = Watched(settings.kafka)
    await kafka.start()
    batch = [
        ConsumerRecord(
            FORMS.name, 0, 10**9 + offset, 0, 0, record.event_id.encode(), record.to_payload(),
            None, 0, 0, (),
        )
        for offset, record in enumerate(records)
    ]  # fmt: skip
    try:
        await EnrichLoop(enricher or Enricher(), kafka).handle(batch)
    finally:
        await kafka.stop()
    return kafka


async def test_a_batch_is_done_only_when_the_brokers_have_all_of_it(settings: Settings) -> None:
    kafka = await _handle(settings, _make_records("both", *["No complaints."] * 2_100, URGENT_TEXT))
    calm = [ENRICHED.name, SIGNALS.name]
    urgent = [ENRICHED.name, URGENT.name, SIGNALS.name]
    assert [topic.name for topic, _ in kafka.begun] == [*calm, *calm, *urgent]
    begun = [future for _, publication in kafka.begun for future in publication.acknowledgements]
    assert set(kafka.awaited) == set(begun)


async def test_without_anything_urgent_no_more_than_signals_is_asked_of_kafka(
    settings: Settings,
) -> None:
    kafka = await _handle(settings, _make_records("calm", "No complaints.", "Waited for hours."))
    assert [topic.name for topic, _ in kafka.begun] == [ENRICHED.name, SIGNALS.name]


async def test_what_only_the_urgent_kafka_topic_refuses_is_dead_lettered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrich_role, "URGENT", replace(URGENT, max_message_bytes=1_010))
    calm, urgent = _make_records("narrow", "No complaints.", URGENT_TEXT)
    await _handle(settings, [calm, urgent])
    letters = [orjson.loads(letter.value) for letter in _on(DEAD, settings).values()]
    (letter,) = (letter for letter in letters if letter.get("key") == urgent.event_id)
    assert letter["reason"].startswith(f"publishing to {URGENT.name}: ")
    assert calm.event_id not in {letter.get("key") for letter in letters}


async def test_what_both_refuse_is_dead_lettered_once(settings: Settings) -> None:
    (urgent,) = _make_records("large", URGENT_TEXT)
    attributes = {f"part {n}": "x" * 10_000 for n in range(105)}
    kafka = await _handle(settings, [urgent.model_copy(update={"attributes": attributes})])
    assert [topic.name for topic, _ in kafka.begun] == [ENRICHED.name, DEAD.name]
    assert [len(pending.failures) for _, pending in kafka.begun] == [1, 0]
