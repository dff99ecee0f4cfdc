"""Data of `feedback alerts`: alerts from their index, joined with silences from Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.commands.shared.elasticsearch import MAX_HITS, open_elasticsearch, search_documents
from pipeline.elasticsearch.short_ids import find_by_prefix, require_single, validate_prefix
from pipeline.search.query import Filters, build_filters
from pipeline.settings import Settings
from pipeline.watch.silences import find_covering_silence
from schemas.alert import Alert, AlertState
from schemas.alert_documents import ALERTS_INDEX, alert_from_document
from schemas.documents import READ_ALIAS
from schemas.silence import Silence

FIRING: Final[Filters] = {"alert.state": (AlertState.FIRING,)}
_SHOWN_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class AlertWithSilence:
    """An alert, and the silence or acknowledgement that covers it now, if any."""

    alert: Alert
    silence: Silence | None


def find_alerts(
    settings: Settings,
    filters: Filters,
    *,
    since: datetime | None = None,
    limit: int = MAX_HITS,
) -> tuple[list[Alert], int]:
    """Return matching alerts, newest first, and their total number.

    ``filters`` are those of :func:`build_filters`. Raises ``Unavailable`` or ``CommandError``.
    """
    clauses = build_filters(filters)
    if since is not None:
        # An alert that started before and was still firing then counts too.
        clauses.append({"range": {"alert.updated_at": {"gte": since.isoformat()}}})
    documents, total = search_documents(
        settings,
        "listing alerts",
        ALERTS_INDEX,
        {"filter": clauses},
        by="@timestamp",
        order="desc",
        limit=limit,
    )
    return [alert_from_document(document) for document in documents], total


def find_alert(settings: Settings, prefix: str) -> Alert:
    """Return the alert whose id starts with the prefix.

    Raises ``Unavailable``, or ``CommandError`` unless exactly one matches.
    """
    prefix = validate_prefix(prefix, "alert")
    with open_elasticsearch(settings, f"finding alert {prefix}") as client:
        return alert_from_document(find_by_prefix(client, ALERTS_INDEX, prefix, "alert"))


def find_examples(settings: Settings, alert: Alert) -> list[dict[str, Any]]:
    """Return the documents of the alert's examples that are still indexed, in order."""
    if not alert.example_ids:
        return []
    ids = list(alert.example_ids)
    with open_elasticsearch(settings, "reading the examples") as client:
        answer = client.search(
            index=READ_ALIAS, ignore_unavailable=True, query={"ids": {"values": ids}}, size=len(ids)
        )
    documents: list[dict[str, Any]] = [hit["_source"] for hit in answer["hits"]["hits"]]
    return sorted(documents, key=lambda source: ids.index(source["event"]["id"]))


def join_silences(
    alerts: Iterable[Alert], silences: Sequence[Silence], at: datetime
) -> list[AlertWithSilence]:
    """Return each alert with the silence that covers it."""
    return [AlertWithSilence(alert, find_covering_silence(silences, alert, at)) for alert in alerts]


def active_silences(
    silences: Iterable[Silence], firing: Iterable[Alert], at: datetime
) -> list[Silence]:
    """Return silences that have not ended, and acknowledgements of firing alerts; oldest first."""
    firing_ids = {alert.alert_id for alert in firing}
    return sorted(
        (
            silence
            for silence in silences
            if not silence.has_ended(at)
            and (silence.alert_id is None or silence.alert_id in firing_ids)
        ),
        key=lambda silence: silence.starts_at,
    )


def find_silence(silences: Iterable[Silence], prefix: str) -> Silence:
    """Return the silence whose id, or whose alert's id, starts with the prefix.

    Raises ``CommandError`` unless exactly one matches.
    """
    prefix = validate_prefix(prefix, "silence")
    matches = {
        silence.silence_id: silence
        for silence in silences
        if silence.silence_id.startswith(prefix) or (silence.alert_id or "").startswith(prefix)
    }
    return require_single(matches, prefix, "silence")


def short_id(identifier: str) -> str:
    """Return the first characters of an id, which are enough to tell alerts apart."""
    return identifier[:_SHOWN_DIGITS]
