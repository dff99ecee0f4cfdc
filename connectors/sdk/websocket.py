"""Messages of a WebSocket over one connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
)
from websockets.sync.client import reconnect

from connectors.sdk.errors import Retry
from connectors.sdk.http import USER_AGENT, HttpResponse, classify_response

_MAX_BYTES: Final = 2_000_000


class _Connect(reconnect):
    """Connects to the configured server only: a redirect would lead to any other address."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Return the error as it is: the redirect is not followed."""
        return exc


def iter_messages(url: str, params: dict[str, str], silence: float) -> Iterator[str | bytes | None]:
    """Yield messages until the server closes the connection; None after ``silence`` seconds.

    Raises ``Retry`` or ``Fatal``.
    """
    address = httpx.URL(url).copy_merge_params(params)
    where = f"GET {address.host}{address.path}"
    try:
        with _Connect(
            str(address),
            user_agent_header=USER_AGENT,
            proxy=None,
            open_timeout=10,
            close_timeout=2,
            max_size=_MAX_BYTES,
        ) as connection:
            while True:
                try:
                    message: str | bytes | None = connection.recv(silence)
                except TimeoutError:
                    message = None
                yield message
    except ConnectionClosedOK:
        return
    except InvalidStatus as error:
        response = error.response
        answer = HttpResponse(
            response.status_code, httpx.Headers([*response.headers.raw_items()]), b"", where
        )
        raise classify_response(answer) or Retry(
            f"listening to {where}: the server does not speak WebSocket"
        ) from None
    except (ConnectionClosedError, InvalidHandshake, OSError) as error:
        raise Retry(f"listening to {where}: {type(error).__name__}") from None
