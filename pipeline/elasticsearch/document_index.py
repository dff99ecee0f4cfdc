"""A small index: one document per id, kept at its latest version. Cases, alerts and scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.elasticsearch.bulk import failed_items
from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.elasticsearch.errors import role_errors
from pipeline.failures import Failure, PermanentError, TransientError

Source = dict[str, Any]
"""A document's body."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document to write; a version is only replaced by a higher one."""

    id: str
    version: int
    body: Mapping[str, Any]


class RequiredTemplate:
    """Guards an index template: without it Elasticsearch would guess a mapping."""

    def __init__(self, client: AsyncElasticsearch, name: str) -> None:
        self._client = client
        self._name = name
        self._exists = False

    async def check(self, action: str) -> None:
        """Raise ``PermanentError`` if the template does not exist; asks the server only once."""
        if self._exists:
            return
        if not await self._client.indices.exists_index_template(name=self._name):
            raise PermanentError(
                f"{action}: no index template {self._name!r}; run `feedback setup`"
            )
        self._exists = True


class DocumentIndex:
    """One index and its documents. Every method raises ``TransientError`` or ``PermanentError``."""

    def __init__(
        self, client: AsyncElasticsearch, index: str, template: str, *, title: str
    ) -> None:
        """``title`` names the documents in messages: "cases". The caller closes the client."""
        self._client = client
        self._index = index
        self._title = title
        self._template = RequiredTemplate(client, template)

    async def write(self, documents: Sequence[Document]) -> list[Failure]:
        """Write documents in one request; returns those that are rejected permanently.

        A document that exists in the same or a higher version stays as it is. Raises
        ``TransientError`` unless all others are written.
        """
        action = f"writing {self._title}"
        operations: list[Mapping[str, Any]] = []
        for document in documents:
            operation = {
                "_id": document.id,
                "version": document.version,
                "version_type": "external",
            }
            operations += [{"index": operation}, document.body]
        if not operations:
            return []
        with role_errors(action):
            await self._template.check(action)
            response = await self._client.bulk(index=self._index, operations=operations)
        failures = failed_items(action, range(len(documents)), response["items"])
        for failure in failures:
            if failure.retryable:
                raise TransientError(failure.reason)
        return failures

    async def get(self, ids: Iterable[str]) -> dict[str, Source]:
        """Return the current documents by id, without those that do not exist."""
        action = f"reading {self._title}"
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        with role_errors(action):
            await self._template.check(action)
            response = await self._client.mget(index=self._index, ids=wanted)
        for item in response["docs"]:
            # A shard that did not answer does not mean that the document is missing.
            kind = item.get("error", {}).get("type")
            if kind is not None and kind != "index_not_found_exception":
                raise TransientError(f"{action}: {kind}")
        return {item["_id"]: item["_source"] for item in response["docs"] if item.get("found")}

    async def search(self, query: Mapping[str, Any], *, sort: str, size: int) -> list[Source]:
        """Return the first documents in ascending order of a field; empty without an index."""
        with role_errors(f"searching {self._title}"):
            response = await self._client.search(
                index=self._index,
                query=query,
                size=size,
                sort=[{sort: {"order": "asc", "unmapped_type": "date"}}],
                ignore_unavailable=True,
            )
        return [hit["_source"] for hit in response["hits"]["hits"]]

    async def refresh(self) -> None:
        """Make what was written visible to searches."""
        with role_errors(f"refreshing {self._title}"):
            await self._client.indices.refresh(index=self._index, ignore_unavailable=True)
