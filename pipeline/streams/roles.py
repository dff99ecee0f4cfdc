"""The roles of the worker: consumer group, Kafka topics and process of each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from schemas.kafka_topics import (
    ALERTS,
    CASES,
    CASES_GROUP,
    ENRICH_GROUP,
    ENRICHED,
    INDEX_GROUP,
    NOTIFY_GROUP,
    RAW,
    SIGNALS,
    WATCH_GROUP,
    KafkaTopic,
)


class Role(StrEnum):
    """What a worker does; each role is a consumer group of its own."""

    ENRICH = "enrich"
    INDEX = "index"
    WATCH = "watch"
    NOTIFY = "notify"
    CASES = "cases"


GROUP: Final = {
    Role.ENRICH: ENRICH_GROUP,
    Role.INDEX: INDEX_GROUP,
    Role.WATCH: WATCH_GROUP,
    Role.NOTIFY: NOTIFY_GROUP,
    Role.CASES: CASES_GROUP,
}
READS: Final[dict[Role, tuple[KafkaTopic, ...]]] = {
    Role.ENRICH: tuple(RAW.values()),
    Role.INDEX: (ENRICHED,),
    Role.WATCH: (SIGNALS,),
    Role.NOTIFY: (ALERTS,),
    Role.CASES: (ENRICHED, CASES),
}
PROCESSES: Final = ((Role.ENRICH,), (Role.INDEX,), (Role.WATCH, Role.NOTIFY, Role.CASES))
"""Roles that share a process: those with much to do have one, and a core, to themselves."""
