"""`feedback report --publish`: the scores as records for subscribers, and in their own index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from elasticsearch import ApiError, TransportError

from pipeline.elasticsearch.client import connect, shown_urls
from pipeline.errors import CommandError, Unavailable
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.producer import Message
from pipeline.kafka.publishing import publishing
from pipeline.scores.report import Report, iter_scores
from pipeline.settings import Settings
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import SCORES
from schemas.score import Score
from schemas.score_documents import (
    SCORES_INDEX,
    SCORES_TEMPLATE,
    score_document,
    score_index_template,
)


def publish_scores(report: Report, settings: Settings) -> str:
    """Write every score to Kafka and to the index; a sentence of what was written.

    Raises ``Unavailable`` or ``CommandError``. Safe to repeat: each score keeps its id.
    """
    scores = list(iter_scores(report))
    create_kafka_topics(settings)
    asyncio.run(_send(scores, settings))
    index_scores(scores, settings)
    return f"published {len(scores):,} scores"


def score_messages(scores: Iterable[Score]) -> list[Message]:
    """What publishes scores: each computation of one is an event of its own."""
    return [
        Message(
            score.score_id,
            score.to_payload(),
            cloud_event_headers(
                event_id=f"{score.score_id}.{int(score.computed_at.timestamp() * 1000)}",
                source="report",
                event_type=SCORES.ce_type,
                time=score.computed_at,
            ),
        )
        for score in scores
    ]


def index_scores(scores: Iterable[Score], settings: Settings) -> None:
    """Put the template, and each score as a document under its id."""
    operations: list[dict[str, Any]] = []
    for score in scores:
        operations += [{"index": {"_id": score.score_id}}, score_document(score)]
    where = f"publishing scores to Elasticsearch at {shown_urls(settings)}"
    with connect(settings) as client:
        try:
            client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
            for start in range(0, len(operations), 2_000):
                part = operations[start : start + 2_000]
                answer = client.bulk(index=SCORES_INDEX, operations=part, refresh=True)
                if answer["errors"]:
                    raise CommandError(f"{where}: {_first_error(answer)}")
        except ApiError as error:
            raise CommandError(f"{where}: {error}") from None
        except TransportError as error:
            raise Unavailable(f"{where}: {type(error).__name__}") from None


async def _send(scores: Iterable[Score], settings: Settings) -> None:
    async with publishing(settings.kafka_bootstrap_servers, "scores") as sink:
        await sink.write(SCORES, score_messages(scores))


def _first_error(answer: Any) -> str:
    failed = next(item["index"] for item in answer["items"] if "error" in item["index"])
    return str(failed["error"].get("reason", failed["error"]))
