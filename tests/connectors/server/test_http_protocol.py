"""What strangers send to the server's port: requests without end in every part."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.server import http_protocol
from connectors.server.limits import MemoryBudget, read_body
from connectors.server.problems import HTTPProblem
from connectors.server.server import build_config
from connectors.server.webhook_handler import ServeConfig

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /read HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MAX_BODY_BYTES = 100_000

budget = MemoryBudget(1_000_000, 300_000)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read bodies as the webhooks do; any other request is answered at once."""
    response: Response = PlainTextResponse("alive")
    if scope["path"] == "/read":
        request = Request(scope, receive)
        try:
            with budget.reserve(request.headers.get("x-client")) as reservation:
                body = await read_body(request, reservation, MAX_BODY_BYTES)
                response = PlainTextResponse(str(len(body)))
        except HTTPProblem as problem:
            response = problem.response()
    await response(scope, receive, send)


@contextmanager
def listening(max_connections: int) -> Iterator[int]:
    config = build_config(
        app, "127.0.0.1", 0, ServeConfig(max_bytes=MAX_BODY_BYTES), max_connections
    )
    config.lifespan = "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with listening(80) as chosen:
        yield chosen


def converse(port: int, *pieces: bytes) -> tuple[bytes, int]:
    """Send pieces until the server hangs up; return its answer and how many bytes it took."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                sent += len(piece)
            return receive(connection), sent
        except ConnectionError:
            return b"", sent


def receive(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def is_alive(port: int) -> bool:
    answer, _ = converse(port, GET + b"Connection: close\r\n\r\n")
    return answer.endswith(b"alive")


@pytest.mark.parametrize(
    "pieces",
    [
        [GET, b"X: ", *[b"a" * 4_096] * 17],
        [GET, b"a" * 70_000],
        [GET, *[b"X-A: a\r\n" * 512] * 17],
        [b"GET /healthz?", *[b"a=1&" * 1_024] * 17],
        [b"a" * 70_000],
    ],
    ids=["one header", "one name", "many headers", "a query", "a method"],
)
def test_headers_have_a_size(port: int, pieces: list[bytes]) -> None:
    answer, _ = converse(port, *pieces)
    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    assert b"connection: close" in answer and b"application/problem+json" in answer


def test_headers_without_end_are_not_taken(port: int) -> None:
    answer, sent = converse(port, GET + b"X: ", *[b"a" * 1_000_000] * 100)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert sent < 100_000_000
    assert is_alive(port)


def test_headers_of_usual_size_are_taken(port: int) -> None:
    for size in (1, 8_000, 30_000):
        header = b"X: " + b"a" * size + b"\r\n"
        assert converse(port, GET, header, b"Connection: close\r\n\r\n")[0].endswith(b"alive")


@pytest.mark.parametrize(
    "start",
    [
        CHUNKED + b"1\r\na\r\n0\r\nX: ",
        CHUNKED + b"1;a=",
        GET + b"Content-Length: 999999999\r\n\r\n",
        POST + b"Content-Length: 999999999\r\n\r\n",
    ],
    ids=["trailers", "an extension of a chunk", "a body that is not read", "a body too large"],
)
def test_what_follows_the_headers_has_a_size(port: int, start: bytes) -> None:
    _, sent = converse(port, start, *[b"a" * 100_000] * 500)
    assert sent < 50_000_000
    assert is_alive(port)


@pytest.mark.parametrize("size", [1, 1_000])
def test_a_body_in_small_chunks_is_read(port: int, size: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (size, b"a" * size)
    answer, _ = converse(
        port, CHUNKED, chunk * 50, b"0\r\nX: trailer\r\n\r\n" + GET, b"Connection: close\r\n\r\n"
    )
    assert b"\r\n\r\n%d" % (50 * size) in answer and answer.endswith(b"alive")


@pytest.mark.parametrize(
    "start",
    [
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        CHUNKED + b"fffffffffffffffff\r\n",
        GET + b"X\x00: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=["two", "ambiguous", "huge", "negative", "a chunk", "NUL", "HTTP/2", "TLS"],
)
def test_what_is_no_request_is_a_problem_and_no_line_of_the_log(
    port: int, start: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer, _ = converse(port, start)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 ")) or answer == b""
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 0.3)
    monkeypatch.setattr(http_protocol, "MESSAGE_TIMEOUT_S", 0.6)


@pytest.mark.parametrize(
    "start",
    [b"", GET, b"\r\n", GET + b"Content-Length: 5\r\n\r\n", CHUNKED + b"0\r\n"],
    ids=["nothing", "half", "a line", "half a body", "half a trailer"],
)
@pytest.mark.usefixtures("short_times")
def test_a_request_has_its_time(port: int, start: bytes) -> None:
    """However slowly it is sent."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(start)
        connection.settimeout(0.05)
        answer = b""
        while time.monotonic() - began < 40:
            try:
                connection.sendall(b"X: a\r\n" if start == GET else b"")
                part = connection.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not part:
                break
            answer += part
    assert time.monotonic() - began < 20
    assert not answer or b"HTTP/1.1 408 " in answer or b"alive" in answer


def hold(stack: ExitStack, port: int, count: int, start: bytes) -> list[socket.socket]:
    held = []
    for _ in range(count):
        held.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)))
        held[-1].sendall(start)
    return held


def test_half_requests_keep_nobody_out(port: int) -> None:
    """Not even a client at the same address."""
    with ExitStack() as stack:
        hold(stack, port, 200, GET)
        assert is_alive(port)


@pytest.mark.parametrize("client", [b"a", b"b"])
def test_bodies_that_stall_keep_nobody_out(port: int, client: bytes) -> None:
    """Neither other clients nor the same one: the newest request gets the room of the oldest."""
    start = POST + b"X-Client: a\r\nContent-Length: 99999\r\n\r\n" + b"a" * 99_000
    with ExitStack() as stack:
        held = hold(stack, port, 15, start)
        body = b"b" * 50_000
        head = POST + b"Connection: close\r\nX-Client: " + client
        answer, _ = converse(port, head, b"\r\nContent-Length: 50000\r\n\r\n", body)
        assert answer.endswith(b"50000")
        ended = held[0].recv(1_000)
        assert ended.startswith(b"HTTP/1.1 503 ") and b"retry-after: 2" in ended
    wait_for(lambda: budget._free == 1_000_000)
    assert not budget._shares and not budget._readers


def wait_for(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)
