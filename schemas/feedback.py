"""``Feedback``, which connectors collect, and ``EnrichedFeedback``, which the worker publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.measures import Ces, Csat, Fft, Nps, Stars
from schemas.quick_json import dump_fields
from schemas.record import Record, deterministic_id

MAX_TEXT_CHARACTERS = 100_000
"""Longest comment that is accepted. A longer text is a document and is dead-lettered."""

EARLIEST_YEAR = 1990
"""Earlier dates are typing errors. They are rejected, since every month has its own index."""

SUBMISSION = "submission"
"""The attribute that groups the records of one submission: its scores count once."""

IMPORT, IMPORT_NAME = "import", "import_name"
"""The attributes of records of a file: which import brought them, and the name that it goes by."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=512)]
EventId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Family(StrEnum):
    """The three families of sources; each has its own raw Kafka topic."""

    REVIEW = "review"
    SOCIAL = "social"
    FORM = "form"


class Operation(StrEnum):
    """Upsert: the feedback was written or edited. Delete: it was deleted at the source."""

    UPSERT = "upsert"
    DELETE = "delete"


class Feedback(Record):
    """One piece of feedback as collected, before enrichment.

    ``event_id`` depends on the source and the native id alone; use :meth:`collect` to build a
    record.
    """

    event_id: EventId = Field(description="Deterministic: from source and native_id.")
    source: Name = Field(description="The connector that collected it.")
    family: Family = Field(description="Review, social mention or form.")
    native_id: Name = Field(description="The source's own identifier.")
    revision: int = Field(
        default=0,
        ge=0,
        description="The source's time of this revision, Unix time (ms); "
        "a higher one replaces a lower one.",
    )
    operation: Operation = Field(default=Operation.UPSERT, description="Upsert or delete.")
    redated: bool = Field(
        default=False,
        description="True if an earlier revision may have another created_at, because the source "
        "provides only the time of the last edit, or of the deletion.",
    )
    backfill: bool = Field(
        default=False,
        description="True if collected by a source's first run: history, which raises no alerts.",
    )
    created_at: AwareDatetime = Field(description="Time when the feedback was given.")
    collected_at: AwareDatetime = Field(description="Time when the connector collected it.")
    text: str = Field(default="", max_length=MAX_TEXT_CHARACTERS, description="The comment.")
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
        description="Keyed HMAC of the author's name.",
    )
    language: str | None = Field(
        default=None, max_length=35, description="BCP 47 tag, as declared by the source."
    )
    url: str | None = Field(default=None, max_length=2_083, description="Web page of the feedback.")
    attributes: dict[str, str] = Field(
        default_factory=dict, description="Further fields of the source, searchable as a whole."
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
        """Return a record with its ``event_id``; raise ``pydantic.ValidationError``.

        ``collected_at`` defaults to now, ``revision`` to ``created_at``.
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
    """Return the value of ``attributes.submission`` for the records of one submission.

    It is a hash, so that a form's own identifiers of people are not published.
    """
    return f"s{deterministic_id(*parts)[:15]}"


class Label(StrEnum):
    """Sentiment in three levels, or "not scored" if it could not be judged."""

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
    """Sentiment of the text.

    ``label`` and ``level``, with their probabilities, come from ``method``: a calibrated model of
    the words, the question and the rating, or VADER's thresholds without a model.

    The four scores are always VADER's (Hutto and Gilbert, ICWSM 2014): ``compound`` from -1 to 1,
    and the shares ``positive``, ``neutral`` and ``negative`` that sum to 1. They are absent if the
    text was not scored.
    """

    label: Label
    method: str = Field(description="Method of label and level, with its version.")
    probability: float | None = Field(
        default=None, ge=0, le=1, description="Probability of the label."
    )
    level: Level | None = Field(
        default=None, description="One of five levels, if the method has them."
    )
    level_probability: float | None = Field(
        default=None, ge=0, le=1, description="Probability of the level."
    )
    contradicts_rating: bool | None = Field(
        default=None,
        description="True if the text alone contradicts the rating; absent without a rating.",
    )
    compound: float | None = Field(default=None, ge=-1, le=1, description="VADER's score.")
    mixed: bool = Field(
        default=False, description="True if the text both praises and blames, and both are sure."
    )
    head: Literal["survey", "story"] | None = Field(
        default=None,
        description="Part of the model that judged: the one for answers with a question or a "
        "rating, or the one for texts alone.",
    )
    not_scored: Literal["language", "script", "no_opinion", "no_words"] | None = Field(
        default=None, description="Reason why the text was not scored."
    )
    by_translation: bool = Field(
        default=False, description="True if a translation of the text was judged."
    )
    positive: float | None = Field(default=None, ge=0, le=1, description="VADER's score.")
    neutral: float | None = Field(default=None, ge=0, le=1, description="VADER's score.")
    negative: float | None = Field(default=None, ge=0, le=1, description="VADER's score.")


class Priority(StrEnum):
    """Urgency of a type of interaction."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


Span = tuple[int, int]
"""Start and end (exclusive) in characters of the record's text."""


class Language(Record):
    """The detected language of the text: an ISO 639-1 code, or ``und`` if undetermined."""

    code: str = "und"
    confidence: float = Field(default=0.0, ge=0, le=1)


class TopicSentiment(Record):
    """Sentiment of what a text says about one of its topics."""

    topic: str
    label: Label
    probability: float = Field(ge=0, le=1, description="Probability of the label.")
    evidence: tuple[Span, ...] = Field(default=(), description="Passages that speak for the label.")


class Translation(Record):
    """A translation of the text, which was judged in its place."""

    text: str
    language: str = Field(description="ISO 639-1 code of the language that it was made from.")
    service: str = Field(description="Service that made it.")


class EnrichedFeedback(Feedback):
    """``Feedback`` with the results of the stages, for subscribers.

    Personal data that patterns and checksums recognise is replaced by placeholders such as
    ``[EMAIL]`` in the text, the question and the attributes.
    """

    enriched_at: AwareDatetime
    detected_language: Language
    sentiment: Sentiment
    topics: tuple[str, ...] = Field(default=(), description="Topics of the comment.")
    themes: tuple[str, ...] = Field(default=(), description="The taxonomy's groups of the topics.")
    topic_probabilities: dict[str, float] = Field(
        default_factory=dict,
        description="Probability of each topic; absent for topics found by their terms.",
    )
    interactions: tuple[str, ...] = Field(
        default=(), description="The taxonomy's types of interaction of the topics."
    )
    priority: Priority | None = Field(
        default=None, description="The highest priority of the interactions."
    )
    topic_sentiments: tuple[TopicSentiment, ...] = Field(
        default=(), description="Sentiment of each topic; empty if the text was not scored."
    )
    urgent: bool = Field(default=False, description="True if it needs immediate attention.")
    urgent_reasons: tuple[str, ...] = Field(default=(), description="Reasons why it is urgent.")
    maybe_urgent: bool = Field(
        default=False, description="True if a person should read it soon: it may be urgent."
    )
    maybe_urgent_reasons: tuple[str, ...] = Field(
        default=(), description="Reasons why it may be urgent."
    )
    translation: Translation | None = Field(
        default=None, description="Translation that was judged; spans then point into it."
    )
    redactions: dict[str, int] = Field(
        default_factory=dict,
        description="Number of redacted values by type of personal data.",
    )
    evidence: dict[str, tuple[Span, ...]] = Field(
        default_factory=dict,
        description="Passages that support each finding, as starts and ends in characters; the "
        "keys are sentiment, topic:<name>, urgent:<reason> and maybe_urgent:<reason>.",
    )
    versions: dict[str, str] = Field(
        default_factory=dict, description="Version of the model or rules by stage."
    )

    def to_payload(self) -> bytes:
        """Return the record as compact UTF-8 JSON without optional values that are None."""
        try:
            return dump_fields(self.__dict__)
        except TypeError:
            return super().to_payload()
