"""`feedback report --publish`: publishes scores to Kafka and to their own index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from pipeline.elasticsearch.client import connect_async, shown_urls
from pipeline.elasticsearch.document_index import Document, DocumentIndex
from pipeline.elasticsearch.errors import role_errors
from pipeline.errors import CommandError, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.publishing import publishing
from pipeline.scores.report import Report, iter_scores
from pipeline.settings import Settings
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import SCORES
from schemas.message import Message
from schemas.score import Score
from schemas.score_documents import (
    SCORES_INDEX,
    SCORES_TEMPLATE,
    score_document,
    score_index_template,
)

_BATCH_SIZE: Final = 1_000  # documents of one bulk request


def publish_scores(report: Report, settings: Settings) -> str:
    """Write every score to Kafka and to the index; return a sentence about it.

    Raises ``Unavailable`` or ``CommandError``. Idempotent: each score keeps its id.
    """
    scores = list(iter_scores(report))
    create_kafka_topics(settings)
    asyncio.run(_publish(scores, settings))
    return f"published {len(scores):,} scores"


def score_messages(scores: Iterable[Score]) -> list[Message]:
    """Return the messages of scores; each computation of a score is a separate event."""
    return [
        Message(
            SCORES,
            score.score_id.encode(),
            score.to_payload(),
            cloud_event_headers(
                event_id=f"{score.score_id}.{_milliseconds(score)}",
                source="report",
                event_type=SCORES.ce_type,
                time=score.computed_at,
            ),
        )
        for score in scores
    ]


async def _publish(scores: list[Score], settings: Settings) -> None:
    async with publishing(settings.kafka, "scores") as producer:
        await producer.write(score_messages(scores))
    client = connect_async(settings)
    try:
        with role_errors("putting the index template of scores"):
            await client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
        await _index(scores, DocumentIndex(client, SCORES_INDEX, SCORES_TEMPLATE, title="scores"))
    except TransientError as error:
        raise Unavailable(f"publishing to {_where(settings)}: {error}") from None
    except PermanentError as error:
        raise CommandError(f"publishing to {_where(settings)}: {error}") from None
    finally:
        await client.close()


async def _index(scores: list[Score], index: DocumentIndex) -> None:
    """Write each score under its id; the latest computation stays."""
    documents = [
        Document(score.score_id, _milliseconds(score), score_document(score)) for score in scores
    ]
    for start in range(0, len(documents), _BATCH_SIZE):
        failures = await index.write(documents[start : start + _BATCH_SIZE])
        if failures:
            raise PermanentError(failures[0].reason)
    await index.refresh()


def _milliseconds(score: Score) -> int:
    """Return the Unix time (ms) of the computation."""
    return int(score.computed_at.timestamp() * 1000)


def _where(settings: Settings) -> str:
    return f"Elasticsearch at {shown_urls(settings)}"
