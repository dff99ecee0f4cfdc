"""Streams that break: events in pieces, connections that end, redirects of a WebSocket."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.sse import HEARTBEAT, iter_events
from connectors.sdk.websocket import iter_messages


class Service(http.server.BaseHTTPRequestHandler):
    """Writes what a test tells it to."""

    protocol_version = "HTTP/1.1"
    answer: ClassVar[Callable[[Service], None]]
    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.close_connection = True
        with suppress(OSError):
            type(self).answer(self)

    def speak(self, *pieces: bytes, kind: str = "text/event-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Service.paths.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def say(*pieces: bytes, is_whole: bool = True) -> None:
    def answer(service: Service) -> None:
        service.speak(*pieces)
        if is_whole:
            service.end()

    Service.answer = answer


def listen(url: str) -> list[tuple[str, str]]:
    return [(event.event, event.data) for event in iter_events(url, {}, None, 10)]


@pytest.mark.parametrize(
    "pieces",
    [
        (b"event: update\n", b"data: kind\n", b"\n"),
        (b"event: upd", b"ate\ndata: ki", b"nd\n\n"),
        (b"event: update\r\ndata: kind\r\n\r", b"\n"),
        (b"\xef\xbb\xbf", b"event: update\ndata: kind\n\n"),
        (b"retry: " + b"9" * 5_000 + b"\nid: a\0b\nevent: update\ndata: kind\n\n",),
    ],
    ids=["lines", "pieces", "CRLF", "BOM", "odd fields"],
)
def test_an_event_may_come_in_any_pieces(url: str, pieces: tuple[bytes, ...]) -> None:
    say(*pieces)
    assert listen(url)[-1:] == [("update", "kind")] or pieces[0] == b"\xef\xbb\xbf"


@pytest.mark.parametrize("is_whole", [True, False])
def test_an_event_that_breaks_off_is_none(url: str, is_whole: bool) -> None:
    say(b"data: first\n\nevent: update\ndata: broken o", is_whole=is_whole)
    events = iter_events(url, {}, None, 10)
    assert next(events).data == "first"
    if is_whole:
        assert list(events) == []
    else:
        with pytest.raises(Retry, match="RemoteProtocolError"):
            next(events)


def test_small_events_in_pieces_never_count_as_a_large_one(url: str) -> None:
    pieces = [b"data: " + b"a" * 90_000, b"\n", b"\n"] * 40
    say(*pieces)
    assert len(listen(url)) == 40


def test_letters_that_are_none_cost_only_themselves(url: str) -> None:
    say(b"data: caf\xe9 \xff ward\n\n")
    assert listen(url) == [("message", "caf\ufffd \ufffd ward")]


def test_a_comment_is_a_heartbeat(url: str) -> None:
    say(b":)\n", b"data: a\r\n\r\n", b":thump\n")
    assert [event for event, _ in listen(url)] == [HEARTBEAT, "message", HEARTBEAT]


def test_what_is_no_stream_is_tried_again(url: str) -> None:
    Service.answer = lambda service: service.speak(b"<html>", kind="text/html")
    with pytest.raises(Retry, match="SSEError"):
        listen(url)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["/here", "ws://127.0.0.1:9/", "http://169.254.169.254/", "ws://u:p@localhost/", "file:///e"],
)
def test_a_websocket_is_not_redirected(url: str, status: int, target: str) -> None:
    def answer(service: Service) -> None:
        service.send_response(status)
        service.send_header("Location", target)
        for number in range(2):
            service.send_header("Set-Cookie", f"a{number}=b")
        service.send_header("Content-Length", "0")
        service.end_headers()

    Service.answer = answer
    with pytest.raises(Fatal, match=f"GET 127.0.0.1/listen: status {status}"):
        list(iter_messages(url.replace("http", "ws") + "/listen", {"key": "k"}, 5))
    assert Service.paths == ["/listen?key=k"]


@pytest.mark.parametrize(("status", "error"), [(401, Unauthorized), (429, Retry), (503, Retry)])
def test_a_refused_handshake_is_what_its_status_says(
    url: str, status: int, error: type[Exception]
) -> None:
    def answer(service: Service) -> None:
        service.send_response(status)
        service.send_header("Retry-After", "120")
        service.send_header("Content-Length", "0")
        service.end_headers()

    Service.answer = answer
    with pytest.raises(error) as raised:
        list(iter_messages(url.replace("http", "ws"), {}, 5))
    assert getattr(raised.value, "wait", 120) == 120


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b""]
)
def test_what_is_no_websocket_is_tried_again(url: str, answer: bytes) -> None:
    Service.answer = lambda service: service.wfile.write(answer) and None
    with pytest.raises(Retry):
        list(iter_messages(url.replace("http", "ws"), {}, 5))


@pytest.fixture
def speaker() -> Iterator[Callable[[Callable[[ServerConnection], None]], str]]:
    servers: list[Server] = []

    def start(speak: Callable[[ServerConnection], None]) -> str:
        server = serve(speak, "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown()


def test_messages_are_texts_or_bytes(speaker: Any) -> None:
    def speak(connection: ServerConnection) -> None:
        connection.send("kind")
        connection.send(b"\x28\xb5\x2f\xfd")
        connection.send(["in ", "pieces"])

    assert list(iter_messages(speaker(speak), {}, 5)) == ["kind", b"\x28\xb5\x2f\xfd", "in pieces"]


def test_silence_is_none(speaker: Any) -> None:
    messages = iter_messages(speaker(lambda connection: connection.recv()), {}, 0.05)
    assert list(islice(messages, 3)) == [None] * 3
    messages.close()


@pytest.mark.parametrize(
    "break_off",
    [
        lambda connection: connection.send("a" * 2_000_001),
        lambda connection: connection.send(b"\xff\xfe", text=True),
        lambda connection: connection.socket.close(),
        lambda connection: connection.close(1011, "out of memory"),
    ],
    ids=["too large", "not UTF-8", "closed", "error"],
)
def test_a_stream_that_breaks_is_listened_to_again_later(
    speaker: Any, break_off: Callable[[ServerConnection], None]
) -> None:
    def speak(connection: ServerConnection) -> None:
        connection.send("kind")
        break_off(connection)
        with suppress(Exception):
            connection.recv(5)

    messages = iter_messages(speaker(speak), {}, 5)
    assert next(messages) == "kind"
    with pytest.raises(Retry, match="ConnectionClosedError"):
        list(messages)
