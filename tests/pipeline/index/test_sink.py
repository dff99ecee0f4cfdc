"""The bulk sink: lines, verdicts, and a real server."""

from datetime import UTC, datetime

import orjson
import pytest

from pipeline.elasticsearch.client import connect, connect_async
from pipeline.elasticsearch.templates import put_templates
from pipeline.enrich.enricher import Enricher
from pipeline.failures import Failure, PermanentError
from pipeline.index.sink import ElasticsearchSink, bulk_operation, stop_if_too_many
from pipeline.settings import Settings
from schemas.documents import TEMPLATE_NAME
from schemas.feedback import EnrichedFeedback, Feedback, Operation
from tests.support.pipeline import count_documents

ENRICHMENT = Enricher()


def enrich(number: int, **fields: object) -> EnrichedFeedback:
    raw = Feedback.collect(
        source="sink",
        native_id=str(number),
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family="form",
        text="Waited for hours",
    )
    record = ENRICHMENT.enrich(raw, at=datetime(2026, 8, 4, tzinfo=UTC))
    return record.model_copy(update=fields)


def test_an_upsert_is_versioned_by_twice_the_sources_revision() -> None:
    record = enrich(1)
    action, document = map(orjson.loads, bulk_operation(record.to_payload()).splitlines())
    assert action == {
        "index": {
            "_index": "feedback-2026.08.01",
            "_id": record.event_id,
            "version": 2 * record.revision,
            "version_type": "external_gte",
        }
    }
    assert document["message"] == "Waited for hours"


def test_a_delete_has_no_document() -> None:
    lines = bulk_operation(enrich(1, operation=Operation.DELETE).to_payload()).splitlines()
    assert [list(orjson.loads(line)) for line in lines] == [["delete"]]


def test_a_fifth_refused_is_no_fault_of_the_documents() -> None:
    refused = [Failure(n, "because", "strict_dynamic_mapping", False) for n in range(60)]
    stop_if_too_many(refused, 1_000)
    stop_if_too_many(refused[:10], 10)
    with pytest.raises(PermanentError, match="60 of 200 documents are refused"):
        stop_if_too_many(refused, 200)


async def test_only_what_was_refused_fails(settings: Settings) -> None:
    client = connect_async(settings)
    sink = ElasticsearchSink(client, bulk_bytes=2_000)  # several requests
    good = [enrich(number).to_payload() for number in range(20)]
    odd = orjson.loads(good[0]) | {"event_id": "e" * 32}
    odd["sentiment"]["mood"] = "strict mapping"
    batch = [*good[:10], b"{", orjson.dumps(odd), None, *good[10:]]
    failures = await sink.write(batch)
    await client.close()
    assert [(f.index, f.error, f.retryable) for f in failures] == [
        (10, "JSONDecodeError", False),
        (11, "strict_dynamic_mapping_exception", False),
        (12, "JSONDecodeError", False),
    ]
    assert count_documents(settings, "sink") == 20


async def test_a_server_that_does_not_answer_is_waited_for() -> None:
    client = connect_async(Settings(elasticsearch_url="http://127.0.0.1:9"))
    failures = await ElasticsearchSink(client, bulk_bytes=10_000).write([enrich(1).to_payload()])
    await client.close()
    assert [failure.retryable for failure in failures] == [True]


async def test_without_the_index_template_nothing_is_written(settings: Settings) -> None:
    client = connect_async(settings)
    await client.indices.delete_index_template(name=TEMPLATE_NAME)
    try:
        with pytest.raises(PermanentError, match="run `feedback setup`"):
            await ElasticsearchSink(client, bulk_bytes=10_000).write([enrich(99).to_payload()])
    finally:
        with connect(settings) as synchronous:
            put_templates(synchronous, settings)
        await client.close()
