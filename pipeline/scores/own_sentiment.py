"""Queries by a topic's own sentiment, for documents of every version.

A document has lists of its topics by their own sentiment. In one that was indexed before there were
such lists, each topic has the comment's label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.documents import TOPIC_LISTS
from schemas.feedback import Label

LABEL_FIELD: Final = "feedback.sentiment.label"
TOPICS_FIELD: Final = "feedback.topics"
BY_TRANSLATION: Final[Mapping[str, Any]] = {"term": {"feedback.sentiment.by_translation": True}}
"""Matches comments whose translation was judged; they are counted apart."""

Query = dict[str, Any]


def match_value(field: str, value: str) -> Query:
    """Return the query for a value in any case, in which ``*`` matches any characters."""
    kind = "wildcard" if "*" in value else "term"
    return {kind: {field: {"value": value, "case_insensitive": True}}}


def match_any(queries: list[Query]) -> Query:
    """Return the query that any of the queries matches."""
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries}}


def match_topics(topics: Iterable[str], *labels: Label) -> Query:
    """Return the query for documents that list any of the topics under any of the labels."""
    names = tuple(topics)
    fields = [TOPIC_LISTS[label] for label in labels]
    return match_any([match_value(field, name) for name in names for field in fields])


def without_lists() -> Query:
    """Return the query for documents without lists of topics: of earlier versions, or not scored.

    In those the comment's label holds for each of its topics.
    """
    return {"bool": {"must_not": [{"exists": {"field": f}} for f in TOPIC_LISTS.values()]}}


def match_topic_sentiment(topic: str, label: Label) -> Query:
    """Return the query for documents in which a topic has this sentiment."""
    inherited = [match_value(TOPICS_FIELD, topic), {"term": {LABEL_FIELD: label}}, without_lists()]
    return match_any([match_topics([topic], label), {"bool": {"filter": inherited}}])


def topic_labels(feedback: Mapping[str, Any]) -> dict[str, Label]:
    """Return the sentiment of each scored topic in the ``feedback`` part of a document."""
    own = {
        topic: label
        for label, field in TOPIC_LISTS.items()
        for topic in feedback.get(field.removeprefix("feedback."), ())
    }
    label = Label(feedback["sentiment"]["label"])
    if own or label is Label.NOT_SCORED:
        return own
    return dict.fromkeys(feedback.get("topics", ()), label)


def label_about(feedback: Mapping[str, Any], topics: Iterable[str]) -> Label:
    """Return what a comment says of any of the topics: negative if it is so about one of them.

    Without topics it is the comment's label.
    """
    names = tuple(topics)
    if not names:
        return Label(feedback["sentiment"]["label"])
    labels = {label for topic, label in topic_labels(feedback).items() if _is_among(topic, names)}
    if Label.NEGATIVE in labels:
        return Label.NEGATIVE
    return Label.POSITIVE if labels else Label.NOT_SCORED


def exclude_topics(topics: Iterable[str], values: Iterable[str]) -> set[str]:
    """Return the topics that no value matches, as filters match."""
    names = tuple(values)
    return {topic for topic in topics if not _is_among(topic, names)}


def _is_among(topic: str, values: Iterable[str]) -> bool:
    patterns = (".*".join(map(re.escape, value.split("*"))) for value in values)
    return any(re.fullmatch(pattern, topic, re.IGNORECASE) for pattern in patterns)
