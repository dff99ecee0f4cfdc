"""Producers between runs, on a real Kafka."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import Retry
from pipeline.kafka import connector_broker
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import KafkaConnection, Settings
from schemas.kafka_topics import FORMS
from schemas.message import Message
from tests.support.kafka import Arrivals


def message(value: bytes) -> Message:
    return Message(FORMS, value, value, [])


def test_the_next_run_has_the_same_one_and_two_at_once_have_two(settings: Settings) -> None:
    forms = Arrivals(settings, FORMS)
    with ConnectorBroker(settings.kafka) as broker:
        with broker.borrow() as first, broker.borrow() as second:
            for producer, value in ((first, b"1"), (second, b"2")):
                producer.send(message(value))
                producer.wait_for_acks(producer.flush())
        with broker.borrow() as third:
            third.send(message(b"3"))
            third.wait_for_acks(third.flush())
    assert first is not second
    assert third in (first, second)
    assert {record.value for record in forms.read()} == {b"1", b"2", b"3"}


def test_one_that_was_left_in_the_middle_is_not_kept(settings: Settings) -> None:
    with ConnectorBroker(settings.kafka) as broker:
        with broker.borrow() as unsettled:
            unsettled.send(message(b"4"))
        with pytest.raises(Retry), broker.borrow() as failed:
            raise Retry("made up")
        with broker.borrow() as last:
            pass
    assert last not in (unsettled, failed)


def test_one_that_nobody_used_for_long_is_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector_broker, "_MAX_IDLE_S", 0.0)
    with ConnectorBroker(settings.kafka) as broker:
        with broker.borrow() as first:
            pass
        with broker.borrow() as second:
            pass
    assert first is not second


def test_says_at_once_where_nothing_answers() -> None:
    with (
        ConnectorBroker(KafkaConnection("127.0.0.1:9")) as broker,
        pytest.raises(Retry),
        broker.borrow(),
    ):
        pass
