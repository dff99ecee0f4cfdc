"""Silences on a real Kafka: the latest of each, and which one keeps an alert quiet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.errors import ExitStatus, Unavailable
from pipeline.settings import KafkaConnection, Settings
from pipeline.watch.silences import find_covering_silence, publish_silence, read_silences
from schemas.silence import Silence
from tests.support.spikes import STARTED, spike

ALERT = spike(site="Silences Test")
NOW = STARTED
HOUR = timedelta(hours=1)
ALL = Silence.create(starts_at=NOW, ends_at=NOW + HOUR, site="Silences Test")
MINE = Silence.acknowledge(ALERT.alert_id, starts_at=NOW, by="anna")


def test_what_is_published_is_read_in_its_latest_form(settings: Settings) -> None:
    for silence in (ALL, MINE, ALL.lift(NOW + HOUR / 2)):
        publish_silence(settings, silence)
    by_id = {silence.silence_id: silence for silence in read_silences(settings.kafka)}
    assert by_id[ALL.silence_id].ends_at == NOW + HOUR / 2
    assert by_id[MINE.silence_id] == MINE


def test_an_acknowledgement_comes_before_other_silences() -> None:
    assert find_covering_silence([ALL, MINE], ALERT, NOW) == MINE
    assert find_covering_silence([ALL, MINE], spike(site="Silences Test", topic=None), NOW) == ALL
    assert find_covering_silence([ALL, MINE], spike(), NOW) is None
    assert find_covering_silence([ALL], ALERT, NOW + HOUR) is None


def test_no_kafka_is_said_in_one_sentence() -> None:
    with pytest.raises(Unavailable) as caught:
        read_silences(KafkaConnection("127.0.0.1:9"))
    assert caught.value.status is ExitStatus.UNAVAILABLE
    assert str(caught.value).startswith("connecting to Kafka at 127.0.0.1:9: no broker answers; ")
