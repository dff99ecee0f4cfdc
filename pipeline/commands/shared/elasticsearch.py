"""A client of Elasticsearch for a command that asks something: what fails becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from elasticsearch import ApiError, Elasticsearch, TransportError, UnsupportedProductError

from pipeline.elasticsearch.client import connect, shown_urls
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.settings import Settings

_TIMEOUT_S: Final = 8.0
_NOT_READY: Final = (429, 502, 503, 504)
_PREFIX: Final = re.compile(r"[0-9a-f]{4,32}")

MOST: Final = 10_000
"""The window that Elasticsearch opens to one search by default."""

_Found = TypeVar("_Found")


@contextmanager
def asking(settings: Settings, doing: str) -> Iterator[Elasticsearch]:
    """A client for the block, whose failures are told as ``doing``: "listing alerts".

    Raises ``Unavailable`` or ``CommandError``.
    """
    where = f"Elasticsearch at {shown_urls(settings)}"
    with connect(settings) as client:
        try:
            yield client.options(request_timeout=_TIMEOUT_S)
        except UnsupportedProductError:
            raise Unavailable(f"{doing}: what answers at {where} is not its version 9") from None
        except ApiError as error:
            status = error.status_code
            if status in (401, 403):
                raise CommandError(
                    f"{doing}: {where} does not allow it; check FEEDBACK_ELASTICSEARCH_API_KEY"
                ) from None
            if status in _NOT_READY:
                raise Unavailable(f"{doing}: {where} is not ready (status {status})") from None
            raise CommandError(f"{doing}: {where} answers {error}") from None
        except TransportError as error:
            raise Unavailable(
                f"{doing}: connecting to {where}: {type(error).__name__}; start one with "
                "`feedback up` or set FEEDBACK_ELASTICSEARCH_URL"
            ) from None


def listed(
    settings: Settings,
    doing: str,
    index: str,
    query: dict[str, Any],
    *,
    by: str,
    order: str,
    limit: int,
) -> tuple[list[dict[str, Any]], int]:
    """The documents in the ``order``, "asc" or "desc", of the date ``by``, and how many there are
    beyond the limit too; raises as :func:`asking`."""
    with asking(settings, doing) as client:
        answer = client.search(
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
    hits = answer["hits"]
    return [hit["_source"] for hit in hits["hits"]], hits["total"]["value"]


def checked_prefix(text: str, what: str) -> str:
    """An id's beginning; raises ``CommandError``."""
    prefix = text.strip().lower()
    if _PREFIX.fullmatch(prefix) is None:
        raise CommandError(
            f"finding {what}: an id is 4 to 32 of the characters 0-9 and a-f", ExitStatus.USAGE
        )
    return prefix


def the_one(found: Sequence[_Found], ids: Sequence[str], prefix: str, what: str) -> _Found:
    """The only one that was found; raises ``CommandError`` for none and for several."""
    if not found:
        raise CommandError(f"finding {what} {prefix}: there is none")
    if len(found) > 1:
        raise CommandError(f"finding {what} {prefix}: which of {', '.join(ids)}?", ExitStatus.USAGE)
    return found[0]
