"""Coverage: what each run of a source brought, on a compacted Kafka topic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import ValidationError

from connectors.runtime.ports import Broker
from schemas.cloud_events import cloud_event_headers
from schemas.coverage import Coverage
from schemas.kafka_topics import COVERAGE
from schemas.message import Message


def parse_coverage(payloads: Iterable[bytes]) -> dict[tuple[str, str], Coverage]:
    """Return the entries by source and instance, in alphabetical order."""
    entries = {}
    for payload in payloads:
        try:
            entry = Coverage.from_payload(payload)
        except ValidationError:
            continue  # written by an incompatible version; the next run replaces it
        entries[entry.source, entry.instance] = entry
    return dict(sorted(entries.items()))


def coverage_message(entry: Coverage) -> Message:
    """Return the message of an entry."""
    headers = cloud_event_headers(
        event_id=f"{entry.source}/{entry.instance}@{entry.started_at.isoformat()}",
        source=entry.source,
        event_type=COVERAGE.ce_type,
        time=entry.finished_at,
    )
    key = f"{entry.source}/{entry.instance}".encode()
    return Message(COVERAGE, key, entry.to_payload(), headers)


def load_coverage(broker: Broker) -> dict[tuple[str, str], Coverage]:
    """Return the latest entries by source and instance; raises ``Retry``."""
    return parse_coverage(broker.latest_values(COVERAGE).values())


def merge_with_previous(entry: Coverage, previous: Coverage | None) -> Coverage:
    """Return the entry of a run, completed from the previous run's."""
    if previous is None:
        return entry
    newest = max(filter(None, (previous.newest_at, entry.newest_at)), default=None)
    failed = entry.error is not None
    return entry.model_copy(
        update={
            "first_at": previous.first_at,
            "failures": previous.failures + 1 if failed else 0,
            "succeeded_at": entry.succeeded_at or previous.succeeded_at,
            "read_at": entry.read_at or previous.read_at or previous.news_at or previous.newest_at,
            "news_at": entry.news_at or previous.news_at,
            "newest_at": newest,
            "lag_s": previous.lag_s if entry.lag_s is None else entry.lag_s,
            "gap_since": _gap(entry, previous.succeeded_at)
            or (previous.gap_since if failed else None),
        }
    )


def _gap(entry: Coverage, succeeded_at: datetime | None) -> datetime | None:
    if succeeded_at is None or entry.every_s is None or entry.error is not None:
        return None
    longest = max(entry.late_after, timedelta(seconds=entry.every_s))
    return succeeded_at if entry.started_at - succeeded_at > longest else None
