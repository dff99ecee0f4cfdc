"""``Feedback`` as a connector collects it, and ``EnrichedFeedback`` as the worker publishes it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.measures import Ces, Csat, Fft, Nps, Stars
from schemas.record import Record, deterministic_id

MAX_TEXT_CHARACTERS = 100_000
"""Longest comment taken in. A longer one is no comment but a document, and is dead-lettered."""

EARLIEST_YEAR = 1990
"""Dates before are slips of a form; each month opens an index of its own, so they are refused."""

SUBMISSION = "submission"
"""The attribute that says which records are of one submission: its scores count once."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=512)]
EventId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Family(StrEnum):
    """The three families of sources; each has a raw Kafka topic of its own."""

    REVIEW = "review"
    SOCIAL = "social"
    FORM = "form"


class Operation(StrEnum):
    """What the source did: wrote or edited the feedback, or took it back."""

    UPSERT = "upsert"
    DELETE = "delete"


class Feedback(Record):
    """One piece of feedback as it was collected, before anything was made of it.

    ``event_id`` is the same for the same source and native id, whoever computes it; use
    :meth:`collect` to build one.
    """

    event_id: EventId = Field(description="Deterministic: from source and native_id.")
    source: Name = Field(description="The connector that brought it.")
    family: Family = Field(description="Review, social mention or form.")
    native_id: Name = Field(description="The source's own identifier.")
    revision: int = Field(
        default=0,
        ge=0,
        description="The source's time of this revision, milliseconds since 1970; "
        "a higher one replaces a lower one.",
    )
    operation: Operation = Field(default=Operation.UPSERT, description="Upsert or delete.")
    redated: bool = Field(
        default=False,
        description="Whether an earlier revision may have another created_at: the source tells "
        "the time of the last edit only, or of a delete.",
    )
    backfill: bool = Field(
        default=False,
        description="Whether it came with a source's first run: history, and no news to alert on.",
    )
    created_at: AwareDatetime = Field(description="When the feedback was given.")
    collected_at: AwareDatetime = Field(description="When the connector read it.")
    text: str = Field(
        default="", max_length=MAX_TEXT_CHARACTERS, description="What the person wrote."
    )
    question: str | None = Field(
        default=None, max_length=2_000, description="The question that the text answers."
    )
    stars: Stars | None = None
    nps: Nps | None = None
    csat: Csat | None = None
    ces: Ces | None = None
    fft: Fft | None = None
    organization: Name | None = Field(default=None, description="Hospital group, trust, company.")
    site: Name | None = Field(default=None, description="Hospital, branch, app.")
    service: Name | None = Field(default=None, description="Ward, clinic, department, product.")
    author: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{32}$",
        description="Keyed HMAC of the author; never the name.",
    )
    language: str | None = Field(
        default=None, max_length=35, description="BCP 47 tag, as the source declared it."
    )
    url: str | None = Field(default=None, max_length=2_083, description="Where it can be read.")
    attributes: dict[str, str] = Field(
        default_factory=dict, description="What a source adds; searchable as a whole."
    )

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if self.created_at.year < EARLIEST_YEAR:
            raise ValueError(f"created_at is before {EARLIEST_YEAR}")
        if (self.created_at - self.collected_at).days >= 1:
            raise ValueError("created_at is more than a day after collected_at")
        return self

    @classmethod
    def collect(cls, *, source: str, native_id: str, created_at: datetime, **fields: Any) -> Self:
        """Build a record, with its ``event_id`` and, where not given, ``collected_at`` now and
        ``revision`` from ``created_at``.

        Raises ``pydantic.ValidationError``.
        """
        fields.setdefault("collected_at", datetime.now(UTC))
        fields.setdefault("revision", max(0, int(created_at.timestamp() * 1000)))
        return cls(
            event_id=deterministic_id(source, native_id),
            source=source,
            native_id=native_id,
            created_at=created_at,
            **fields,
        )


def hash_submission(*parts: str) -> str:
    """What the records of one submission carry as ``attributes.submission``.

    A likeness, since a form's own id of a person is nobody else's business.
    """
    return f"s{deterministic_id(*parts)[:15]}"


class Label(StrEnum):
    """Sentiment in three levels, plus "not scored" for what no scorer could judge."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    NOT_SCORED = "not_scored"


class Level(StrEnum):
    """Sentiment in five levels."""

    VERY_POSITIVE = "very_positive"
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    VERY_NEGATIVE = "very_negative"


class Sentiment(Record):
    """How the text sounds.

    ``label`` and ``level``, with their probabilities, come from ``method``: a calibrated model of
    the words, the question and the rating, or VADER's thresholds where no model was given.

    The four scores are always VADER's (Hutto and Gilbert, ICWSM 2014): ``compound`` from -1 to 1,
    and the shares ``positive``, ``neutral`` and ``negative`` that sum to 1. All are absent where
    nothing was scored.
    """

    label: Label
    method: str = Field(description="What label and level come from, with its version.")
    probability: float | None = Field(
        default=None, ge=0, le=1, description="How likely the label is."
    )
    level: Level | None = Field(default=None, description="Five levels, where the method has them.")
    level_probability: float | None = Field(
        default=None, ge=0, le=1, description="How likely the level is."
    )
    contradicts_rating: bool | None = Field(
        default=None,
        description="Whether the text alone says the opposite of the rating; absent without one.",
    )
    compound: float | None = Field(default=None, ge=-1, le=1, description="VADER's.")
    positive: float | None = Field(default=None, ge=0, le=1, description="VADER's.")
    neutral: float | None = Field(default=None, ge=0, le=1, description="VADER's.")
    negative: float | None = Field(default=None, ge=0, le=1, description="VADER's.")


class Priority(StrEnum):
    """How soon an interaction of some type wants attention."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


Span = tuple[int, int]
"""Start and end, half open, in characters of the record's text."""


class Language(Record):
    """The language found in the text: an ISO 639-1 code, or ``und`` where in doubt."""

    code: str = "und"
    confidence: float = Field(default=0.0, ge=0, le=1)


class EnrichedFeedback(Feedback):
    """``Feedback`` with what the stages made of it. Subscribers read these.

    What patterns and checksums recognise as personal data is replaced in the text, the question
    and the attributes by placeholders such as ``[EMAIL]``.
    """

    enriched_at: AwareDatetime
    detected_language: Language
    sentiment: Sentiment
    topics: tuple[str, ...] = Field(default=(), description="What the comment is about.")
    themes: tuple[str, ...] = Field(default=(), description="The taxonomy's groups of the topics.")
    topic_probabilities: dict[str, float] = Field(
        default_factory=dict,
        description="How likely each topic is; absent for topics found by their terms.",
    )
    interactions: tuple[str, ...] = Field(
        default=(), description="The taxonomy's types of interaction that the topics belong to."
    )
    priority: Priority | None = Field(
        default=None, description="The highest priority of the interactions."
    )
    urgent: bool = Field(default=False, description="Whether it cannot wait.")
    urgent_reasons: tuple[str, ...] = Field(default=(), description="Why it cannot wait.")
    redactions: dict[str, int] = Field(
        default_factory=dict,
        description="How many values of each type of personal data were hidden.",
    )
    evidence: dict[str, tuple[Span, ...]] = Field(
        default_factory=dict,
        description="What in the text speaks for it, as starts and ends in characters: under "
        "sentiment, topic:<name> and urgent:<reason>.",
    )
    versions: dict[str, str] = Field(
        default_factory=dict, description="Stage name to the version of what it used."
    )
