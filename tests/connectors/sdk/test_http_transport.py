"""Responses of services that misuse the client: bombs, drips, and addresses that lead inside."""

from __future__ import annotations

import gzip
import http.server
import random
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, ClassVar

import httpcore
import httpx
import pytest

from connectors.sdk.addresses import is_public
from connectors.sdk.errors import Fatal, Retry
from connectors.sdk.http import Http
from connectors.sdk.http_auth import OAuth2
from connectors.sdk.http_transport import MAX_BYTES, Transport, decode_body
from connectors.sdk.sse import iter_events

SECRET = "planted-secret-2"  # noqa: S105 - planted to be looked for


class Hostile(http.server.BaseHTTPRequestHandler):
    """Answers by path: a function that writes what it likes."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    answers: ClassVar[dict[str, Callable[[Hostile], None]]] = {}

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, body))
        self.close_connection = True
        with suppress(OSError):
            self.answers[self.path.partition("?")[0]](self)

    do_POST = do_GET  # noqa: N815 - the name is the library's

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        length = str(len(body))
        for name, value in {"Connection": "close", "Content-Length": length, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Hostile.seen.clear()
    Hostile.answers.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def http_client(url: str) -> Iterator[Http]:
    client = Http(url, headers={"X-Api-Token": SECRET}, sleep=lambda seconds: None)
    yield client
    client.close()


def at(path: str) -> Callable[[Callable[[Hostile], None]], None]:
    def register(answer: Callable[[Hostile], None]) -> None:
        Hostile.answers[path] = answer

    return register


def packed(layers: int, size: int) -> bytes:
    body = bytes(size)
    for _ in range(layers):
        body = gzip.compress(body, mtime=0)
    return body


@pytest.mark.parametrize(
    "encoding", ["gzip, gzip", "gzip,gzip,gzip", "deflate, gzip", "br", "zstd", "gzip, br", "other"]
)
def test_one_layer_of_what_was_asked_for_is_unpacked(http_client: Http, encoding: str) -> None:
    at("/bomb")(lambda service: service.answer(packed(2, 1_000_000), Content_Encoding=encoding))
    with pytest.raises(Fatal, match="encoded in a way that was not asked for"):
        http_client.request("GET", "/bomb")
    assert [headers["accept-encoding"] for _, headers, _ in Hostile.seen] == ["gzip, deflate"]


@pytest.mark.parametrize("name", ["/bomb", "/token"])
def test_what_is_unpacked_is_counted_while_it_is(url: str, name: str) -> None:
    """Also for a token, which is read by the authentication."""
    body = packed(1, 4 * MAX_BYTES)
    assert len(body) < MAX_BYTES / 200
    at(name)(lambda service: service.answer(body, Content_Encoding="gzip"))
    at("/api")(lambda service: service.answer(b"{}"))
    auth = OAuth2(f"{url}/token", {"grant_type": "client_credentials"})
    tracemalloc.start()
    with (
        closing(Http(url, auth=auth if name == "/token" else None)) as client,
        pytest.raises(Fatal, match="larger than 32,000,000 bytes"),
    ):
        client.request("GET", "/api" if name == "/token" else name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * MAX_BYTES


def test_a_body_that_is_declared_too_large_is_not_read(http_client: Http) -> None:
    for number, length in enumerate((str(MAX_BYTES + 1), "9" * 5_000)):
        at(f"/{number}")(lambda service, length=length: service.answer(b"", Content_Length=length))
        with pytest.raises((Fatal, Retry), match=r"larger than|RemoteProtocolError"):
            http_client.request("GET", f"/{number}")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", b"kind staff"),
        ("identity", b"kind staff"),
        ("gzip", gzip.compress(b"kind staff", mtime=0)),
        ("X-GZip", gzip.compress(b"kind staff", mtime=0)),
        ("gzip", gzip.compress(b"kind ", mtime=0) + gzip.compress(b"staff", mtime=0)),
        ("gzip", gzip.compress(b"kind staff", mtime=0) + bytes(20)),
        ("gzip, identity", gzip.compress(b"kind staff", mtime=0)),
        ("deflate", zlib.compress(b"kind staff")),
        ("deflate", zlib.compress(b"kind staff")[2:-4]),
    ],
)
def test_what_was_asked_for_is_unpacked(http_client: Http, encoding: str, body: bytes) -> None:
    at("/")(lambda service: service.answer(body, Content_Encoding=encoding))
    assert http_client.request("GET", "/").body == b"kind staff"


def test_an_encoding_without_a_body_is_none(http_client: Http) -> None:
    at("/")(lambda service: service.answer(b"", status=304, Content_Encoding="gzip"))
    assert http_client.request("GET", "/").body == b""


@pytest.mark.parametrize("body", [gzip.compress(b"kind" * 99, mtime=0)[:-9], b"\x1f\x8bno", b"no"])
def test_a_damaged_or_truncated_body_is_asked_for_again(http_client: Http, body: bytes) -> None:
    at("/")(lambda service: service.answer(body, Content_Encoding="gzip"))
    with pytest.raises(Retry, match="RemoteProtocolError"):
        http_client.request("GET", "/")
    assert len(Hostile.seen) == 5


def test_a_body_may_come_in_any_pieces() -> None:
    made_up = random.Random(8)
    text = made_up.randbytes(3_000) + bytes(2_500_000)
    body = gzip.compress(text, mtime=0)
    for size in (1, 7, 1_000, len(body)):
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        pieces = list(decode_body(parts, "gzip"))
        assert b"".join(pieces) == text
        assert max(map(len, pieces)) <= 1_000_000
    with pytest.raises(httpcore.RemoteProtocolError):
        list(decode_body([body[:-1]], "gzip"))


def drip(service: Hostile) -> None:
    for _ in range(1_000):
        service.wfile.write(b" ")
        service.wfile.flush()
        time.sleep(0.05)


def drip_body(service: Hostile) -> None:
    service.send_response(200)
    service.send_header("Content-Length", "1000000")
    service.end_headers()
    drip(service)


def drip_headers(service: Hostile) -> None:
    service.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(service)


def promise_more(service: Hostile) -> None:
    for _ in range(1_000):
        service.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [drip_body, drip_headers, promise_more])
def test_a_response_has_its_time_and_no_more(url: str, answer: Callable[[Hostile], None]) -> None:
    at("/drip")(answer)
    with httpx.Client(transport=Transport(max_s=0.3), timeout=30) as client:
        before = time.monotonic()
        with pytest.raises(Retry, match="not complete in time") as raised:
            client.get(f"{url}/drip")
        assert time.monotonic() - before < 15
    assert raised.value.wait > 60, "the next attempt is the schedule's"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_redirected(url: str, http_client: Http, status: int) -> None:
    at("/moved")(lambda service: service.answer(b"", status=status, Location="/here"))
    at("/here")(lambda service: service.answer(b"{}"))
    with pytest.raises(Fatal, match=f"status {status}"):
        http_client.request("POST", "/moved", json={"reply": SECRET})
    auth = OAuth2(f"{url}/moved", {"refresh_token": SECRET})
    with closing(Http(url, auth=auth)) as client, pytest.raises(Fatal, match=f"status {status}"):
        client.request("GET", "/here")
    assert {path for path, _, _ in Hostile.seen} == {"/moved"}


@pytest.mark.parametrize(
    "host", ["localhost", "[::1]", "127.0.0.1:1", "127.1", "2130706433", "0", "[::ffff:127.0.0.1]"]
)
def test_a_redirect_does_not_lead_into_the_network(url: str, http_client: Http, host: str) -> None:
    """``url`` is of this network too, but configured."""
    at("/moved")(lambda service: service.answer(b"", status=302, Location=f"http://{host}/inside"))
    with pytest.raises(Fatal, match="a service named this private address"):
        http_client.request("GET", "/moved")
    assert len(Hostile.seen) == 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://a.example"])
def test_a_redirect_is_to_a_web_server(http_client: Http, target: str) -> None:
    at("/moved")(lambda service: service.answer(b"", status=302, Location=target))
    with pytest.raises(Fatal, match="on another server"):
        http_client.request("GET", "/moved")


def test_a_redirect_on_the_same_server_keeps_what_is_needed(http_client: Http) -> None:
    at("/moved")(lambda service: service.answer(b"", status=308, Location="/here"))
    at("/here")(lambda service: service.answer(b"{}"))
    assert http_client.get_json("/moved") == {}
    assert Hostile.seen[-1][1]["x-api-token"] == SECRET


def test_cookies_are_sent_back_up_to_some(http_client: Http) -> None:
    at("/")(lambda service: service.answer(b"", Set_Cookie=f"a{len(Hostile.seen)}=b"))
    for _ in range(120):
        http_client.request("GET", "/")
    counts = [headers.get("cookie", "").count("=") for _, headers, _ in Hostile.seen]
    assert counts[:3] == [0, 1, 2] and max(counts) <= 51


def test_redirects_end(http_client: Http) -> None:
    at("/moved")(lambda service: service.answer(b"", status=302, Location="/moved"))
    with pytest.raises(Fatal, match="more than 5 redirects"):
        http_client.request("GET", "/moved")
    assert len(Hostile.seen) == 6


def test_credentials_stay_with_the_configured_server(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a redirect back to it gets them again."""
    monkeypatch.setattr("connectors.sdk.http_transport.is_public", lambda address: True)
    elsewhere = url.replace("127.0.0.1", "localhost")
    at("/first")(
        lambda service: service.answer(
            b"", status=302, Location=f"{elsewhere}/second", Set_Cookie=f"a={SECRET}"
        )
    )
    at("/second")(lambda service: service.answer(b"", status=302, Location=f"{url}/third"))
    at("/third")(lambda service: service.answer(b"{}"))
    at("/token")(lambda service: service.answer(b'{"access_token": "%b"}' % SECRET.encode()))
    auth = OAuth2(f"{url}/token", {"grant_type": "client_credentials"})
    options: dict[str, Any] = {"headers": {"X-Key": SECRET}, "params": {"key": SECRET}}
    with closing(Http(url, auth=auth, **options)) as client:
        assert client.get_json("/first", headers={"X-Other": SECRET}) == {}
    seen = {path.partition("?")[0]: (path, headers) for path, headers, _ in Hostile.seen}
    assert str(seen["/first"]).count(SECRET) == 4
    assert SECRET not in str((seen["/second"], seen["/third"]))


def test_a_request_to_another_server_than_the_configured_one_is_a_strangers(
    url: str, http_client: Http
) -> None:
    with pytest.raises(Fatal, match="a service named this private address"):
        http_client.request("GET", url.replace("127.0.0.1", "localhost"))
    with pytest.raises(Fatal, match="on another server"):
        http_client.request("POST", "https://service.example/", json={})
    assert not Hostile.seen


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a00:1", "x"])
def test_private_addresses_are_told_apart(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.215.14") and is_public("2606:4700::1111")


def test_an_event_without_end_ends_the_stream(url: str) -> None:
    def speak(service: Hostile) -> None:
        service.send_response(200)
        service.send_header("Content-Type", "text/event-stream")
        service.end_headers()
        service.wfile.write(b"data: kind\r\n\r\n" * 160_000 + b"data: kind\n\ndata: ")
        for _ in range(100):
            service.wfile.write(b"a" * 100_000)

    at("/stream")(speak)
    events = iter_events(f"{url}/stream", {}, None, 30)
    with pytest.raises(Retry, match="larger than 2,000,000 bytes"):
        for event in events:
            assert event.data == "kind"


def test_a_stream_is_not_unpacked(url: str) -> None:
    at("/stream")(lambda service: service.answer(packed(2, 1_000), Content_Encoding="gzip, gzip"))
    with pytest.raises(Fatal, match="not asked for"):
        list(iter_events(f"{url}/stream", {}, None, 30))
