"""Server-sent events over one connection, heartbeats included.

A stream has no end, so time and size are those of one event.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError, connect_sse

from connectors.sdk.errors import Retry
from connectors.sdk.http import (
    USER_AGENT,
    HttpResponse,
    classify_response,
    silence_httpx_logging,
)
from connectors.sdk.http_transport import ONLY_PUBLIC, Transport

HEARTBEAT: Final = "heartbeat"
_MAX_EVENT_BYTES: Final = 2_000_000
_EVENT_END: Final = re.compile(rb"\n\n|\n\r\n|\r\r")


def iter_events(
    url: str,
    params: dict[str, str],
    auth: httpx.Auth | None,
    silence: float,
    *,
    only_public: bool = False,
) -> Iterator[ServerSentEvent]:
    """Yield events until the server ends the stream; a comment yields a ``HEARTBEAT`` event.

    Raises ``Fatal``, or ``Retry``: if nothing was received for ``silence`` seconds, after a last
    heartbeat. ``only_public``: a service named the address, which must not be a private one.
    """
    silence_httpx_logging()
    address = httpx.URL(url)
    where = f"GET {address.host}{address.path}"
    timeout = httpx.Timeout(silence, connect=10.0)
    extensions = {ONLY_PUBLIC: only_public}
    with ExitStack() as stack:
        client = stack.enter_context(
            httpx.Client(
                auth=auth,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
                timeout=timeout,
                trust_env=False,
                transport=Transport(math.inf, math.inf),
            )
        )
        try:
            source = stack.enter_context(
                connect_sse(client, "GET", url, params=params, extensions=extensions)
            )
            answer = HttpResponse(source.response.status_code, source.response.headers, b"", where)
            problem = classify_response(answer)
            if problem is not None:
                raise problem
            yield from _with_heartbeats(source.response).iter_sse()
        except httpx.ReadTimeout:
            yield ServerSentEvent(HEARTBEAT)
            raise Retry(f"listening to {where}: silent for {silence:g} s") from None
        except (httpx.RequestError, SSEError) as error:
            raise Retry(f"listening to {where}: {type(error).__name__}") from None


def _with_heartbeats(response: httpx.Response) -> EventSource:
    """Return the response's events, and one per comment between them, which httpx-sse ignores."""

    def chunks() -> Iterator[bytes]:
        between = True
        size = 0
        last = b""  # an event may end in the next chunk
        for chunk in response.iter_bytes():
            text = last + chunk
            size = len(chunk) if _EVENT_END.search(text) else size + len(chunk)
            if size > _MAX_EVENT_BYTES:
                raise Retry(f"listening: an event is larger than {_MAX_EVENT_BYTES:,} bytes")
            yield chunk
            last = text[-2:]
            if between and chunk.startswith(b":") and chunk.endswith(b"\n"):
                yield f"event: {HEARTBEAT}\n\n".encode()
            else:
                between = text.endswith((b"\n\n", b"\n\r\n", b"\r\r"))

    return EventSource(httpx.Response(200, headers=response.headers, content=chunks()))
