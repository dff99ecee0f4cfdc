"""Whole batches on a real Kafka: in their order, where Kafka's own clients would put them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber, ProducerClosed
from aiokafka.partitioner import murmur2 as reference

from connectors.runtime.outbox import Message, Outbox
from connectors.runtime.partitioner import murmur2, partition_of
from connectors.runtime.producer import Batch, Delivery, Producer
from connectors.sdk.errors import Fatal, Retry
from pipeline.settings import Settings
from schemas.kafka_topics import FORMS, URGENT, KafkaTopic
from tests.connectors.runtime.test_runner import Watch


@pytest.fixture
def servers(settings: Settings) -> str:
    return settings.kafka_bootstrap_servers


def message(key: bytes, value: bytes, kafka_topic: KafkaTopic = FORMS) -> Message:
    return Message(kafka_topic.name, key, value, [("ce_id", value[:8])])


def test_a_key_gets_the_hash_that_kafkas_clients_give_it() -> None:
    keys = [os.urandom(length) for length in range(70) for _ in range(20)]
    assert [murmur2(key) for key in keys] == [reference(key) for key in keys]


def test_each_record_arrives_once_in_its_keys_partition(servers: str) -> None:
    forms, urgent = Watch(servers, FORMS), Watch(servers, URGENT)
    sent = [message(b"key %d" % n, b"%d" % n, (FORMS, URGENT)[n % 2]) for n in range(300)]
    with Outbox(servers) as outbox:
        for one in sent:
            outbox.send(one)
        outbox.settle(outbox.take_pending())
    arrived = {record.value: record for record in forms.arrived() + urgent.arrived()}
    assert set(arrived) == {one.value for one in sent}
    assert [arrived[one.value].partition for one in sent] == [
        partition_of(one.key, (FORMS, URGENT)[n % 2].partitions) for n, one in enumerate(sent)
    ]
    assert dict(arrived[b"7"].headers) == {"ce_id": b"7"}


def test_the_records_of_a_key_keep_their_order_through_many_batches(servers: str) -> None:
    forms = Watch(servers, FORMS)
    values = [b"%04d" % n + bytes(5_000) for n in range(400)]
    with Outbox(servers) as outbox:
        for start in range(0, 400, 100):
            for value in values[start : start + 100]:
                outbox.send(message(b"k", value))
            pending = outbox.take_pending()
        outbox.settle(pending)
    assert [record.value for record in forms.arrived()] == values


def test_a_failed_batch_is_sent_again_before_what_followed_it(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = Watch(servers, FORMS)
    post, posted = Producer.post, 0

    def fail_the_second(self: Producer, batches: Sequence[Batch]) -> None:
        nonlocal posted
        posted += 1
        if posted != 2:
            return post(self, batches)
        for batch in batches:
            self._note(batch.delivery, OutOfOrderSequenceNumber())

    monkeypatch.setattr(Producer, "post", fail_the_second)
    with Outbox(servers) as outbox:
        behind: list[tuple[Message, Any]] = []
        for page in range(4):
            for n in range(10):
                outbox.send(message(b"k", b"%d" % (page * 10 + n)))
            sent = outbox.take_pending()
            outbox.settle(behind)
            behind = sent
        outbox.settle(behind)
    assert [record.value for record in forms.arrived()] == [b"%d" % n for n in range(40)]


def test_what_is_under_way_when_a_producer_is_left_has_failed(servers: str) -> None:
    producer = Producer(servers)
    batch = producer.batch(FORMS.name, 0, Delivery())
    batch.take(b"k", b"v", [])
    producer._failure = OutOfOrderSequenceNumber()
    producer.post([batch])
    producer.close()
    assert (batch.delivery.is_done, type(batch.delivery.exception)) == (True, ProducerClosed)


def test_what_was_read_before_a_source_failed_for_good_is_delivered(servers: str) -> None:
    forms = Watch(servers, FORMS)
    with pytest.raises(Fatal), Outbox(servers) as outbox:
        outbox.send(message(b"k", b"v"))
        raise Fatal("reading: the disk is gone")
    assert [record.value for record in forms.arrived()] == [b"v"]


def test_after_a_refusal_the_outbox_can_be_used_again(servers: str) -> None:
    forms = Watch(servers, FORMS)
    with Outbox(servers) as outbox:
        outbox.send(message(b"k", os.urandom(2_000_000)))
        with pytest.raises(Retry, match="MessageSizeTooLargeError"):
            outbox.settle(outbox.take_pending())
        outbox.send(message(b"k", b"v"))
        outbox.settle(outbox.take_pending())
    assert [record.value for record in forms.arrived()] == [b"v"]


def test_a_kafka_topic_that_nobody_may_name_is_a_retry(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.runtime.producer._METADATA_SECONDS", 1.0)
    nowhere: Any = Message("no such topic!", b"k", b"v", [])
    with Outbox(servers) as outbox, pytest.raises(Retry, match="publishing to no such topic!"):
        outbox.send(nowhere)
