"""A silence: the alerts it covers, its time, and its validation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.silence import Silence
from tests.support.spikes import STARTED, spike

ALERT = spike()
NOW = STARTED + timedelta(hours=1)
HOUR = timedelta(hours=1)


def _silence(**fields: Any) -> Silence:
    return Silence.create(**{"starts_at": NOW, "ends_at": NOW + HOUR, **fields})


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({}, True),
        ({"site": "North House"}, True),
        ({"site": "South House"}, False),
        ({"site": "North House", "topic": "waiting_time", "source": "file"}, True),
        ({"site": "North House", "topic": "food"}, False),
        ({"kind": "negative"}, True),
        ({"kind": "urgent"}, False),
    ],
)
def test_a_silence_covers_what_matches_all_that_it_names(
    fields: dict[str, Any], covered: bool
) -> None:
    assert _silence(**fields).covers(ALERT, NOW) is covered


def test_what_a_silence_names_an_alert_must_have() -> None:
    of_the_site = spike(topic=None, source=None)
    assert _silence(site="North House").covers(of_the_site, NOW)
    assert not _silence(topic="waiting_time").covers(of_the_site, NOW)


def test_a_silence_covers_from_its_start_to_before_its_end() -> None:
    times = (NOW - HOUR, NOW, NOW + HOUR / 2, NOW + HOUR)
    assert [_silence().covers(ALERT, at) for at in times] == [False, True, True, False]


def test_an_acknowledgement_covers_its_alert_alone_and_needs_no_end() -> None:
    acknowledged = Silence.acknowledge(ALERT.alert_id, starts_at=NOW)
    assert acknowledged.covers(ALERT, NOW + 1_000 * HOUR)
    assert not acknowledged.covers(spike(site="South House"), NOW)


def test_an_alert_has_one_acknowledgement_at_a_time() -> None:
    first = Silence.acknowledge(ALERT.alert_id, starts_at=NOW, by="anna")
    second = Silence.acknowledge(ALERT.alert_id, starts_at=NOW + HOUR, by="ben")
    assert first.silence_id == second.silence_id
    assert _silence().silence_id != _silence(site="North House").silence_id


def test_a_silence_that_is_lifted_has_ended_even_before_its_start() -> None:
    assert _silence().lift(NOW + HOUR / 2).ends_at == NOW + HOUR / 2
    assert _silence().lift(NOW - HOUR).has_ended(NOW)
    assert not _silence().lift(NOW - HOUR).covers(ALERT, NOW)


@pytest.mark.parametrize(
    "fields", [{"ends_at": None}, {"ends_at": NOW - HOUR}, {"site": ""}, {"by": "x" * 201}]
)
def test_a_silence_without_an_end_or_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _silence(**fields)


def test_a_silence_survives_its_payload() -> None:
    silence = _silence(site="North House", kind="urgent", by="anna", note="drill")
    assert Silence.from_payload(silence.to_payload()) == silence
