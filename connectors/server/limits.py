"""Limits of what is taken in: how often, how large, how slow, and how much at once."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from starlette.requests import Request

from connectors.server.problems import Refusal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MOST_CLIENTS: Final = 20_000
_REQUEST_BYTES: Final = 4_096  # what a request takes besides its body, roughly
_BODY_S: Final = 15.0
_FORWARDED: Final = b"x-forwarded-for"


class Rate:
    """Token buckets: each key may do ``per_second`` on average, and ``burst`` at once.

    Holds at most 20,000 keys; those that were not seen for longest are forgotten first.
    """

    def __init__(
        self, per_second: float, burst: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: object) -> None:
        """Take a token; raises ``Refusal`` (429) with the seconds until there is one."""
        now = self._now()
        tokens, then = self._buckets.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._per_second)
        if tokens < 1:
            wait = (1 - tokens) / self._per_second
            raise Refusal(429, "taking the request: too many came from this address", wait=wait)
        self._buckets[key] = (tokens - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)


class Room:
    """How many bytes of requests may be under way at once."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A share of the room, given back at the end; raises ``Refusal`` (503)."""
        share = Share(self)
        try:
            share.take(_REQUEST_BYTES)
            yield share
        finally:
            self._left += share.taken

    def take(self, size: int) -> None:
        """Take some; raises ``Refusal`` (503) where there is none."""
        if size > self._left:
            raise Refusal(503, "taking the request: too much is waiting", wait=2)
        self._left -= size


class Share:
    """What one request takes of the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.taken = 0

    def take(self, size: int) -> None:
        """Take more; raises ``Refusal`` (503) where there is none."""
        self._room.take(size)
        self.taken += size


async def read_body(request: Request, share: Share, most_bytes: int) -> bytes:
    """The body; raises ``Refusal``: 413 as soon as it is too large, 408 where it is too slow."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    chunks: list[bytes] = []
    size = 0
    receive = request.receive
    more = True
    async with asyncio.timeout(_BODY_S) as limit:
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "reading the request: the connection ended")
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > most_bytes:
                    raise _too_large(most_bytes)
                share.take(len(chunk))
                chunks.append(chunk)
                more = message.get("more_body", False)
        except asyncio.CancelledError:
            if limit.expired():
                raise Refusal(408, f"reading the request: not within {_BODY_S:g} s") from None
            raise
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most_bytes: int) -> Refusal:
    return Refusal(413, f"reading the request: more than {most_bytes:,} bytes", close=True)


class Clients:
    """Tells clients apart, by the address that a trusted proxy names where there is one."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies

    def of(self, scope: Any) -> str:
        """The client's IPv4 address, or the /64 of its IPv6 address."""
        peer = scope.get("client")
        address: str = peer[0] if peer else ""
        if not self._proxies:
            return address if ":" not in address else _network(address)
        named = [address]
        for name, value in scope["headers"]:
            if name == _FORWARDED:
                named[:0] = [one.strip() for one in value.decode("latin-1").split(",")]
        # Whoever is no proxy of ours may have written what stands before it.
        while len(named) > 1 and self._is_proxy(named[-1]):
            named.pop()
        return _network(named[-1])

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
