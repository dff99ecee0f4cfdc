"""Whole batches on a real Kafka: in their order, where Kafka's own clients would put them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber, ProducerClosed
from aiokafka.partitioner import murmur2 as reference

from connectors.sdk.errors import Fatal, Retry
from pipeline.failures import TransientError
from pipeline.kafka.acknowledged_producer import AcknowledgedProducer
from pipeline.kafka.partitioner import murmur2, partition_for_key
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.producer_thread import PendingBatch, ProducerThread
from pipeline.kafka.reader import TopicReader
from pipeline.settings import Settings
from schemas.kafka_topics import ENRICHED, FORMS, SIGNALS, URGENT, KafkaTopic
from schemas.message import Message
from tests.support.kafka import Arrivals

UNKNOWN = KafkaTopic("no such topic!", FORMS.record, "event_id", 1, 1, "nobody", "Not allowed.")


def message(key: bytes, value: bytes, kafka_topic: KafkaTopic = FORMS) -> Message:
    return Message(kafka_topic, key, value, [("ce_id", value[:8])])


def test_a_key_gets_the_hash_that_kafkas_clients_give_it() -> None:
    keys = [os.urandom(length) for length in range(70) for _ in range(20)]
    assert [murmur2(key) for key in keys] == [reference(key) for key in keys]


def test_each_record_arrives_once_in_its_keys_partition(settings: Settings) -> None:
    forms, urgent = Arrivals(settings, FORMS), Arrivals(settings, URGENT)
    sent = [message(b"key %d" % n, b"%d" % n, (FORMS, URGENT)[n % 2]) for n in range(300)]
    with AcknowledgedProducer(settings.kafka) as producer:
        for each in sent:
            producer.send(each)
        producer.wait_for_acks(producer.flush())
    arrived = {record.value: record for record in forms.read() + urgent.read()}
    assert set(arrived) == {each.value for each in sent}
    assert [arrived[each.value].partition for each in sent] == [
        partition_for_key(each.key, (FORMS, URGENT)[n % 2].partitions)
        for n, each in enumerate(sent)
    ]
    assert dict(arrived[b"7"].headers) == {"ce_id": b"7"}


async def test_roles_and_connectors_put_a_key_into_the_same_partition(settings: Settings) -> None:
    keys = [b"%032x" % n for n in range(40)]
    enriched, signals = Arrivals(settings, ENRICHED), Arrivals(settings, SIGNALS)
    producer = BatchProducer(settings.kafka)
    await producer.start()
    await producer.write([message(key, key, ENRICHED) for key in keys])
    await producer.write([message(key, key, SIGNALS) for key in keys])
    await producer.stop()
    for kafka_topic, arrivals in ((ENRICHED, enriched), (SIGNALS, signals)):
        partitions = {record.key: record.partition for record in arrivals.read()}
        expected = {key: partition_for_key(key, kafka_topic.partitions) for key in keys}
        assert {key: partitions[key] for key in keys} == expected


def test_the_records_of_a_key_keep_their_order_through_many_batches(settings: Settings) -> None:
    forms = Arrivals(settings, FORMS)
    values = [b"%04d" % n + bytes(5_000) for n in range(400)]
    batches: list[PendingBatch] = []
    with AcknowledgedProducer(settings.kafka) as producer:
        for start in range(0, 400, 100):
            for value in values[start : start + 100]:
                producer.send(message(b"k", value))
            batches += producer.flush()
        producer.wait_for_acks(batches)
    assert [record.value for record in forms.read()] == values


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_failed_batch_is_sent_again_before_what_followed_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    forms = Arrivals(settings, FORMS)
    submit, submitted = ProducerThread.submit, 0

    def fail_once(self: ProducerThread, batch: PendingBatch) -> None:
        nonlocal submitted
        submitted += 1
        if submitted != failing:
            return submit(self, batch)
        self._in_flight[batch] = []
        self._complete(batch, [(each, OutOfOrderSequenceNumber()) for each in batch.messages])

    monkeypatch.setattr(ProducerThread, "submit", fail_once)
    with AcknowledgedProducer(settings.kafka) as producer:
        before: Sequence[PendingBatch] = []
        for page in range(4):
            for n in range(10):
                producer.send(message(b"k", b"%d" % (page * 10 + n)))
            flushed = producer.flush()
            producer.wait_for_acks(before)
            before = flushed
        producer.wait_for_acks(before)
    assert [record.value for record in forms.read()] == [b"%d" % n for n in range(40)]


def test_what_is_in_flight_when_a_producer_is_closed_has_failed(settings: Settings) -> None:
    thread = ProducerThread(settings.kafka)
    batch = PendingBatch([message(b"k", b"v")])
    thread._failure = OutOfOrderSequenceNumber()
    thread.submit(batch)
    thread.close()
    ((failed, error),) = batch.outcome.result(0)
    assert (failed.value, type(error)) == (b"v", ProducerClosed)


def test_what_was_read_before_a_source_failed_for_good_is_delivered(settings: Settings) -> None:
    forms = Arrivals(settings, FORMS)
    with pytest.raises(Fatal), AcknowledgedProducer(settings.kafka) as producer:
        producer.send(message(b"k", b"v"))
        raise Fatal("reading: the disk is gone")
    assert [record.value for record in forms.read()] == [b"v"]


def test_what_no_broker_takes_is_counted_and_the_producer_can_be_used_again(
    settings: Settings,
) -> None:
    forms = Arrivals(settings, FORMS)
    with AcknowledgedProducer(settings.kafka) as producer:
        producer.send(message(b"k", os.urandom(2_000_000)))
        with pytest.raises(Retry, match=r"1 records were not acknowledged .*bytes are too many"):
            producer.wait_for_acks(producer.flush())
        producer.send(message(b"k", b"v"))
        producer.wait_for_acks(producer.flush())
    assert [record.value for record in forms.read()] == [b"v"]


def test_a_kafka_topic_that_cannot_be_created_is_a_retry_that_names_it(settings: Settings) -> None:
    with (
        AcknowledgedProducer(settings.kafka) as producer,
        pytest.raises(Retry, match=r"1 records were not acknowledged \(no such topic!: \w+\)"),
    ):
        producer.send(message(b"k", b"v", UNKNOWN))
        producer.wait_for_acks(producer.flush())


def test_a_fault_of_the_program_is_raised_at_once_and_the_rest_is_delivered(
    settings: Settings,
) -> None:
    forms = Arrivals(settings, FORMS)
    wrong: Any = [("ce_id", "text instead of bytes")]
    with AcknowledgedProducer(settings.kafka) as producer:
        producer.send(message(b"k", b"before"))
        producer.wait_for_acks(producer.flush())
        producer.send(Message(FORMS, b"k", b"v", wrong))
        started = time.monotonic()
        with pytest.raises(TypeError):
            producer.wait_for_acks(producer.flush())
        assert time.monotonic() - started < 15
    assert [record.value for record in forms.read()] == [b"before"]


async def test_partitions_that_no_broker_counts_are_a_transient_error(settings: Settings) -> None:
    producer = BatchProducer(settings.kafka, request_timeout_s=1.0)
    await producer.start()
    try:
        assert await producer.count_partitions(FORMS) == FORMS.partitions
        with pytest.raises(TransientError, match="reading about no such topic!"):
            await producer.count_partitions(UNKNOWN)
    finally:
        await producer.stop()


def test_the_time_that_the_caller_takes_does_not_count_as_silence(settings: Settings) -> None:
    forms = Arrivals(settings, FORMS)
    with AcknowledgedProducer(settings.kafka) as producer:
        for n in range(6):
            producer.send(message(b"%d" % n, b"v"))
        producer.wait_for_acks(producer.flush())
    with TopicReader(settings.kafka) as reader:
        start = forms.start
        batches = reader.read_batches(start, reader.bounds(list(start))[1], timeout_s=0.3)
        count = 0
        for batch in batches:
            count += len(batch)
            time.sleep(0.5)
    assert count == 6
