"""Elasticsearch clients and searches for commands; errors become sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from pipeline.elasticsearch.client import Elasticsearch, connect
from pipeline.elasticsearch.errors import command_errors
from pipeline.settings import Settings

_TIMEOUT_S: Final = 8.0

MAX_HITS: Final = 10_000
"""Elasticsearch's default limit of one search (``index.max_result_window``)."""


@contextmanager
def open_elasticsearch(settings: Settings, action: str) -> Iterator[Elasticsearch]:
    """Open a client for the block; ``action`` begins the message of an error: "listing alerts".

    Raises ``Unavailable`` or ``CommandError``.
    """
    with connect(settings) as client, command_errors(action, settings):
        yield client.options(request_timeout=_TIMEOUT_S)


def search_documents(
    settings: Settings,
    action: str,
    index: str,
    query: dict[str, Any],
    *,
    by: str,
    order: str,
    limit: int,
) -> tuple[list[dict[str, Any]], int]:
    """Return documents in the ``order``, "asc" or "desc", of the date ``by``, and the total number.

    Raises ``Unavailable`` or ``CommandError``.
    """
    with open_elasticsearch(settings, action) as client:
        response = client.search(
            index=index,
            ignore_unavailable=True,
            query={"bool": query},
            sort=[
                {by: {"order": order, "unmapped_type": "date"}},
                {"event.id": {"order": "asc", "unmapped_type": "keyword"}},
            ],
            size=limit,
            track_total_hits=True,
        )
    hits = response["hits"]
    return [hit["_source"] for hit in hits["hits"]], hits["total"]["value"]


def read_pages(
    settings: Settings, action: str, index: str, body: Mapping[str, Any]
) -> Iterator[list[Mapping[str, Any]]]:
    """Yield all documents of a sorted search, page by page, as they were at its beginning.

    Raises ``Unavailable`` or ``CommandError``.
    """
    after: dict[str, Any] = {}
    with open_elasticsearch(settings, action) as client:
        point = client.open_point_in_time(index=index, keep_alive="5m", ignore_unavailable=True)
        point_id = point["id"]
        try:
            while True:
                pit = {"id": point_id, "keep_alive": "5m"}
                response = client.search(**to_arguments(body), pit=pit, **after).body
                point_id = response.get("pit_id", point_id)
                hits = response["hits"]["hits"]
                if not hits:
                    return
                yield [hit["_source"] for hit in hits]
                after = {"search_after": hits[-1]["sort"]}
        finally:
            client.close_point_in_time(id=point_id)


def to_arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a search body as arguments of the client, which calls ``_source`` otherwise."""
    return {name.removeprefix("_"): value for name, value in body.items()}
