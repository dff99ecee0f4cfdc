"""Counts of indexed feedback by label, site, topic, urgency, family and so on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pipeline.scores.own_sentiment import LABEL_FIELD, TOPICS_FIELD, without_lists
from pipeline.stages.redact import TYPES
from schemas.documents import TOPIC_LISTS
from schemas.feedback import Label

_MAX_TOPICS: Final = 200


@dataclass(frozen=True, slots=True)
class Group:
    """One bucket: its count, in total and by label; a topic's labels are its own."""

    name: str
    count: int
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def share_negative(self) -> float | None:
        """Share of negative among scored comments, 0 to 1; None if none was scored."""
        scored = self.count - self.labels.get(Label.NOT_SCORED, 0)
        return self.labels.get(Label.NEGATIVE, 0) / scored if scored else None


@dataclass(frozen=True, slots=True)
class Overview:
    """All counts of one source."""

    total: int
    labels: dict[str, int]
    families: dict[str, int]
    languages: dict[str, int]
    topics: list[Group]
    sites: list[Group]
    lately: dict[str, Group]
    """The sites again, counted from ``since`` on."""
    urgent: int
    reasons: dict[str, int]
    """Urgent comments by reason; one may have several."""
    hidden: dict[str, int]
    """Redacted values by type of personal data, most frequent first."""


def overview_query(source: str, *, since: datetime) -> dict[str, Any]:
    """Return the search body that counts the documents of one source."""
    labels = {"labels": {"terms": {"field": LABEL_FIELD}}}
    topics = {"terms": {"field": TOPICS_FIELD, "size": _MAX_TOPICS}}
    sites = {"terms": {"field": "feedback.site", "size": 50}, "aggs": labels}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"term": {"event.dataset": source}},
        "aggs": {
            **labels,
            "families": {"terms": {"field": "feedback.family"}},
            "languages": {"terms": {"field": "feedback.language.detected", "size": 12}},
            "topics": topics,
            **{
                f"{label} topics": {"terms": {"field": field, "size": _MAX_TOPICS}}
                for label, field in TOPIC_LISTS.items()
            },
            "topics without sentiment": {
                "filter": without_lists(),
                "aggs": {"topics": {**topics, "aggs": labels}},
            },
            "sites": sites,
            "lately": {
                "filter": {"range": {"@timestamp": {"gte": since.isoformat()}}},
                "aggs": {"sites": sites},
            },
            "urgent": {"filter": {"term": {"feedback.urgent": True}}},
            "reasons": {"terms": {"field": "feedback.urgent_reasons", "size": 50}},
            # A flattened field has keywords, which cannot be summed: count the comments with one
            # redacted value of a type, with two, and so on.
            **{
                f"hidden {name}": {"terms": {"field": f"feedback.redactions.{name}", "size": 100}}
                for name in TYPES
            },
        },
    }


def read_overview(response: Mapping[str, Any]) -> Overview:
    """Return the overview from the response to :func:`overview_query`."""
    aggregations = response["aggregations"]
    return Overview(
        total=response["hits"]["total"]["value"],
        labels=_counts(aggregations["labels"]),
        families=_counts(aggregations["families"]),
        languages=_counts(aggregations["languages"]),
        topics=_topics(aggregations),
        sites=_groups(aggregations["sites"]),
        lately={group.name: group for group in _groups(aggregations["lately"]["sites"])},
        urgent=aggregations["urgent"]["doc_count"],
        reasons=_counts(aggregations["reasons"]),
        hidden=_hidden(aggregations),
    )


def _topics(aggregations: Mapping[str, Any]) -> list[Group]:
    """Return the topics by their own sentiment; without one they have the comment's label."""
    inherited = {
        group.name: group.labels
        for group in _groups(aggregations["topics without sentiment"]["topics"])
    }
    own = {label: _counts(aggregations[f"{label} topics"]) for label in TOPIC_LISTS}
    groups = []
    for topic, count in _counts(aggregations["topics"]).items():
        labels = Counter(inherited.get(topic, {}))
        labels.update({str(label): counts.get(topic, 0) for label, counts in own.items()})
        groups.append(Group(topic, count, dict(labels)))
    return groups


def _hidden(aggregations: Mapping[str, Any]) -> dict[str, int]:
    sums = {
        name: sum(
            int(times) * count for times, count in _counts(aggregations[f"hidden {name}"]).items()
        )
        for name in TYPES
    }
    most_first = sorted(sums, key=lambda name: -sums[name])
    return {name: sums[name] for name in most_first if sums[name]}


def _counts(buckets: Mapping[str, Any]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets["buckets"]}


def _groups(buckets: Mapping[str, Any]) -> list[Group]:
    return [
        Group(bucket["key"], bucket["doc_count"], _counts(bucket["labels"]))
        for bucket in buckets["buckets"]
    ]
