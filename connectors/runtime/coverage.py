"""The ledger of sources: what each run brought, on a compacted Kafka topic."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError

from connectors.runtime.kafka import latest_values
from connectors.runtime.outbox import Message
from schemas.cloud_events import cloud_event_headers
from schemas.coverage import Coverage
from schemas.kafka_topics import COVERAGE


def load_coverage(bootstrap_servers: str) -> dict[tuple[str, str], Coverage]:
    """The latest entries by source and instance, in alphabetical order. Raises ``Retry``."""
    found = {}
    for payload in latest_values(bootstrap_servers, COVERAGE).values():
        try:
            entry = Coverage.from_payload(payload)
        except ValidationError:
            continue  # of a version that can't be read any more; the next run writes another
        found[entry.source, entry.instance] = entry
    return dict(sorted(found.items()))


def coverage_message(entry: Coverage) -> Message:
    """What publishes an entry."""
    headers = cloud_event_headers(
        event_id=f"{entry.source}/{entry.instance}@{entry.started_at.isoformat()}",
        source=entry.source,
        event_type=COVERAGE.ce_type,
        time=entry.finished_at,
    )
    key = f"{entry.source}/{entry.instance}".encode()
    return Message(COVERAGE.name, key, entry.to_payload(), headers)


def following(entry: Coverage, before: Coverage | None) -> Coverage:
    """The entry of a run with what only the one before it knows."""
    if before is None:
        return entry
    newest = max(filter(None, (before.newest_at, entry.newest_at)), default=None)
    failed = entry.error is not None
    return entry.model_copy(
        update={
            "first_at": before.first_at,
            "failures": before.failures + 1 if failed else 0,
            "succeeded_at": entry.succeeded_at or before.succeeded_at,
            "news_at": entry.news_at or before.news_at,
            "newest_at": newest,
            "lag_s": before.lag_s if entry.lag_s is None else entry.lag_s,
            "gap_since": _gap(entry, before.succeeded_at) or (before.gap_since if failed else None),
        }
    )


def _gap(entry: Coverage, succeeded_at: datetime | None) -> datetime | None:
    if succeeded_at is None or entry.every_s is None or entry.error is not None:
        return None
    longest = max(entry.late_after, timedelta(seconds=entry.every_s))
    return succeeded_at if entry.started_at - succeeded_at > longest else None
