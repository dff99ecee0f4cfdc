"""The roles of the worker: consumer group, Kafka topics and process of each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pipeline.settings import Settings
from pipeline.settings_file import TRANSLATE, has_section
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
    TRANSLATE_GROUP,
    WATCH_GROUP,
    KafkaTopic,
)


class Role(StrEnum):
    """A task of the worker; each role has its own consumer group."""

    ENRICH = "enrich"
    INDEX = "index"
    WATCH = "watch"
    NOTIFY = "notify"
    CASES = "cases"
    TRANSLATE = "translate"


CONSUMER_GROUPS: Final = {
    Role.ENRICH: ENRICH_GROUP,
    Role.INDEX: INDEX_GROUP,
    Role.WATCH: WATCH_GROUP,
    Role.NOTIFY: NOTIFY_GROUP,
    Role.CASES: CASES_GROUP,
    Role.TRANSLATE: TRANSLATE_GROUP,
}
KAFKA_TOPICS_READ: Final[dict[Role, tuple[KafkaTopic, ...]]] = {
    Role.ENRICH: tuple(RAW.values()),
    Role.INDEX: (ENRICHED,),
    Role.WATCH: (SIGNALS,),
    Role.NOTIFY: (ALERTS,),
    Role.CASES: (ENRICHED, CASES),
    Role.TRANSLATE: (ENRICHED,),
}
PROCESSES: Final = (
    (Role.ENRICH,),
    (Role.INDEX,),
    (Role.WATCH, Role.NOTIFY, Role.CASES),
    (Role.TRANSLATE,),
)
"""Roles that share a process: the busy ones have one, and a core, to themselves.

The translations' has the stages in it, which would double the memory of another.
"""


def configured_roles(settings: Settings) -> tuple[Role, ...]:
    """Return the roles that have something to do: translate only if the settings file has it."""
    has_translate = has_section(settings.config, TRANSLATE)
    return tuple(role for role in Role if role is not Role.TRANSLATE or has_translate)
