"""HTTP/1.1 with bounds: uvicorn's protocol has none for the size and time of a request's headers.

What an application can't see is bounded here: headers, trailers, extensions of chunks, bodies that
it does not read, and connections that send nothing. Bodies that it reads are bounded in ``limits``.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from connectors.server.connections import Connections
from connectors.server.limits import ClientIdentifier
from connectors.server.problems import HTTPProblem

MAX_HEADER_BYTES: Final = 32_768
HEADERS_TIMEOUT_S: Final = 10.0
MESSAGE_TIMEOUT_S: Final = 30.0
_SLICE_BYTES: Final = 16_384
_LINGER_S: Final = 1.0
_LINGER_BYTES: Final = 262_144


class BoundedProtocol(HttpToolsProtocol):
    """One connection: uvicorn's, whose requests have a maximum size and time."""

    def __init__(
        self,
        *args: Any,
        connections: Connections,
        clients: ClientIdentifier,
        max_body_bytes: int,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        # Its warnings are a line per malformed request, which are counted instead.
        self.logger = logging.getLogger("uvicorn.error.requests")
        self._open = connections
        self._clients = clients
        # Chunks have a frame of their own, and some are small.
        self._max_message_bytes = MAX_HEADER_BYTES + 2 * max_body_bytes
        self._timer: asyncio.TimerHandle | None = None
        self._is_reading_headers = True
        self._is_reading_body = False
        self._is_refused = False
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._open.add(self, self._clients.identify_peer(self.client[0] if self.client else ""))
        self._set_timer(HEADERS_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._clear_timer()
        self._open.remove(self)
        super().connection_lost(exc)

    def drop(self) -> None:
        """Close it at once."""
        self._is_refused = True
        self._clear_timer()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse data in slices, until a bound is reached."""
        if self._is_refused:
            self._discard(len(data))
            return
        if self._timer is None and self._is_reading_headers:
            self._set_timer(HEADERS_TIMEOUT_S)  # also for line ends before a request
        for start in range(0, len(data), _SLICE_BYTES):
            if self._is_refused or self.transport.is_closing():
                return
            piece = data[start : start + _SLICE_BYTES]
            self._received += len(piece)
            super().data_received(piece)
            self._check_size()

    def _discard(self, size: int) -> None:
        self._received += size
        if self._received > _LINGER_BYTES and not self.transport.is_closing():
            self.transport.pause_reading()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._open.note_dropped("malformed")
        self._refuse(HTTPProblem(400, "reading the request: it is not valid HTTP", close=True))

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._is_reading_headers, self._is_reading_body = False, True
        self._set_timer(MESSAGE_TIMEOUT_S)
        self._open.work(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: what follows is the application's time."""
        self._is_reading_headers, self._is_reading_body = True, False
        self._received = 0
        self._clear_timer()
        super().on_message_complete()
        if self.cycle.response_complete:
            self._open.wait(self)

    def on_response_complete(self) -> None:
        """Wait for the next request, unless this one is still being read."""
        super().on_response_complete()
        if not self._is_reading_body and not self.pipeline:
            self._open.wait(self)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _check_size(self) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        if self._is_reading_headers and self._received > MAX_HEADER_BYTES:
            detail = f"reading the request: its headers are larger than {MAX_HEADER_BYTES:,} bytes"
            self._refuse(HTTPProblem(431, detail, close=True))
        elif self._received > self._max_message_bytes:
            detail = f"reading the request: more than {self._max_message_bytes:,} bytes"
            self._refuse(HTTPProblem(413, detail, close=True))

    def _set_timer(self, seconds: float) -> None:
        self._clear_timer()
        self._timer = self.loop.call_later(seconds, self._expire)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self.flow.read_paused or (self._is_reading_headers and self._is_answering):
            self._set_timer(MESSAGE_TIMEOUT_S)  # it is the application that takes its time
            return
        self._open.note_dropped("too_slow")
        self._refuse(HTTPProblem(408, "reading the request: not complete in time", close=True))

    def _refuse(self, problem: HTTPProblem) -> None:
        """Send a problem, if no response is under way, and close the connection."""
        self._is_refused = True
        self._received = 0
        self._clear_timer()
        self._unset_keepalive_if_required()
        self._open.remove(self)
        if self._is_answering:
            self.transport.abort()
            return
        response = problem.response()
        fields = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
        head = STATUS_LINE[problem.status] + fields + b"\r\n"
        self.transport.write(head + bytes(response.body))
        # Closed with data unread, it would be reset before the client has read why.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.abort)
