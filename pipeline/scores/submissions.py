"""Answers of submissions that may have several records: listed in order, counted once.

One person's answers may arrive as several records, one per text of a form, which all carry the
form's scores. Such records name their submission in the attribute ``submission``: a score counts
once per submission of a source, and in a group once per submission with a record in the group.
Elasticsearch can count that exactly only by listing every submission, so they are listed here,
once for all groups; records that name none are counted by ``counting``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from pipeline.scores.measures import MEASURES, Weight, answer_weight
from schemas.feedback import SUBMISSION
from schemas.score import MeasureName, Period

SUBMISSION_FIELD: Final = f"feedback.attributes.{SUBMISSION}"

GROUP_FIELDS: Final = {
    "organization": "organization.name",
    "site": "feedback.site",
    "service": "feedback.service",
    "topic": "feedback.topics",
    "theme": "feedback.themes",
    "source": "event.dataset",
}
_PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """One record of a submission: its groups by dimension, and its answers' weights."""

    submission: tuple[str, str]
    """The source, and the submission's id there."""
    at: float
    """Unix time (s)."""
    groups: Mapping[str, tuple[str, ...]]
    weights: Mapping[MeasureName, Weight]


class SubmissionListing:
    """One listing in progress.

    Send :meth:`next_query` and pass the response to :meth:`consume_response` until
    :attr:`is_complete`.
    """

    def __init__(
        self, query: Mapping[str, Any], *, within: Period, measures: Iterable[MeasureName]
    ) -> None:
        self.is_complete = False
        self._query = query
        self._within = within
        self._measures = [
            MEASURES[name] for name in measures if MEASURES[name].answered is not None
        ]
        self._after: list[Any] | None = None
        self._open: list[SubmissionRecord] = []

    def next_query(self) -> dict[str, Any]:
        """Return the body of the next search; records of one submission are adjacent."""
        during = {"gte": self._within.start.isoformat(), "lt": self._within.end.isoformat()}
        body: dict[str, Any] = {
            "size": _PAGE,
            "track_total_hits": False,
            "query": {
                "bool": {
                    "filter": [
                        self._query,
                        {"range": {"@timestamp": during}},
                        {"exists": {"field": SUBMISSION_FIELD}},
                    ]
                }
            },
            "_source": [
                "@timestamp",
                SUBMISSION_FIELD,
                *GROUP_FIELDS.values(),
                *(f"feedback.measures.{measure.field}" for measure in self._measures),
            ],
            "sort": [{"event.dataset": "asc"}, {SUBMISSION_FIELD: "asc"}, {"event.id": "asc"}],
        }
        if self._after is not None:
            body["search_after"] = self._after
        return body

    def consume_response(self, response: Mapping[str, Any]) -> Iterator[list[SubmissionRecord]]:
        """Yield the complete submissions; one that continues on the next page is kept."""
        hits = response["hits"]["hits"]
        self.is_complete = len(hits) < _PAGE
        self._after = None if self.is_complete else list(hits[-1]["sort"])
        records = [*self._open, *(self._to_record(hit["_source"]) for hit in hits)]
        self._open = []
        for submission, some in groupby(records, key=lambda record: record.submission):
            complete = list(some)
            if not self.is_complete and submission == records[-1].submission:
                self._open = complete
            else:
                yield complete

    def _to_record(self, source: Mapping[str, Any]) -> SubmissionRecord:
        feedback = source["feedback"]
        weights = {}
        for measure in self._measures:
            answered = feedback.get("measures", {}).get(measure.field)
            if answered is not None:
                weight = answer_weight(measure, answered["value"], answered.get("score"))
                if weight is not None:
                    weights[measure.name] = weight
        return SubmissionRecord(
            submission=(source["event"]["dataset"], feedback["attributes"][SUBMISSION]),
            at=datetime.fromisoformat(source["@timestamp"]).timestamp(),
            groups={name: _values(source, field) for name, field in GROUP_FIELDS.items()},
            weights=weights,
        )


def _values(source: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value: Any = source
    for name in field.split("."):
        value = value.get(name)
        if value is None:
            return ()
    return (value,) if isinstance(value, str) else tuple(value)
