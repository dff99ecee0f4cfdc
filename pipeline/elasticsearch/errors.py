"""Elasticsearch's errors, translated once: for the worker's roles and for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from elasticsearch import ApiError, ConnectionTimeout, TransportError, UnsupportedProductError
from elasticsearch import ConnectionError as NoConnection

from pipeline.elasticsearch.client import shown_urls
from pipeline.errors import CommandError, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.settings import Settings

_TOO_LARGE: Final = 413
_OVERLOADED: Final = frozenset({408, 429})
_NOT_READY: Final = frozenset({429, 502, 503, 504})


class RequestTooLarge(PermanentError):
    """The server's limit for the size of a request is exceeded (status 413)."""


def is_transient(status: int) -> bool:
    """True if the same request may succeed later."""
    return status in _OVERLOADED or status >= 500


@contextmanager
def role_errors(action: str) -> Iterator[None]:
    """Raise the client's errors as ``TransientError`` or ``PermanentError``.

    ``action`` begins the message: "writing cases". A request that exceeds the server's limit
    raises :class:`RequestTooLarge`.
    """
    try:
        yield
    except ApiError as error:
        status = error.meta.status
        if is_transient(status):
            raise TransientError(f"{action}: status {status}") from None
        kind = RequestTooLarge if status == _TOO_LARGE else PermanentError
        raise kind(f"{action}: rejected by the server with status {status}") from None
    except TransportError as error:
        raise TransientError(f"{action}: {type(error).__name__}") from None


@contextmanager
def command_errors(action: str, settings: Settings) -> Iterator[None]:
    """Raise the client's errors as ``Unavailable`` or ``CommandError``, one sentence each.

    ``action`` begins the message: "listing alerts". No message holds a user name or a password.
    """
    try:
        yield
    except ApiError as error:
        raise _to_command_error(action, settings, error) from None
    except TransportError as error:
        raise Unavailable(
            f"connecting to Elasticsearch at {shown_urls(settings)}: {_cause(error)}; start one "
            "with `feedback up` or set FEEDBACK_ELASTICSEARCH_URL"
        ) from None


def _to_command_error(action: str, settings: Settings, error: ApiError) -> CommandError:
    status = error.meta.status
    where = f"Elasticsearch at {shown_urls(settings)}"
    if error.error == "index_not_found_exception":
        return CommandError(
            f"{action}: {where} holds no feedback yet; run `feedback setup`, then import some with "
            "`feedback ingest` or `feedback demo`"
        )
    if status in (401, 403):
        return CommandError(
            f"{action}: {where} refused the credentials; check FEEDBACK_ELASTICSEARCH_API_KEY"
        )
    if status in _NOT_READY:
        return Unavailable(f"{action}: {where} is not ready (status {status})")
    if status == 404 or isinstance(error, UnsupportedProductError):
        return Unavailable(f"{action}: the server at {shown_urls(settings)} is not Elasticsearch 9")
    return CommandError(f"{action}: {where} answered {error}")


def _cause(error: TransportError) -> str:
    if isinstance(error, ConnectionTimeout):
        return "no answer in time"
    return "no connection" if type(error) is NoConnection else type(error).__name__
