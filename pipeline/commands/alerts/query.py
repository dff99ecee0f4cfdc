"""What `feedback alerts` gathers: alerts from their index, silences from Kafka, joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.commands.shared.elasticsearch import MAX_HITS, open_elasticsearch, search_documents
from pipeline.elasticsearch.short_ids import find_by_prefix, require_single, validate_prefix
from pipeline.search.query import filters_of
from pipeline.settings import Settings
from pipeline.watch.silences import silence_that_covers
from schemas.alert import Alert, AlertKind, AlertState, Severity
from schemas.alert_documents import ALERTS_INDEX, alert_from_document
from schemas.documents import READ_ALIAS
from schemas.silence import Silence

_SHOWN_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class AlertRequest:
    """Which alerts. Values of one filter are alternatives, filters add up; a text may hold ``*``
    for any characters and matches in any case."""

    firing_only: bool = True
    since: datetime | None = None
    sites: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    severities: tuple[Severity, ...] = ()
    limit: int = MAX_HITS


@dataclass(frozen=True, slots=True)
class Quiet:
    """An alert, and what keeps it quiet now, if anything does."""

    alert: Alert
    silence: Silence | None


def find_alerts(settings: Settings, request: AlertRequest) -> tuple[list[Alert], int]:
    """The alerts, newest first, and how many there are beyond the limit too.

    Raises ``Unavailable`` or ``CommandError``.
    """
    query = {"filter": _filters(request)}
    found, total = search_documents(
        settings,
        "listing alerts",
        ALERTS_INDEX,
        query,
        by="@timestamp",
        order="desc",
        limit=request.limit,
    )
    return [alert_from_document(document) for document in found], total


def alert_named(settings: Settings, prefix: str) -> Alert:
    """The one alert whose id begins like this.

    Raises ``Unavailable``, or ``CommandError`` where there is none or more than one.
    """
    prefix = validate_prefix(prefix, "alert")
    with open_elasticsearch(settings, f"finding alert {prefix}") as client:
        return alert_from_document(find_by_prefix(client, ALERTS_INDEX, prefix, "alert"))


def examples_of(settings: Settings, alert: Alert) -> list[dict[str, Any]]:
    """The documents of the alert's examples that the index still has, in the alert's order."""
    if not alert.example_ids:
        return []
    ids = list(alert.example_ids)
    with open_elasticsearch(settings, "reading the examples") as client:
        answer = client.search(
            index=READ_ALIAS, ignore_unavailable=True, query={"ids": {"values": ids}}, size=len(ids)
        )
    found: list[dict[str, Any]] = [hit["_source"] for hit in answer["hits"]["hits"]]
    return sorted(found, key=lambda source: ids.index(source["event"]["id"]))


def joined(alerts: Iterable[Alert], silences: Sequence[Silence], at: datetime) -> list[Quiet]:
    """Each alert with what keeps it quiet."""
    return [Quiet(alert, silence_that_covers(silences, alert, at)) for alert in alerts]


def active(silences: Iterable[Silence], firing: Iterable[Alert], at: datetime) -> list[Silence]:
    """The silences that have not ended, and acknowledgements whose alert still fires; oldest
    first."""
    going_on = {alert.alert_id for alert in firing}
    return sorted(
        (
            silence
            for silence in silences
            if not silence.has_ended(at)
            and (silence.alert_id is None or silence.alert_id in going_on)
        ),
        key=lambda silence: silence.starts_at,
    )


def silence_named(silences: Iterable[Silence], prefix: str) -> Silence:
    """The one silence whose id, or whose alert's id, begins like this; raises ``CommandError``."""
    prefix = validate_prefix(prefix, "silence")
    matches = {
        silence.silence_id: silence
        for silence in silences
        if silence.silence_id.startswith(prefix) or (silence.alert_id or "").startswith(prefix)
    }
    return require_single(matches, prefix, "silence")


def shown_id(identifier: str) -> str:
    """As much of an id as people need."""
    return identifier[:_SHOWN_DIGITS]


def _filters(request: AlertRequest) -> list[dict[str, Any]]:
    fields = {
        "feedback.site": request.sites,
        "feedback.topics": request.topics,
        "event.dataset": request.sources,
        "alert.kind": request.kinds,
        "alert.severity": request.severities,
        "alert.state": (AlertState.FIRING,) if request.firing_only else (),
    }
    filters = filters_of(fields)
    if request.since is not None:
        # What began before and went on after was there too.
        filters.append({"range": {"alert.updated_at": {"gte": request.since.isoformat()}}})
    return filters
