"""The data of a report: counts from Elasticsearch, and the sources' coverage from Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Final

from connectors.runtime.coverage import parse_coverage
from pipeline.elasticsearch.client import Elasticsearch, connect
from pipeline.elasticsearch.errors import command_errors
from pipeline.failures import TransientError
from pipeline.kafka.reader import latest_values
from pipeline.reports.cases import gather_cases
from pipeline.scores import report as parts
from pipeline.scores.counting import Counting
from pipeline.scores.drivers import (
    MAX_ANSWERS,
    Driver,
    answers_query,
    drivers,
    next_cursor,
    read_answers,
)
from pipeline.scores.estimates import estimate
from pipeline.scores.goals import Goal, GoalProgress, assess_goal
from pipeline.scores.measures import MEASURES, CommentShare
from pipeline.scores.own_sentiment import exclude_topics
from pipeline.scores.report import DimensionCounts, Report, ReportContext
from pipeline.scores.submissions import SubmissionListing
from pipeline.search.query import SearchRequest, build_query
from pipeline.settings import Settings
from pipeline.stages.classify_topics import Taxonomy
from schemas.case_documents import CASES_INDEX
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import COVERAGE
from schemas.score import MeasureName, Period, PeriodName

_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The contents of a report: scope, period, groups, measures and goals."""

    scope: SearchRequest
    frame: ReportContext
    step: PeriodName
    """Calendar period of the trend, the size of ``frame.steps``."""
    by: tuple[str, ...]
    chosen: tuple[MeasureName, ...]
    """Requested measures; empty: those that were answered."""
    goals: tuple[Goal, ...]
    zone: tzinfo


def gather_report(request: ReportRequest, settings: Settings, taxonomy: Taxonomy) -> Report:
    """Return the report; raises ``Unavailable`` or ``CommandError``."""
    with connect(settings) as client, command_errors("reporting", settings):
        gatherer = _Gatherer(client.options(request_timeout=_TIMEOUT_S), request, taxonomy)
        return gatherer.report(_load_coverage(settings))


class _Gatherer:
    """The queries of one report."""

    def __init__(self, client: Elasticsearch, request: ReportRequest, taxonomy: Taxonomy) -> None:
        self._client = client
        self._request = request
        self._frame = request.frame
        self._query = _scope_query(request.scope)
        self._taxonomy = taxonomy
        self._themes = _themes(taxonomy)

    def report(self, ledger: list[Any] | None) -> Report:
        frame = self._frame
        counts = {name: self._counts(name) for name in (None, "theme", *self._request.by)}
        goals = [(goal, *self._goal_counts(goal)) for goal in self._request.goals]
        self._count_all(
            [*counts.values(), *(DimensionCounts(now, now, trend) for _, now, trend in goals)]
        )
        overall = parts.total_row(frame, counts[None])
        lead = parts.select_primary_measure(overall, self._request.chosen)
        breakdowns = tuple(parts.breakdown(frame, name, counts[name]) for name in self._request.by)
        by_source = next((part for part in breakdowns if part.dimension == "source"), None)
        themed = {topic for topics in self._themes.values() for topic in topics}
        drivers_, answers = self._drivers(lead, themed)
        sources = None
        if ledger is not None:
            sources = parts.source_states(ledger, frame.computed_at, by_source)
        report = Report(
            frame=frame,
            zone=str(self._request.zone),
            overall=overall,
            lead=lead,
            breakdowns=breakdowns,
            scorecard=parts.breakdown(frame, "theme", counts["theme"]),
            drivers=drivers_,
            driver_answers=answers,
            goals=tuple(self._progress(*goal) for goal in goals),
            sources=sources,
            newest=self._newest(),
            titles=_titles(self._taxonomy),
            cases=gather_cases(self._search_cases, self._request.scope, frame, self._request.by),
        )
        return report if self._request.chosen else parts.drop_empty_measures(report)

    def _counts(self, group: str | None) -> DimensionCounts:
        frame = self._frame
        return DimensionCounts(
            now=self._counting(frame.period, group=group, shares=tuple(CommentShare)),
            before=self._counting(frame.previous, group=group),
            trend=self._counting(_whole(frame.steps), group=group, step=self._request.step),
        )

    def _goal_counts(self, goal: Goal) -> tuple[Counting, Counting]:
        """Return the counts of the period and by step, for a goal's group within the scope."""
        only = goal.dimensions.model_dump(exclude_none=True)
        asked: dict[str, Any] = {"only": only, "measures": (goal.measure,)}
        trend = self._counting(_whole(self._frame.steps), step=self._request.step, **asked)
        return self._counting(self._frame.period, **asked), trend

    def _counting(self, within: Period, **options: Any) -> Counting:
        options.setdefault("measures", self._frame.measures)
        options |= {"topics": self._request.scope.topics, "themes": self._themes}
        return Counting(self._query, within=within, zone=self._request.zone, **options)

    def _count_all(self, counts: list[DimensionCounts]) -> None:
        """Fill the counts: each from its own searches, then all from one listing of submissions."""
        each = {
            id(counting): counting
            for part in counts
            for counting in (part.now, part.before, part.trend)
        }
        for counting in each.values():
            while not counting.is_complete:
                counting.consume_response(self._search(counting.next_query()))
        frame = self._frame
        start = min(frame.previous.start, frame.steps[0].start)
        within = Period(name=PeriodName.CUSTOM, start=start, end=frame.period.end)
        listing = SubmissionListing(self._query, within=within, measures=tuple(MEASURES))
        while not listing.is_complete:
            for submission in listing.consume_response(self._search(listing.next_query())):
                for counting in each.values():
                    counting.add(submission)

    def _drivers(self, lead: MeasureName, themed: set[str]) -> tuple[tuple[Driver, ...], int]:
        measure = MEASURES[lead]
        hits: list[Mapping[str, Any]] = []
        after: list[Any] | None = None
        while len(hits) < MAX_ANSWERS:
            page = self._search(answers_query(measure, self._query, self._frame.period, after))
            hits += page["hits"]["hits"]
            after = next_cursor(page)
            if after is None:
                break
        topics = self._request.scope.topics
        answers = read_answers(measure, hits, topics)
        # What is said of the scope's topics is that score itself.
        candidates = themed if measure.answered else exclude_topics(themed, topics)
        return drivers(measure, answers, candidates), len(answers)

    def _progress(self, goal: Goal, now: Counting, trend: Counting) -> GoalProgress:
        frame, measure = self._frame, goal.measure
        return assess_goal(
            goal,
            estimate(MEASURES[measure], now.counts(measure, None, None)),
            frame.period.end,
            parts.compute_trend(trend, measure, None, frame),
            self._request.zone,
        )

    def _newest(self) -> datetime | None:
        body = {
            "size": 0,
            "query": self._query,
            "aggs": {"newest": {"max": {"field": "@timestamp"}}},
        }
        newest = self._search(body)["aggregations"]["newest"]["value"]
        return None if newest is None else datetime.fromtimestamp(newest / 1000, self._request.zone)

    def _search_cases(self, body: dict[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._client.search(
            index=CASES_INDEX, body=body, ignore_unavailable=True
        ).body
        return answer

    def _search(self, body: dict[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._client.search(index=READ_ALIAS, body=body).body
        return answer


def _scope_query(scope: SearchRequest) -> dict[str, Any]:
    query: dict[str, Any] = build_query(replace(scope, since=None, until=None))["query"]
    return query


def _whole(steps: tuple[Period, ...]) -> Period:
    return Period(name=PeriodName.CUSTOM, start=steps[0].start, end=steps[-1].end)


def _themes(taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    """Return the topics of each theme."""
    themes = dict.fromkeys(topic.theme for topic in taxonomy.topics.values() if topic.theme)
    return {
        theme: tuple(name for name, topic in taxonomy.topics.items() if topic.theme == theme)
        for theme in themes
    }


def _titles(taxonomy: Taxonomy) -> dict[str, str]:
    titles = {name: topic.title for name, topic in taxonomy.topics.items()}
    return titles | {name: theme.title for name, theme in taxonomy.themes.items()}


def _load_coverage(settings: Settings) -> list[Any] | None:
    """Return the sources' last runs, or None if Kafka does not answer; scores do not need them."""
    try:
        return list(parse_coverage(latest_values(settings.kafka, COVERAGE).values()).values())
    except TransientError:
        return None
