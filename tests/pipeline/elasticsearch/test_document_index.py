"""A small index on a real Elasticsearch: latest version, missing documents, missing template."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pipeline.elasticsearch.client import connect_async
from pipeline.elasticsearch.document_index import Document, DocumentIndex
from pipeline.failures import PermanentError, TransientError
from pipeline.settings import Settings
from schemas.score_documents import SCORES_TEMPLATE

INDEX = "test-documents"
FIRST, SECOND = "01" * 16, "02" * 16


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Any]:
    async with connect_async(settings) as client:
        yield client
        await client.options(ignore_status=404).indices.delete(index=INDEX)


def open_index(client: Any, template: str = SCORES_TEMPLATE) -> DocumentIndex:
    return DocumentIndex(client, INDEX, template, title="documents")


async def test_a_document_is_kept_at_its_highest_version(client: Any) -> None:
    index = open_index(client)
    for version, text in ((2, "second"), (1, "first"), (2, "again")):
        assert await index.write([Document(FIRST, version, {"text": text})]) == []
    assert await index.get([FIRST, SECOND]) == {FIRST: {"text": "second"}}
    await index.refresh()
    assert await index.search({"match_all": {}}, sort="at", size=10) == [{"text": "second"}]


async def test_an_index_that_does_not_exist_has_no_documents(client: Any) -> None:
    index = open_index(client)
    assert await index.get([FIRST]) == {}
    assert await index.search({"match_all": {}}, sort="at", size=10) == []


async def test_a_rejected_document_is_a_failure_and_the_others_are_written(client: Any) -> None:
    index = open_index(client)
    await client.indices.create(index=INDEX, mappings={"properties": {"n": {"type": "long"}}})
    failures = await index.write([Document(FIRST, 1, {"n": "x"}), Document(SECOND, 1, {"n": 2})])
    assert [(each.index, each.error, each.retryable) for each in failures] == [
        (0, "document_parsing_exception", False)
    ]
    assert await index.get([FIRST, SECOND]) == {SECOND: {"n": 2}}


async def test_without_its_template_nothing_is_written(client: Any) -> None:
    index = open_index(client, "no-such-template")
    with pytest.raises(PermanentError, match="'no-such-template'; run `feedback setup`"):
        await index.write([Document(FIRST, 1, {})])
    assert not await client.indices.exists(index=INDEX)


async def test_a_server_that_does_not_answer_is_a_transient_error() -> None:
    async with connect_async(Settings(elasticsearch_url="http://127.0.0.1:9")) as client:
        with pytest.raises(TransientError, match="writing documents: ConnectionError"):
            await open_index(client).write([Document(FIRST, 1, {})])
