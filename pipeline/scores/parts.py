"""The parts of one count: which documents each composite aggregation groups, and by which fields.

An answered measure is one part. So is the share of negative comments, unless it is about topics:
then each topic counts by its own sentiment, a theme or several topics as negative if any of them
is. Comments whose translation was judged are not in it, but in a share of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.scores.measures import MEASURES, CommentShare
from pipeline.scores.own_sentiment import (
    BY_TRANSLATION,
    LABEL_FIELD,
    Query,
    match_topics,
    without_lists,
)
from pipeline.scores.submissions import GROUP_FIELDS, SUBMISSION_FIELD
from schemas.documents import TOPIC_LISTS
from schemas.feedback import Label
from schemas.score import MeasureName

_MIXED_FIELD: Final = "feedback.sentiment.mixed"
_OTHERS: Final = (Label.POSITIVE, Label.NEUTRAL)

Source = dict[str, Any]
"""A source of a composite aggregation."""


@dataclass(frozen=True, slots=True)
class CountScope:
    """The groups of a count, and the topics that it is about.

    ``topics`` are those of the scope, and may contain ``*``; ``themes`` the topics of each theme.
    """

    dimension: str | None = None
    topics: Sequence[str] = ()
    themes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One composite aggregation.

    ``measure`` is None for the number of comments; ``group`` and ``label`` are those of all its
    documents, if no source has them.
    """

    measure: MeasureName | CommentShare | None
    query: Query | None
    sources: tuple[Source, ...] = ()
    group: str | None = None
    label: Label | None = None


def terms_source(name: str, field_name: str, *, missing: bool = False) -> Source:
    """Return the source of a field's values; with ``missing`` also of documents without it."""
    return {name: {"terms": {"field": field_name, "missing_bucket": missing}}}


def list_parts(
    measures: Iterable[MeasureName], scope: CountScope, *, shares: Iterable[CommentShare] = ()
) -> list[Part]:
    """Return the parts of a count: that of the comments, and those of each measure and share."""
    parts = [Part(None, None, _group_sources(scope))]
    for name in measures:
        if MEASURES[name].answered is None:
            parts += _comment_parts(name, scope)
        else:
            parts.append(_answer_part(name, scope))
    for share in shares:
        parts += _comment_parts(share, scope)
    return parts


def _answer_part(name: MeasureName, scope: CountScope) -> Part:
    answers = f"feedback.measures.{MEASURES[name].field}"
    sources = (
        *_group_sources(scope),
        terms_source("value", f"{answers}.value"),
        terms_source("held", f"{answers}.score", missing=True),
    )
    alone = {"bool": {"must_not": {"exists": {"field": SUBMISSION_FIELD}}}}
    return Part(name, alone, sources)


def _comment_parts(name: MeasureName | CommentShare, scope: CountScope) -> Iterator[Part]:
    """Yield the parts of a share of comments."""
    judged: Query = {"bool": {"must_not": [BY_TRANSLATION]}}
    if name is CommentShare.NEGATIVE_BY_TRANSLATION:
        judged = {"bool": {"filter": [BY_TRANSLATION]}}
    groups = _group_sources(scope)
    labels = (*groups, terms_source("value", LABEL_FIELD))
    if name is CommentShare.MIXED:
        yield Part(name, judged, (*labels, terms_source("held", _MIXED_FIELD)))
    elif scope.dimension == "topic":
        for label, list_field in TOPIC_LISTS.items():
            yield Part(name, judged, (terms_source("group", list_field),), label=label)
        yield Part(name, _both(judged, without_lists()), labels)
    elif scope.dimension == "theme" and scope.themes:
        for theme, topics in scope.themes.items():
            for query, label in _by_any_topic(topics):
                yield Part(name, _both(judged, query), group=theme, label=label)
        yield Part(name, _both(judged, without_lists()), labels)
    elif scope.topics:
        for query, label in _by_any_topic(scope.topics):
            yield Part(name, _both(judged, query), groups, label=label)
        yield Part(name, _both(judged, without_lists()), labels)
    else:
        yield Part(name, judged, labels)


def _by_any_topic(topics: Sequence[str]) -> Iterator[tuple[Query, Label]]:
    """Yield the queries for comments that are negative about any of the topics, and for others."""
    negative = match_topics(topics, Label.NEGATIVE)
    yield negative, Label.NEGATIVE
    others = match_topics(topics, *_OTHERS)
    yield {"bool": {"filter": [others], "must_not": [negative]}}, Label.POSITIVE


def _group_sources(scope: CountScope) -> tuple[Source, ...]:
    if scope.dimension is None:
        return ()
    return (terms_source("group", GROUP_FIELDS[scope.dimension], missing=True),)


def _both(one: Query, other: Query) -> Query:
    return {"bool": {"filter": [one, other]}}
