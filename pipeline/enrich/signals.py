"""The ``Signal`` of an enriched record, and the message that carries it. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import orjson

from pipeline.stages.tokens import blank_placeholders, lowercase
from schemas.feedback import EnrichedFeedback, Label, Operation
from schemas.record import deterministic_id
from schemas.signal import Signal

_NOW: Final = timedelta()
_SOON: Final = timedelta(minutes=30)
_NEWS: Final = timedelta(days=1)
_MAX_WORDS: Final = 30
_MAX_CHARACTERS: Final = 2_000
# Whole words: no part of what has digits, nor of "couldn't"; "nurse's" is "nurse".
_WORD: Final = re.compile(r"(?<!\w)(?<!\w')[^\W\d_]{3,30}(?!\w|'(?!s\b)\w)")


def to_signal(record: EnrichedFeedback) -> Signal | None:
    """Return the signal of a record; None for a deletion, which does not reduce counts."""
    if record.operation is Operation.DELETE:
        return None
    at, news = _event_time(record.created_at, record.collected_at)
    label = record.sentiment.label
    # A label by translation is less reliable: such comments are counted, and are in no share.
    # Records that were built unchecked may lack it; a missing attribute of a model is slow to find.
    by_translation = bool(vars(record.sentiment).get("by_translation"))
    scored = label is not Label.NOT_SCORED and not by_translation
    negative = scored and label is Label.NEGATIVE
    negative_topics = _negative_topics(record) if scored else ()
    return Signal.construct_unchecked(
        {
            "event_id": record.event_id,
            "at": at,
            "site": record.site,
            "source": record.source,
            "topics": record.topics,
            "negative": negative,
            "scored": scored,
            "urgent": record.urgent,
            "backfill": record.backfill or not news,
            "words": content_words(record.text)
            if negative or negative_topics or record.urgent
            else (),
            "negative_topics": negative_topics,
            "by_translation": by_translation,
        }
    )


def _negative_topics(record: EnrichedFeedback) -> tuple[str, ...]:
    """Return the topics whose own sentiment is negative; without one they have the comment's."""
    own = vars(record).get("topic_sentiments")
    if not own:
        return record.topics if record.sentiment.label is Label.NEGATIVE else ()
    return tuple([each.topic for each in own if each.label is Label.NEGATIVE])


def _event_time(created: datetime, collected: datetime) -> tuple[datetime, bool]:
    """Return the time at which a record counts, and whether it is news.

    A replay keeps its times: it is late, or its bucket has it already.
    """
    after = collected - created
    if after <= _SOON:
        return (created if after >= _NOW else collected), True
    return (collected, True) if after <= _NEWS else (created, False)


def content_words(text: str) -> tuple[str, ...]:
    """Return the distinct content words of a redacted text, in lower case and in order.

    Letters only: a word with digits may identify a person.
    """
    text = text[:_MAX_CHARACTERS]
    if "[" in text:
        text = blank_placeholders(text)
    words = dict.fromkeys(_WORD.findall(lowercase(text)))
    function_words = _function_words()
    return tuple([word for word in words if word not in function_words][:_MAX_WORDS])


@cache
def _function_words() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("function_words.txt").read_text("utf-8").split())


def signal_payload(signal: Signal) -> bytes:
    """Return the signal as JSON; pydantic's serializer would take as long as all the rest."""
    return orjson.dumps(signal.__dict__)


@lru_cache(maxsize=10_000)
def site_key(site: str | None) -> str:
    """Return a site's key, hexadecimal."""
    return deterministic_id("site", site or "")
