"""Outboxes between runs, on a real Kafka."""

from __future__ import annotations

import pytest

from connectors.runtime import outbox_pool
from connectors.runtime.outbox import Message
from connectors.runtime.outbox_pool import Outboxes
from connectors.sdk.errors import Retry
from pipeline.settings import Settings
from schemas.kafka_topics import FORMS
from tests.connectors.runtime.test_runner import Watch


@pytest.fixture
def servers(settings: Settings) -> str:
    return settings.kafka_bootstrap_servers


def message(value: bytes) -> Message:
    return Message(FORMS.name, value, value, [])


def test_the_next_run_has_the_same_one_and_two_at_once_have_two(servers: str) -> None:
    forms = Watch(servers, FORMS)
    with Outboxes(servers) as outboxes:
        with outboxes.lent() as first, outboxes.lent() as second:
            for outbox, value in ((first, b"1"), (second, b"2")):
                outbox.send(message(value))
                outbox.settle(outbox.take_pending())
        with outboxes.lent() as third:
            third.send(message(b"3"))
            third.settle(third.take_pending())
    assert first is not second
    assert third in (first, second)
    assert {record.value for record in forms.arrived()} == {b"1", b"2", b"3"}


def test_one_that_was_left_in_the_middle_is_not_kept(servers: str) -> None:
    with Outboxes(servers) as outboxes:
        with outboxes.lent() as unsettled:
            unsettled.send(message(b"4"))
        with pytest.raises(Retry), outboxes.lent() as failed:
            raise Retry("made up")
        with outboxes.lent() as last:
            pass
    assert last not in (unsettled, failed)


def test_one_that_nobody_used_for_long_is_closed(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_pool, "_KEPT_S", 0.0)
    with Outboxes(servers) as outboxes:
        with outboxes.lent() as first:
            pass
        with outboxes.lent() as second:
            pass
    assert first is not second


def test_says_at_once_where_nothing_answers() -> None:
    with Outboxes("127.0.0.1:9") as outboxes, pytest.raises(Retry), outboxes.lent():
        pass
