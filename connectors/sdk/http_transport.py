"""The transport below the HTTP clients: bounds the time, size, encoding and address of a response.

Services are strangers: one byte per second, a gigabyte in a few bytes of gzip and an address of
this network are refused below everything that reads a response, authentication included.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import httpcore
import httpx

from connectors.sdk.addresses import is_public
from connectors.sdk.errors import Fatal, Retry

MAX_BYTES: Final = 32_000_000
MAX_RESPONSE_S: Final = 60.0
ONLY_PUBLIC: Final = "only_public"
"""Extension of a request for an address that a stranger names: it must be a public one."""

_SLOW_WAIT_S: Final = 300.0
_CHUNK_BYTES: Final = 1_000_000
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS + 32
_GZIP_MAGIC: Final = b"\x1f\x8b"


@cache
def ssl_context() -> ssl.SSLContext:
    """Return the trusted authorities. Reading them takes as long as some thousand records."""
    return httpx.create_ssl_context(trust_env=False)


class Transport(httpx.BaseTransport):
    """Sends one request at a time, and returns a response that is bounded and decoded."""

    def __init__(self, max_s: float = MAX_RESPONSE_S, max_bytes: float = MAX_BYTES) -> None:
        """``max_s`` and ``max_bytes`` are those of a whole response; infinite for streams."""
        self._max_s = max_s
        self._max_bytes = max_bytes
        self._network = _Network()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context(), keepalive_expiry=5.0, network_backend=self._network
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises ``Fatal`` for a response that is not read, or httpx's errors."""
        url = request.url
        self._network.where = f"{request.method} {url.host}{url.path}"
        self._network.deadline = time.monotonic() + self._max_s
        self._network.only_public = bool(request.extensions.get(ONLY_PUBLIC))
        with _httpx_errors():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        assert isinstance(response.stream, Iterable)  # noqa: S101 - a synchronous pool
        headers = httpx.Headers(response.headers)
        body = _Body(response.stream, headers, self._max_bytes, self._network.where)
        if body.encoding:
            for name in ("content-encoding", "content-length"):
                headers.pop(name, None)
        return httpx.Response(
            response.status, headers=headers, stream=body, extensions=response.extensions
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        counterpart: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise counterpart(str(error)) from error


class _Body(httpx.SyncByteStream):
    """A response's body, decoded, up to its maximum size."""

    def __init__(
        self, stream: Iterable[bytes], headers: httpx.Headers, max_bytes: float, where: str
    ) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._where = where
        named = headers.get("content-encoding", "").lower().split(",")
        layers = [name.strip() for name in named if name.strip() not in {"", "identity"}]
        self.encoding = layers[0] if layers else ""
        problem = ""
        if len(layers) > 1 or self.encoding not in {"", "gzip", "x-gzip", "deflate"}:
            problem = "the response is encoded in a way that was not asked for"
        length = headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 18 or int(length) > max_bytes):
            problem = self._too_large()
        if problem:
            self.close()
            raise Fatal(f"reading {where}: {problem}")

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        with _httpx_errors():
            for part in decode_body(self._stream, self.encoding):
                size += len(part)
                if size > self._max_bytes:
                    raise Fatal(f"reading {self._where}: {self._too_large()}")
                yield part

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

    def _too_large(self) -> str:
        return f"the response is larger than {self._max_bytes:,} bytes"


def decode_body(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a body without its one encoding, in pieces of a megabyte at most.

    Raises ``httpcore.RemoteProtocolError`` if it is damaged or truncated.
    """
    if not encoding:
        yield from parts
        return
    decoder: Any = None
    has_ended = True  # an empty body has no encoding
    try:
        for part in parts:
            rest = part
            while rest:
                if decoder is None:
                    decoder = _new_decoder(rest, encoding)
                piece = decoder.decompress(rest, _CHUNK_BYTES)
                rest = decoder.unconsumed_tail
                yield piece
                while len(piece) == _CHUNK_BYTES and not rest:  # the decoder holds more
                    yield (piece := decoder.decompress(b"", _CHUNK_BYTES))
                has_ended = decoder.eof
                if has_ended:
                    rest = decoder.unused_data
                    if not rest.startswith(_GZIP_MAGIC):  # padding, and no further member
                        break
                    decoder = None
    except zlib.error:
        raise httpcore.RemoteProtocolError("the compression is damaged") from None
    if not has_ended:
        raise httpcore.RemoteProtocolError("the compressed body is truncated")


def _new_decoder(start: bytes, encoding: str) -> Any:
    """Return the decoder of a body: some services send deflate without zlib's frame."""
    has_frame = start[0] & 0x0F == 8 or encoding != "deflate"
    return zlib.decompressobj(_GZIP_OR_ZLIB if has_frame else -zlib.MAX_WBITS)


class _Network(httpcore.SyncBackend):
    """Connects, and keeps every wait within the deadline of the request."""

    def __init__(self) -> None:
        self.deadline = math.inf
        self.only_public = False
        self.where = ""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        """Connect to a host, which is looked up once if its address is checked."""
        if not self.only_public:
            stream = super().connect_tcp(host, port, self.limit(timeout), *args, **options)
            return _Stream(stream, self)
        failure: Exception | None = None
        for address in self._look_up_public(host, port):
            try:
                stream = super().connect_tcp(address, port, self.limit(timeout), *args, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self)
        raise failure or httpcore.ConnectError("the name has no address")

    def _look_up_public(self, host: str, port: int) -> list[str]:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name has no address") from None
        addresses = [str(info[4][0]) for info in infos]
        if not all(map(is_public, addresses)):
            raise Fatal(f"requesting {self.where}: a service named this private address")
        return addresses

    def limit(self, timeout: float | None) -> float | None:
        """Return a time-out that ends at the deadline at the latest. Raises ``Retry``."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            # Another attempt would take as long: it is left to the schedule.
            raise Retry(f"reading {self.where}: not complete in time", wait=_SLOW_WAIT_S)
        return timeout if math.isinf(left) else min(left, timeout or left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait is limited."""

    def __init__(self, stream: httpcore.NetworkStream, network: _Network) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, self._network.limit(timeout))
        except httpcore.ReadTimeout:
            self._network.limit(timeout)  # it was the deadline
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.limit(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = self._network.limit(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit), self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
