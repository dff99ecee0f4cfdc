"""Data of a digest: alerts, scores and cases from Elasticsearch, sources from Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.elasticsearch.errors import role_errors
from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.reader import latest_values
from pipeline.notify.alert_notices import create_alert_notice
from pipeline.notify.digest import CommentCounts, DigestContent
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.routes import Route
from pipeline.scores.own_sentiment import BY_TRANSLATION, LABEL_FIELD
from pipeline.search.query import build_filters
from pipeline.settings import KafkaConnection
from pipeline.watch.alert_settings import AlertSettings
from schemas.alert import Alert, AlertState
from schemas.alert_documents import ALERTS_INDEX, alert_from_document
from schemas.case_documents import CASES_INDEX
from schemas.coverage import Coverage, State
from schemas.documents import READ_ALIAS
from schemas.feedback import Label
from schemas.kafka_topics import COVERAGE
from schemas.score import Score
from schemas.score_documents import SCORES_INDEX

_MAX_ALERTS: Final = 500
_SCORED: Final = {"bool": {"must_not": [{"term": {LABEL_FIELD: Label.NOT_SCORED}}]}}
_OWN_TEXT: Final = {"bool": {"filter": [_SCORED], "must_not": [BY_TRANSLATION]}}
_COUNTED: Final[Mapping[str, Any]] = {
    "maybe_urgent": {"term": {"feedback.maybe_urgent": True}},
    "scored": _OWN_TEXT,
    "mixed": {"bool": {"filter": [_OWN_TEXT, {"term": {"feedback.sentiment.mixed": True}}]}},
    "by_translation": {"bool": {"filter": [BY_TRANSLATION, _SCORED]}},
    "negative_by_translation": {
        "bool": {"filter": [BY_TRANSLATION, {"term": {LABEL_FIELD: Label.NEGATIVE}}]}
    },
}
_PERIOD: Final = {"daily": "day", "weekly": "week"}


class DigestData:
    """Gathers the content of a route's digest, within the route's filters."""

    def __init__(
        self, client: AsyncElasticsearch, connection: KafkaConnection, settings: AlertSettings
    ) -> None:
        self._client = client
        self._connection = connection
        self._settings = settings

    async def gather(self, route: Route, since: datetime, until: datetime) -> DigestContent:
        """Return the content for a period; raises ``TransientError`` if a server is unavailable."""
        try:
            with role_errors("gathering a digest"):
                return DigestContent(
                    since=since,
                    until=until,
                    alerts=await self._alerts(route, since, until),
                    scores=await self._scores(route, since, until),
                    cases=await self._cases(route),
                    troubled=await asyncio.to_thread(self._find_troubled, route, until),
                    comments=await self._count_comments(route, since, until),
                )
        except PermanentError as error:
            # A digest that cannot be gathered must not stop the alerts.
            raise TransientError(str(error)) from None
        except TransientError as error:
            raise TransientError(f"gathering a digest: {error}") from None

    async def _alerts(self, route: Route, since: datetime, until: datetime) -> list[Alert]:
        within = [
            {"range": {"@timestamp": {"lt": until.isoformat()}}},
            {"range": {"alert.updated_at": {"gte": since.isoformat()}}},
        ]
        hits = await self._search(ALERTS_INDEX, {"bool": {"filter": within}}, "@timestamp")
        alerts = [alert_from_document(hit) for hit in hits]
        return [alert for alert in alerts if self._wants(route, alert)]

    def _wants(self, route: Route, alert: Alert) -> bool:
        notice = create_alert_notice(alert, self._settings)
        types = {f"alert.{state}" for state in AlertState}
        return any(route.matches(replace(notice, type=name)) for name in types)

    async def _scores(self, route: Route, since: datetime, until: datetime) -> list[Score]:
        # Scores are of everything; a route with filters gets none.
        wanted = route.settings
        if wanted.sites or wanted.organizations or wanted.topics or wanted.sources:
            return []
        filters = [
            {"term": {"score.depth": 0}},
            {"term": {"score.period.name": _PERIOD[wanted.digest or "daily"]}},
            {"range": {"score.period.end": {"gt": since.isoformat(), "lte": until.isoformat()}}},
        ]
        hits = await self._search(SCORES_INDEX, {"bool": {"filter": filters}}, "event.created")
        latest = {hit["score"]["measure"]: hit for hit in hits}
        return [_score_from_document(hit) for hit in latest.values()]

    async def _cases(self, route: Route) -> tuple[int, int] | None:
        if not await self._client.indices.exists(index=CASES_INDEX):
            return None
        fields = {
            "case.site": route.settings.sites,
            "organization.name": route.settings.organizations,
            "case.topics": route.settings.topics,
            "event.dataset": route.settings.sources,
        }
        filters = build_filters(fields)
        done = [{"term": {"case.status": "resolved"}}]
        overdue = [{"term": {"case.overdue": True}}]
        counts = [
            await self._client.count(
                index=CASES_INDEX, query={"bool": {"filter": [*filters, *more], "must_not": done}}
            )
            for more in ([], overdue)
        ]
        return counts[0]["count"], counts[1]["count"]

    async def _count_comments(
        self, route: Route, since: datetime, until: datetime
    ) -> CommentCounts | None:
        if not await self._client.indices.exists_alias(name=READ_ALIAS):
            return None
        wanted = route.settings
        fields = {
            "feedback.site": wanted.sites,
            "organization.name": wanted.organizations,
            "feedback.topics": wanted.topics,
            "event.dataset": wanted.sources,
        }
        period = {"gte": since.isoformat(), "lt": until.isoformat()}
        response = await self._client.search(
            index=READ_ALIAS,
            query={"bool": {"filter": [*build_filters(fields), {"range": {"@timestamp": period}}]}},
            size=0,
            aggs={name: {"filter": query} for name, query in _COUNTED.items()},
        )
        counted = response["aggregations"]
        return CommentCounts(**{name: counted[name]["doc_count"] for name in _COUNTED})

    def _find_troubled(self, route: Route, until: datetime) -> list[Coverage]:

        coverages = []
        for payload in latest_values(self._connection, COVERAGE).values():
            try:
                coverages.append(Coverage.from_payload(payload))
            except ValidationError:
                continue
        return [
            coverage
            for coverage in coverages
            if coverage.state(until) is not State.OK and route.matches(_as_notice(coverage, until))
        ]

    async def _search(self, index: str, query: dict[str, Any], order: str) -> list[dict[str, Any]]:
        await self._client.indices.refresh(index=index, ignore_unavailable=True)
        response = await self._client.search(
            index=index,
            query=query,
            size=_MAX_ALERTS,
            sort=[{order: {"order": "asc", "unmapped_type": "date"}}],
            ignore_unavailable=True,
        )
        return [hit["_source"] for hit in response["hits"]["hits"]]


def _as_notice(coverage: Coverage, until: datetime) -> Notice:
    """Return a source as a notice for the route's filters; it passes every urgency."""
    return Notice(
        notice_id="source",
        type="source.silent",
        at=until,
        urgency=Urgency.CRITICAL,
        title="",
        text="",
        data=b"{}",
        site=coverage.site,
        organization=coverage.organization,
        source=coverage.source,
    )


def _score_from_document(document: dict[str, Any]) -> Score:
    fields = {name: value for name, value in document["score"].items() if name != "depth"}
    return Score.model_validate(
        {
            **fields,
            "score_id": document["event"]["id"],
            "computed_at": document["event"]["created"],
        }
    )
