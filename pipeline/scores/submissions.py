"""Answers of submissions that may have several records: read one after the other, counted once.

One person's answers may arrive as several records, one for each text of a form, which all carry the
form's scores. Such records name their submission in the attribute ``submission``: a score counts
once for each submission of a source, and in a group once for each that has a record in the group.
Elasticsearch cannot count that exactly but by listing every submission, so they are listed here,
once for all groups; records that name none are counted by ``counting``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from pipeline.scores.measures import MEASURES, Weight, weight_of
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
class Piece:
    """One record of a submission: its groups by dimension, and what its answers weigh."""

    submission: tuple[str, str]
    """The source, and the submission's id there."""
    at: float
    """When it was given, seconds since 1970."""
    groups: Mapping[str, tuple[str, ...]]
    weights: Mapping[MeasureName, Weight]


class Submissions:
    """One listing under way: ask with :meth:`body`, hand over the answer, until :attr:`done`."""

    def __init__(
        self, query: Mapping[str, Any], *, within: Period, measures: Iterable[MeasureName]
    ) -> None:
        self.done = False
        self._query = query
        self._within = within
        self._asked = [MEASURES[name] for name in measures if MEASURES[name].answered is not None]
        self._after: list[Any] | None = None
        self._open: list[Piece] = []

    def body(self) -> dict[str, Any]:
        """The next search; records of one submission follow each other."""
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
                *(f"feedback.measures.{measure.field}" for measure in self._asked),
            ],
            "sort": [{"event.dataset": "asc"}, {SUBMISSION_FIELD: "asc"}, {"event.id": "asc"}],
        }
        if self._after is not None:
            body["search_after"] = self._after
        return body

    def take(self, response: Mapping[str, Any]) -> Iterator[list[Piece]]:
        """The submissions of an answer to :meth:`body`, those that go on in the next page left."""
        hits = response["hits"]["hits"]
        self.done = len(hits) < _PAGE
        self._after = None if self.done else list(hits[-1]["sort"])
        pieces = [*self._open, *(self._piece(hit["_source"]) for hit in hits)]
        self._open = []
        for submission, some in groupby(pieces, key=lambda piece: piece.submission):
            whole = list(some)
            if not self.done and submission == pieces[-1].submission:
                self._open = whole
            else:
                yield whole

    def _piece(self, source: Mapping[str, Any]) -> Piece:
        feedback = source["feedback"]
        weights = {}
        for measure in self._asked:
            answered = feedback.get("measures", {}).get(measure.field)
            if answered is not None:
                weight = weight_of(measure, answered["value"], answered.get("score"))
                if weight is not None:
                    weights[measure.name] = weight
        return Piece(
            submission=(source["event"]["dataset"], feedback["attributes"][SUBMISSION]),
            at=datetime.fromisoformat(source["@timestamp"]).timestamp(),
            groups={name: _values(source, field) for name, field in GROUP_FIELDS.items()},
            weights=weights,
        )


def _values(source: Mapping[str, Any], field: str) -> tuple[str, ...]:
    found: Any = source
    for name in field.split("."):
        found = found.get(name)
        if found is None:
            return ()
    return (found,) if isinstance(found, str) else tuple(found)
