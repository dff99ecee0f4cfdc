"""The table of Kafka topics: name, record, key, partitions, retention and readers.

No other module contains a Kafka topic's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas.alert import Alert
from schemas.alerting_state import AlertingState
from schemas.cached_translation import CachedTranslation
from schemas.case import CaseEvent
from schemas.coverage import Coverage
from schemas.cursor import Cursor
from schemas.dead_letter import DeadLetter
from schemas.delivery import Delivery
from schemas.feedback import EnrichedFeedback, Family, Feedback
from schemas.record import Record
from schemas.score import Score
from schemas.signal import Signal
from schemas.silence import Silence

DAY_MS: Final = 24 * 60 * 60 * 1000
_LARGE_MESSAGE_BYTES: Final = 12_000_000


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """One Kafka topic: its contract and its configuration on the broker."""

    name: str
    record: type[Record]
    key: str
    partitions: int
    retention_ms: int
    readers: str
    description: str
    restricted: bool = False
    compacted: bool = False
    max_message_bytes: int = 1_048_588
    segment_bytes: int | None = None
    transactional: bool = False
    """Written in Kafka transactions, whose markers take offsets too."""

    @property
    def ce_type(self) -> str:
        """The CloudEvents type of its records: the topic's versioned name."""
        return self.name

    def broker_config(self) -> dict[str, str]:
        """Return the topic's configuration by Kafka's names."""
        config = {"max.message.bytes": str(self.max_message_bytes)}
        if self.compacted:
            # Readers read all of it, and the open segment is not compacted.
            config["cleanup.policy"] = "compact"
            config["segment.ms"] = str(DAY_MS // 4)
            config["min.cleanable.dirty.ratio"] = "0.1"
        else:
            config["retention.ms"] = str(self.retention_ms)
        if self.segment_bytes is not None:
            config["segment.bytes"] = str(self.segment_bytes)
        return config


REVIEWS = KafkaTopic(
    "feedback.reviews.v1", Feedback, "event_id", 6, 7 * DAY_MS, "worker (enrich)",
    "Reviews as collected, unredacted.", restricted=True,
)  # fmt: skip
SOCIAL = KafkaTopic(
    "feedback.social.v1", Feedback, "event_id", 6, 7 * DAY_MS, "worker (enrich)",
    "Social mentions as collected, unredacted.", restricted=True,
)  # fmt: skip
FORMS = KafkaTopic(
    "feedback.forms.v1", Feedback, "event_id", 6, 7 * DAY_MS, "worker (enrich)",
    "Form submissions as collected, unredacted.", restricted=True,
)  # fmt: skip
ENRICHED = KafkaTopic(
    "feedback.enriched.v1", EnrichedFeedback, "event_id", 6, 30 * DAY_MS,
    "worker (index, cases, translate), any subscriber",
    "Feedback with language, sentiment, topics and their evidence; personal data redacted.",
)  # fmt: skip
URGENT = KafkaTopic(
    "feedback.urgent.v1", EnrichedFeedback, "event_id", 3, 30 * DAY_MS, "any subscriber",
    "Urgent enriched feedback, in addition to the enriched Kafka topic.",
)  # fmt: skip
DEAD = KafkaTopic(
    "feedback.dead.v1", DeadLetter, "dead_letter_id", 3, 14 * DAY_MS, "feedback dead",
    "Unreadable or rejected items, with the reason.",
    restricted=True, max_message_bytes=_LARGE_MESSAGE_BYTES,
)  # fmt: skip
CURSORS = KafkaTopic(
    "feedback.cursors.v1", Cursor, "source and instance", 1, -1, "connectors",
    "Position of each connector.", restricted=True, compacted=True,
)  # fmt: skip
COVERAGE = KafkaTopic(
    "feedback.coverage.v1", Coverage, "source and instance", 1, -1,
    "connectors, worker (notify), feedback status and report, any subscriber",
    "Result of each source's last run, and the time since it brought anything.", compacted=True,
)  # fmt: skip
SCORES = KafkaTopic(
    "feedback.scores.v1", Score, "score_id", 3, -1, "any subscriber",
    "Scores by period with their intervals; the latest computation of each.", compacted=True,
)  # fmt: skip
SIGNALS = KafkaTopic(
    "feedback.signals.v1", Signal, "site", 3, 7 * DAY_MS, "worker (watch)",
    "Counts for the spike alerts; all of a site in one partition.",
)  # fmt: skip
ALERTING = KafkaTopic(
    "feedback.alerting.v1", AlertingState, "partition", 3, -1, "worker (watch)",
    "Checkpoints of the spike alerts; as many partitions as the signals have.",
    compacted=True, restricted=True, max_message_bytes=_LARGE_MESSAGE_BYTES,
    segment_bytes=64 * 1024 * 1024,
)  # fmt: skip
ALERTS = KafkaTopic(
    "feedback.alerts.v1", Alert, "alert_id", 3, 90 * DAY_MS, "worker (notify), any subscriber",
    "Spikes of negative and urgent feedback; read with isolation level read_committed.",
    transactional=True,
)  # fmt: skip
SILENCES = KafkaTopic(
    "feedback.silences.v1", Silence, "silence_id", 1, -1, "worker (notify), feedback alerts",
    "Acknowledged alerts, and silences that match alerts for a time.", compacted=True,
)  # fmt: skip
DELIVERIES = KafkaTopic(
    "feedback.deliveries.v1", Delivery, "delivery_id", 1, -1, "worker (notify)",
    "Notifications to deliver; deleted after delivery.", restricted=True, compacted=True,
    max_message_bytes=_LARGE_MESSAGE_BYTES,
)  # fmt: skip
CASES = KafkaTopic(
    "feedback.cases.v1", CaseEvent, "case_id", 3, -1, "worker (cases), any subscriber",
    "All events of each case, from its opening; kept forever.",
)  # fmt: skip
TRANSLATIONS = KafkaTopic(
    "feedback.translations.v1", CachedTranslation, "text_id", 1, 35 * DAY_MS, "worker (translate)",
    "Translations as they were made: the cache, and the count of characters of a month.",
    restricted=True,
)  # fmt: skip

KAFKA_TOPICS: Final = (
    REVIEWS, SOCIAL, FORMS, ENRICHED, URGENT, DEAD, CURSORS, COVERAGE, SCORES,
    SIGNALS, ALERTING, ALERTS, SILENCES, DELIVERIES, CASES, TRANSLATIONS,
)  # fmt: skip

RAW: Final = MappingProxyType({Family.REVIEW: REVIEWS, Family.SOCIAL: SOCIAL, Family.FORM: FORMS})
"""The raw Kafka topic of each family."""

ENRICH_GROUP: Final = "feedback-enrich"
INDEX_GROUP: Final = "feedback-index"
WATCH_GROUP: Final = "feedback-watch"
NOTIFY_GROUP: Final = "feedback-notify"
DELIVER_GROUP: Final = "feedback-deliver"
CASES_GROUP: Final = "feedback-cases"
TRANSLATE_GROUP: Final = "feedback-translate"
"""Consumer groups of the worker's roles."""
