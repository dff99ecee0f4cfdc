"""Queries that count answers by weight, group and calendar period, and their responses.

One search counts all measures of all groups: composite aggregations for each measure (``parts``),
read page by page, so that every group is included, however many there are. Records that name a
submission are not among them: ``submissions`` lists those, and :meth:`Counting.add` counts each
once.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, Final

from pipeline.scores.estimates import Counts
from pipeline.scores.measures import MEASURES, CommentShare, Weight, answer_weight
from pipeline.scores.parts import CountScope, Part, list_parts, terms_source
from pipeline.scores.periods import split_period
from pipeline.scores.submissions import GROUP_FIELDS, SubmissionRecord
from schemas.feedback import Label
from schemas.score import MeasureName, Period, PeriodName

_PAGE: Final = 4_000  # the fifteen of a search by topic stay below search.max_buckets
_GROUPS: Final = "groups"

Key = tuple[str | None, datetime | None]
"""A group (None: no such value, or not grouped) and the start of a step (None: no steps)."""


class Counting:
    """One count in progress.

    Send :meth:`next_query` and pass the response to :meth:`consume_response` until
    :attr:`is_complete`.
    """

    def __init__(
        self,
        query: Mapping[str, Any],
        *,
        within: Period,
        measures: Iterable[MeasureName] = tuple(MEASURES),
        group: str | None = None,
        step: PeriodName | None = None,
        only: Mapping[str, str] = MappingProxyType({}),
        shares: Iterable[CommentShare] = (),
        topics: Sequence[str] = (),
        themes: Mapping[str, Sequence[str]] = MappingProxyType({}),
        zone: tzinfo,
    ) -> None:
        """``query`` is the scope's; ``group`` one of ``GROUP_FIELDS``; ``step`` a calendar period.

        ``only`` narrows the scope to one value of some dimensions. ``topics`` are those that the
        scope filters by, and ``themes`` the topics of each theme: the share of negative comments
        is then that of comments that are negative about them.
        """
        if "topic" in only:
            topics = (only["topic"],)
        elif "theme" in only:
            topics = themes.get(only["theme"], topics)
        self._query = query
        self._only = only
        self._within = within
        self._group = group
        self._step = step
        self._zone = zone
        self._measures = frozenset(measures)
        parts = list_parts(sorted(self._measures), CountScope(group, topics, themes), shares=shares)
        self._parts = {f"part {number}": part for number, part in enumerate(parts)}
        self._after: dict[str, dict[str, Any] | None] = dict.fromkeys(self._parts)
        steps = () if step is None else split_period(within, step, zone)
        self._starts = [period.start for period in steps]
        # Unix time (s): comparing times of different zones is slow.
        self._begins = [start.timestamp() for start in self._starts]
        self._first, self._last = within.start.timestamp(), within.end.timestamp()
        self.comments: Counter[Key] = Counter()
        self.answers: dict[MeasureName, dict[Key, Counts]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self.shares: dict[CommentShare, dict[Key, Counts]] = defaultdict(
            lambda: defaultdict(Counter)
        )

    @property
    def is_complete(self) -> bool:
        """True once every page has been read."""
        return not self._after

    def next_query(self) -> dict[str, Any]:
        """Return the body of the next search."""
        during = {
            "range": {
                "@timestamp": {
                    "gte": self._within.start.isoformat(),
                    "lt": self._within.end.isoformat(),
                }
            }
        }
        only = [{"term": {GROUP_FIELDS[name]: value}} for name, value in self._only.items()]
        return {
            "size": 0,
            "track_total_hits": False,
            "query": {"bool": {"filter": [self._query, during, *only]}},
            "aggs": {
                name: self._aggregation(self._parts[name], after)
                for name, after in self._after.items()
            },
        }

    def consume_response(self, response: Mapping[str, Any]) -> None:
        """Add the counts of the response to :meth:`next_query`."""
        aggregations = response.get("aggregations", {})
        for name in list(self._after):
            page = aggregations.get(name, {"buckets": []})
            page = page.get(_GROUPS, page)
            for bucket in page["buckets"]:
                self._count(self._parts[name], bucket)
            if len(page["buckets"]) < _PAGE:
                del self._after[name]
            else:
                self._after[name] = page["after_key"]

    def counts(self, measure: MeasureName, group: str | None, start: datetime | None) -> Counts:
        """Return the answers of one group and step; empty if there are none."""
        return self.answers.get(measure, {}).get((group, start), Counter())

    def share_counts(self, share: CommentShare, group: str | None) -> Counts:
        """Return the comments of one group by weight, 100 for those in the share."""
        return self.shares.get(share, {}).get((group, None), Counter())

    def add(self, submission: Sequence[SubmissionRecord]) -> None:
        """Count one submission: each of its answers once in every group and step it is in."""
        records = [record for record in submission if self._includes(record)]
        seen = {
            (name, (group, self._find_step(record.at)), weight)
            for record in records
            for name, weight in record.weights.items()
            if name in self._measures
            for group in self._groups_for(record)
        }
        for name, place, weight in seen:
            self.answers[name][place][weight] += 1

    def _includes(self, record: SubmissionRecord) -> bool:
        if not self._first <= record.at < self._last:
            return False
        return not self._only or all(
            value in record.groups[name] for name, value in self._only.items()
        )

    def _groups_for(self, record: SubmissionRecord) -> Sequence[str | None]:
        return (None,) if self._group is None else record.groups[self._group] or (None,)

    def _find_step(self, at: float) -> datetime | None:
        if self._step is None:
            return None
        return self._starts[bisect(self._begins, at) - 1]

    def _aggregation(self, part: Part, after: Mapping[str, Any] | None) -> dict[str, Any]:
        composite = self._composite(part, after)
        if part.query is None:
            return composite
        return {"filter": part.query, "aggs": {_GROUPS: composite}}

    def _composite(self, part: Part, after: Mapping[str, Any] | None) -> dict[str, Any]:
        sources = list(part.sources)
        if self._step is not None:
            sources.append(
                {
                    "at": {
                        "date_histogram": {
                            "field": "@timestamp",
                            "calendar_interval": self._step.value,
                            "time_zone": str(self._zone),
                        }
                    }
                }
            )
        if not sources:
            sources.append(terms_source("all", "ecs.version", missing=True))
        composite: dict[str, Any] = {"size": _PAGE, "sources": sources}
        if after is not None:
            composite["after"] = after
        return {"composite": composite}

    def _count(self, part: Part, bucket: Mapping[str, Any]) -> None:
        key = bucket["key"]
        place = (part.group or key.get("group"), self._start(key.get("at")))
        if part.measure is None:
            self.comments[place] += bucket["doc_count"]
            return
        value = part.label or key["value"]
        if isinstance(part.measure, CommentShare):
            is_in = key["held"] if part.measure is CommentShare.MIXED else value == Label.NEGATIVE
            if value != Label.NOT_SCORED:
                counts = self.shares[part.measure][place]
                counts[Weight(100 if is_in else 0)] += bucket["doc_count"]
            return
        measure = MEASURES[part.measure]
        if not isinstance(value, str):
            value = float(f"{value:.7g}")  # the index holds it in single precision
        weight = answer_weight(measure, value, key.get("held"))
        if weight is not None:
            self.answers[measure.name][place][weight] += bucket["doc_count"]

    def _start(self, milliseconds: int | None) -> datetime | None:
        if milliseconds is None:
            return None
        started = datetime.fromtimestamp(milliseconds / 1000, self._zone)
        # The histogram's first step may begin before the period.
        return max(started, self._within.start)
