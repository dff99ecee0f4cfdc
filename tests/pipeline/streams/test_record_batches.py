"""Commits of the batch consumer."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from pipeline.streams.record_batches import BatchConsumer, BatchScheduler, RecordBatch

FIRST, SECOND = TP("raw", 0), TP("raw", 1)


def record(offset: int, partition: int = 0) -> Any:
    return SimpleNamespace(
        topic="raw", partition=partition, offset=offset, timestamp=1_000, timestamp_type=0
    )


@pytest.fixture
def consumer() -> BatchConsumer:
    """A consumer's book-keeping alone, without a broker."""
    consumer = object.__new__(BatchConsumer)
    consumer.app = SimpleNamespace(
        consumer_generation_id=3,
        topics=SimpleNamespace(acks_enabled_for=lambda topic: True),
    )
    consumer._acked = defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._committed_offset = defaultdict(lambda: None)
    consumer._unacked_messages = set()
    consumer._waiting_for_ack = None
    return consumer


def test_a_fetch_travels_as_runs_of_at_most_1_000_with_the_partitions_in_turn() -> None:
    fetched = {FIRST: [record(n) for n in range(1_500)], SECOND: [record(9, 1)]}
    runs = list(BatchScheduler().iterate(fetched))
    assert [(tp, len(run.records)) for tp, run in runs] == [
        (FIRST, 1_000),
        (SECOND, 1),
        (FIRST, 500),
    ]


def test_the_message_of_a_run_stands_at_its_last_offset(consumer: BatchConsumer) -> None:
    run = RecordBatch([record(4), record(5), record(9)])
    message = consumer._to_message(FIRST, run)
    assert (message.tp, message.offset, message.value) == (FIRST, 9, run)
    assert message.generation_id == 3


def test_a_handled_run_is_committed_whole(consumer: BatchConsumer) -> None:
    run = RecordBatch([record(4), record(9)])
    message = consumer._to_message(FIRST, run)
    run.processed = True
    consumer.ack(message)
    assert consumer._new_offset(FIRST) == 10
    assert consumer._new_offset(FIRST) is None


def test_what_faust_skips_is_not_committed(consumer: BatchConsumer) -> None:
    skipped = consumer._to_message(FIRST, RecordBatch([record(4), record(9)]))
    assert consumer.ack(skipped) is False
    assert consumer._new_offset(FIRST) is None


def test_a_commit_never_goes_back(consumer: BatchConsumer) -> None:
    consumer._committed_offset[FIRST] = 50
    run = RecordBatch([record(9)])
    run.processed = True
    consumer.ack(consumer._to_message(FIRST, run))
    assert consumer._new_offset(FIRST) is None
