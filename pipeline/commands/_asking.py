"""A client of Elasticsearch for a command that asks something: what fails becomes a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pipeline.errors import CommandError, Unavailable
from pipeline.settings import Settings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_TIMEOUT_S: Final = 8.0
_NOT_READY: Final = (429, 502, 503, 504)


@contextmanager
def asking(settings: Settings, doing: str) -> Iterator[Elasticsearch]:
    """A client for the block, whose failures are told as ``doing``: "listing alerts".

    Raises ``Unavailable`` or ``CommandError``.
    """
    from elasticsearch import ApiError, TransportError, UnsupportedProductError

    from pipeline.sinks.elasticsearch_client import connect, shown_urls

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
