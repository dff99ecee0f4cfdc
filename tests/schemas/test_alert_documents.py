"""An alert's document in a strict index: all of it, once, and the newest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from elasticsearch import ConflictError

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from schemas.alert import Alert
from schemas.alert_documents import (
    ALERTS_INDEX,
    alert_document,
    alert_from_document,
    alert_version,
)
from schemas.documents import mappings
from tests.support.spikes import resolve_alert, spike

FIRST = spike(site="Documents Test")
LAST = resolve_alert(FIRST)


def _write(client: Any, alert: Alert) -> None:
    client.index(
        index=ALERTS_INDEX,
        id=alert.alert_id,
        version=alert_version(alert),
        version_type="external",
        document=alert_document(alert),
    )


@contextmanager
def _client(settings: Settings, alert: Alert) -> Iterator[Any]:
    """A client; the alert is deleted afterwards, and its version remains for a minute."""
    with connect(settings) as client:
        try:
            yield client
        finally:
            client.delete(index=ALERTS_INDEX, id=alert.alert_id, refresh=True)


def test_the_strict_mapping_takes_every_field_and_gives_the_alert_back(settings: Settings) -> None:
    assert {name for name, value in LAST if value is None} == set()
    with _client(settings, LAST) as client:
        _write(client, LAST)
        response = client.get(index=ALERTS_INDEX, id=LAST.alert_id)["_source"]
    assert response == alert_document(LAST)
    assert alert_from_document(response) == LAST


def test_an_alert_of_a_whole_site_comes_back_without_topic_and_source() -> None:
    alert = spike(topic=None, source=None)
    assert alert_from_document(alert_document(alert)) == alert


def test_a_repeat_and_a_late_repeat_change_nothing(settings: Settings) -> None:
    first = spike(site="Repeats Test")
    last = resolve_alert(first)
    with _client(settings, first) as client:
        _write(client, first)
        _write(client, last)
        for alert in (last, first):
            with pytest.raises(ConflictError):
                _write(client, alert)
        response = client.get(index=ALERTS_INDEX, id=first.alert_id)
    assert (response["_version"], response["_source"]["alert"]["state"]) == (2, "resolved")


def test_site_topic_and_source_stand_where_the_feedback_has_them() -> None:
    of_feedback = mappings()["properties"]
    document = alert_document(FIRST)
    assert document["event"]["dataset"] == "file"
    assert document["feedback"] == {"site": "Documents Test", "topics": "waiting_time"}
    assert set(document["feedback"]) <= set(of_feedback["feedback"]["properties"])
