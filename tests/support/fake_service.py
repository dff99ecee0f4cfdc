"""Somebody else's service, spoken over real HTTP on a loopback port, with faults on order."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import uvicorn

AUTHORS: Final = ("Jo Bloggs", "Jo.Bloggs@mail.example", "jo@example.com")
"""Names and addresses of the authors of made-up feedback."""

Fault = str
"""``"429"`` with Retry-After, ``"500"``, ``"401"``, ``"truncated"``, ``"hang up"``.

``"odd item"`` puts one that cannot be understood into the response's list, ``"old on top"`` the
last one of the path's first list; ``"no list"`` is an error with status 200; ``"again"`` repeats
the first response to the path, and each time names another next page."""


@dataclass(frozen=True)
class Request:
    """A request that the service received."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)


class _PromptServer(uvicorn.Server):
    """Ends within milliseconds: hundreds of tests start and end one."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - a flag, set from another thread
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: Any = None) -> None:
        for server in self.servers:
            server.close()
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        await asyncio.sleep(0)


class Served:
    """An ASGI application on a free loopback port, in a thread of this process."""

    def __init__(self, app: Any, spared: Sequence[str] = ()) -> None:
        """``spared`` are paths that no fault meets."""
        self._app = app
        self._spared = spared
        self.requests: list[Request] = []
        self.faults: deque[Fault] = deque()
        self.broken = ""
        """Requests whose path or query holds this text fail."""
        self._first: dict[str, bytes] = {}
        self._old: dict[str, Any] = {}
        config = uvicorn.Config(
            self._faulty,
            interface="asgi3",
            host="127.0.0.1",
            port=0,
            log_level="critical",
            lifespan="off",
        )
        self._server = _PromptServer(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < end, "the fake service does not start"
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    async def _faulty(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.requests.append(
            Request(
                scope["method"],
                scope["path"],
                scope["query_string"].decode(),
                {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
            )
        )
        spared = scope["path"] in self._spared
        fault = self.faults.popleft() if self.faults and not spared else None
        if self.broken and self.broken in f"{scope['path']}?{scope['query_string'].decode()}":
            fault = "404"
        if fault is None:
            await self._app(scope, receive, _teed(send, partial(self._keep, scope["path"])))
        elif fault == "no list":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"message": "Unavailable"}'})
        elif fault == "old on top":
            with_old = partial(self._with_old_on_top, scope["path"])
            await self._app(scope, receive, _rewritten(send, with_old))
        elif fault == "again":
            repeat = partial(self._repeat, scope["path"])
            await self._app(scope, receive, _rewritten(send, repeat))
        elif fault == "odd item":
            await self._app(scope, receive, _rewritten(send, _with_odd_item))
        elif fault == "truncated":
            await self._app(scope, receive, _rewritten(send, _halve))
        elif fault == "hang up":
            await send({"type": "http.response.start", "status": 200, "headers": [_LENGTH]})
            await send({"type": "http.response.body", "body": b"{", "more_body": False})
        else:
            headers = [(b"retry-after", b"1")] if fault == "429" else []
            await send({"type": "http.response.start", "status": int(fault), "headers": headers})
            await send({"type": "http.response.body", "body": b"<h1>Sorry</h1>"})

    def _keep(self, path: str, body: bytes) -> None:
        """Remember the first response of a path, and the last item of its first list."""
        self._first.setdefault(path, body)
        if path not in self._old and (items := _list_items(body)):
            self._old[path] = items[-1]

    def _with_old_on_top(self, path: str, body: bytes) -> bytes:
        try:
            document = json.loads(body)
        except ValueError:
            return body
        items, old = _longest_list(document), self._old.get(path)
        if items and old is not None and items[0].keys() & old.keys() == old.keys():
            items.insert(0, old)
        return json.dumps(document).encode()

    def _repeat(self, path: str, body: bytes) -> bytes:
        first = self._first.setdefault(path, body)
        number = len(self.requests)
        for name in _NEXT_PAGES:
            first = re.sub(
                rb'("%s"\s*:\s*")([^"]+)"' % name,
                lambda token: token[1] + token[2] + b"%d" % number + b'"',
                first,
            )
        return re.sub(rb"page=2(?=')", b"page=%d" % number, first)


_NEXT_PAGES = (b"nextPageToken", b"next_token", b"after", b"cursor", b"next")


def _list_items(body: bytes) -> list[Any]:
    try:
        return _longest_list(json.loads(body))
    except ValueError:
        return []


_LENGTH = (b"content-length", b"1000")


def _halve(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _with_odd_item(body: bytes) -> bytes:
    """Put an item that cannot be understood before the last one of a JSON response's list."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    items = _longest_list(document)
    if items:
        items.insert(-1, {"odd": [7]})
    return json.dumps(document).encode()


def _longest_list(document: Any) -> list[Any]:
    """Return the longest list of objects that is not within another."""
    if isinstance(document, list) and all(isinstance(item, dict) for item in document):
        return document
    lists = map(_longest_list, document.values()) if isinstance(document, dict) else ()
    return max(lists, key=len, default=[])


def _teed(send: Callable[[Any], Any], keep: Callable[[bytes], None]) -> Callable[..., Any]:
    """Send a response as it is, and keep its body once it is complete."""
    body = bytearray()

    async def send_too(message: Any) -> None:
        body.extend(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            keep(bytes(body))
        await send(message)

    return send_too


def _rewritten(send: Callable[[Any], Any], rewrite: Callable[[bytes], bytes]) -> Callable[..., Any]:
    """Send another body of a response, as if that were all."""
    held: list[Any] = []
    body = bytearray()

    async def send_other(message: Any) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        start = held[0]
        start["headers"] = [
            pair for pair in start["headers"] if pair[0].lower() not in {b"content-length"}
        ]
        await send(start)
        await send({"type": "http.response.body", "body": rewrite(bytes(body))})
        await asyncio.sleep(0)

    return send_other


class FakeService(ABC):
    """A fake of one service, built from its documentation.

    It holds at least three pages. ``texts`` is what the index must hold at any time, by native id.
    """

    name: ClassVar[str]
    """The connector's."""
    secrets: ClassVar[Sequence[str]] = ()
    """Secrets in ``settings``, which must appear nowhere."""
    authors: ClassVar[Sequence[str]] = AUTHORS
    """Names and addresses of authors, which must not leave the connector."""
    faults: ClassVar[Sequence[Fault]] = ("429", "500", "truncated", "hang up")
    """Faults of every first run; a fake whose service has tokens adds ``"401"``."""

    spared: ClassVar[Sequence[str]] = ()
    """Paths that no fault meets: where tokens are given out."""
    http: ClassVar[bool] = True
    """True if it speaks HTTP; otherwise it runs itself in ``serving``, and has no ``faults``."""

    pages_by_offset: ClassVar[bool] = False
    """True if a page is asked for by the number of items before it, an odd one included."""
    edits_have_times: ClassVar[bool] = True
    """False if the service does not tell when it edited: the edit read last replaces the others."""

    place_paths: ClassVar[Sequence[str]] = ()
    """Parts of the paths or queries of its places, such as locations; each holds something."""
    shows_late: ClassVar[bool] = True
    """False if the service's own position, and no time, orders its list: nothing comes late."""
    texts: dict[str, str]
    added: int = 0
    late: int = 0

    @property
    @abstractmethod
    def app(self) -> Any:
        """The ASGI application that speaks the service's format."""

    @abstractmethod
    def settings(self, url: str) -> dict[str, Any]:
        """The connector's settings, as the settings file has them, secrets as plain text."""

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """Run it on a loopback port."""
        with Served(self.app, self.spared) as service:
            yield service

    @abstractmethod
    def add(self) -> None:
        """Add an item that is later than all others to every list of the service, and to ``texts``.

        An item that the service no longer shows for it leaves ``texts``.
        """

    def next_number(self) -> int:
        """Return the number of the next item to add, whose time is after ``EARLIER``."""
        if self.late:
            self.late += 1
            return _LAST_NUMBER - self.late
        self.added += 1
        return _LAST_NUMBER + self.added

    def add_late(self) -> None:
        """Add an item that is shown late: some hours before ``EARLIER``."""
        self.late = 1
        self.add()
        self.late = 0

    def edit(self) -> None:
        """Change one item at the service, and ``texts``; where the connector brings edits."""
        raise NotImplementedError

    def delete(self) -> None:
        """Delete one item at the service, and from ``texts``; where it brings deletes."""
        raise NotImplementedError


@dataclass(frozen=True)
class Delivery:
    """A request that a service sends to a webhook."""

    body: bytes
    headers: Mapping[str, str]
    path_secret: str | None = None


class FakeCaller(ABC):
    """A fake of a service that calls webhooks: it signs as the service's documentation says."""

    name: ClassVar[str]
    secrets: ClassVar[Sequence[str]] = ()
    authors: ClassVar[Sequence[str]] = AUTHORS
    texts: dict[str, str]
    """Texts that the index must hold after all deliveries, by native id."""

    @abstractmethod
    def settings(self, url: str) -> dict[str, Any]:
        """The connector's settings; ``url`` is where :attr:`app` is served, for what asks back."""

    @property
    def app(self) -> Any:
        """The service's own interface, for connectors that ask back; None where there is none."""
        return None

    @abstractmethod
    def deliveries(self, at: datetime) -> list[Delivery]:
        """Signed requests, at least three, sent at ``at``."""

    @abstractmethod
    def malformed(self, at: datetime) -> Delivery:
        """A request that is signed well, and no submission."""

    def stale(self, at: datetime) -> Delivery | None:
        """A request signed long before ``at``; None where signatures hold no time."""
        return None


@contextmanager
def serve_fake(fake: FakeService | FakeCaller) -> Iterator[Served]:
    """The fake on a loopback port."""
    with fake.serving() if isinstance(fake, FakeService) else Served(fake.app) as service:
        yield service


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The time of the fakes: those who test connectors that look back some days set their clocks so."""


_LAST_NUMBER = 55
"""Higher than what the fakes hold from the beginning, and than what is edited."""


def moment(number: int) -> datetime:
    """Distinct times of made-up feedback: two hours apart, the higher the later."""
    return NOW - timedelta(days=5, hours=12) + timedelta(hours=2 * number)


EARLIER = moment(_LAST_NUMBER)
"""The time of a run before anything was added: less than a day ago."""

SENTENCES = (
    "The nurses were lovely and explained everything.",
    "Waited four hours, nobody told us anything.",
    "Parking was a nightmare and expensive!",
    "The receptionist was rude to my mother.",
    "Clean ward, good food, kind doctors.",
)


def sentence(number: int) -> str:
    """Distinct made-up feedback."""
    return f"{SENTENCES[number % len(SENTENCES)]} Visit {number}."
