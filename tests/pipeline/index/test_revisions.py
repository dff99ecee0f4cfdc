"""Records that moved to another month, on a real server: one document each, the newest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from pipeline.elasticsearch.client import connect_async
from pipeline.enrich.enricher import Enricher
from pipeline.index.sink import ElasticsearchSink
from pipeline.settings import Settings
from schemas.documents import INDEX_PATTERN
from schemas.feedback import EnrichedFeedback, Feedback, Operation

ENRICHMENT = Enricher()
DELETE = Operation.DELETE


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Any]:
    client = connect_async(settings)
    yield client
    await client.close()


@pytest.fixture
def sink(client: Any) -> ElasticsearchSink:
    return ElasticsearchSink(client, bulk_bytes=100_000)


def record(native_id: str, month: int, **fields: Any) -> EnrichedFeedback:
    """Feedback of 2025; its revision is the time it bears, unless it is given."""
    raw = Feedback.collect(
        source="revisions",
        native_id=native_id,
        created_at=datetime(2025, month, 10, tzinfo=UTC),
        family="review",
        text=f"of month {month}",
        **fields,
    )
    return ENRICHMENT.enrich(raw, at=datetime(2026, 1, 4, tzinfo=UTC))


def payloads(*records: EnrichedFeedback) -> list[bytes]:
    return [record.to_payload() for record in records]


async def months(client: Any, response: EnrichedFeedback) -> list[int]:
    """In which months documents of a record stand."""
    await client.indices.refresh(index=INDEX_PATTERN)
    query = {"ids": {"values": [response.event_id]}}
    hits = (await client.search(index=INDEX_PATTERN, query=query))["hits"]["hits"]
    return sorted(int(hit["_index"].split(".")[1]) for hit in hits)


@pytest.mark.parametrize("redated", [True, False])
def test_an_enriched_record_says_whether_it_was_redated(redated: bool) -> None:
    raw = Feedback.model_validate(record("said", 1, redated=redated).model_dump())
    ((_, enriched),), _ = ENRICHMENT.enrich_payloads([raw.to_payload()])
    assert orjson.loads(enriched.to_payload())["redated"] is redated


async def test_a_redated_record_leaves_its_earlier_month(
    client: Any, sink: ElasticsearchSink
) -> None:
    first, other = record("moved", 1), record("stays", 1)
    assert await sink.write(payloads(first, other)) == []  # without a refresh
    assert await sink.write(payloads(record("moved", 3, redated=True))) == []
    assert (await months(client, first), await months(client, other)) == ([3], [1])


async def test_revisions_of_one_batch_leave_the_newest(
    client: Any, sink: ElasticsearchSink
) -> None:
    batch = [record("batch", month, redated=True) for month in (2, 4, 3)]
    assert await sink.write(payloads(*batch)) == []
    assert await months(client, batch[0]) == [4]


async def test_a_redated_record_that_comes_late_gives_way(
    client: Any, sink: ElasticsearchSink
) -> None:
    newest = record("late", 6)
    await sink.write(payloads(newest))
    assert await sink.write(payloads(record("late", 5, redated=True))) == []
    assert await months(client, newest) == [6]


async def test_an_earlier_revision_written_again_gives_way(
    client: Any, sink: ElasticsearchSink
) -> None:
    first, moved = record("again", 1), record("again", 2, redated=True)
    await sink.write(payloads(moved))
    assert await sink.write(payloads(first)) == []  # its own try before had failed, say
    assert await months(client, first) == [2]


@pytest.mark.parametrize("redated", [True, False])
async def test_a_delete_finds_its_record_in_any_month(
    client: Any, sink: ElasticsearchSink, redated: bool
) -> None:
    name = f"deleted-{redated}"
    first = record(name, 1)
    await sink.write(payloads(first))
    deleted = record(name, 7, operation=DELETE, redated=redated)
    assert await sink.write(payloads(deleted)) == []
    assert await months(client, first) == []
    await sink.write(payloads(first))
    assert await months(client, first) == []


async def test_a_redated_delete_takes_the_other_months_too(
    client: Any, sink: ElasticsearchSink
) -> None:
    first, second = record("both", 1), record("both", 2)
    await sink.write(payloads(first, second))
    await sink.write(payloads(record("both", 2, operation=DELETE, redated=True)))
    assert await months(client, first) == []


async def test_a_delete_spares_what_is_newer(client: Any, sink: ElasticsearchSink) -> None:
    newer = record("spared", 9)
    await sink.write(payloads(newer))
    assert await sink.write(payloads(record("spared", 8, operation=DELETE))) == []
    assert await months(client, newer) == [9]


async def test_nothing_is_searched_where_no_record_asks(
    client: Any, sink: ElasticsearchSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "search", None)
    monkeypatch.setattr(client.indices, "refresh", None)
    first = record("plain", 1)
    assert await sink.write(payloads(first)) == []
    assert await sink.write(payloads(record("plain", 1, operation=DELETE))) == []


async def test_a_document_that_changes_meanwhile_is_a_conflict_of_its_record(
    client: Any, sink: ElasticsearchSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = record("race", 1), record("raceless", 1)
    await sink.write(payloads(first, other))
    search = client.search

    async def overtaken(**options: Any) -> Any:
        response = await search(**options)
        monkeypatch.undo()
        await ElasticsearchSink(client, bulk_bytes=100_000).write(
            payloads(record("race", 1, revision=first.revision + 1))
        )
        return response

    monkeypatch.setattr(client, "search", overtaken)
    batch = payloads(
        record("raceless", 2, redated=True), record("fine", 2), record("race", 2, redated=True)
    )
    failures = await sink.write(batch)
    assert [(failure.index, failure.retryable) for failure in failures] == [(2, True)]
    assert await months(client, other) == [2]
    assert await sink.write(batch[2:]) == []
    assert await months(client, first) == [2]


async def test_a_search_without_an_answer_fails_what_asked_for_it(
    client: Any, sink: ElasticsearchSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = client.options(request_timeout=0.000_001)
    monkeypatch.setattr(client, "search", impatient.search)
    batch = payloads(record("waits", 1), record("waits", 2, redated=True), record("fine", 3))
    failures = await sink.write(batch)
    assert [(f.index, f.error, f.retryable) for f in failures] == [(1, "TransientError", True)]
    monkeypatch.undo()
    assert await sink.write(batch[1:2]) == []
    assert await months(client, record("waits", 1)) == [2]
