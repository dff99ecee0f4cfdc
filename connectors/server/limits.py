"""Limits on requests: their rate, their size, the time to read them, and their memory in all."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from starlette.requests import Request

from connectors.server.problems import HTTPProblem

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_CLIENTS: Final = 20_000
_REQUEST_BYTES: Final = 4_096  # memory of a request without its body, roughly
_READ_TIMEOUT_S: Final = 15.0
_FORWARDED_FOR: Final = b"x-forwarded-for"


class RateLimiter:
    """Token buckets: each key may do ``per_second`` on average, and ``burst`` at once.

    Holds at most 20,000 keys; the least recently used ones are evicted.
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

    def acquire(self, key: object) -> None:
        """Take a token; raise ``HTTPProblem`` (429) with the seconds until the next one."""
        now = self._now()
        tokens, updated_at = self._buckets.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - updated_at) * self._per_second)
        if tokens < 1:
            wait = (1 - tokens) / self._per_second
            raise HTTPProblem(
                429, "accepting the request: too many came from this address", wait=wait
            )
        self._buckets[key] = (tokens - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MAX_CLIENTS:
            self._buckets.popitem(last=False)


class MemoryBudget:
    """Total bytes that requests in progress may hold.

    While a request is read it has a share of them with others of its key, such as a client's to one
    source. If room is missing, the one that has been read longest is ended for the newest: bodies
    that never end keep out no other.
    """

    def __init__(self, max_bytes: int, max_share_bytes: int | None = None) -> None:
        self._free = max_bytes
        self._max_share_bytes = max_bytes if max_share_bytes is None else max_share_bytes
        self._shares: dict[object, _Share] = {}
        self._readers: dict[Reservation, None] = {}

    @contextmanager
    def reserve(self, key: object = None) -> Iterator[Reservation]:
        """Yield a reservation that is released at the end; raise ``HTTPProblem`` (503)."""
        reservation = Reservation(self, key)
        self._readers[reservation] = None
        self._shares.setdefault(key, _Share()).readers[reservation] = None
        try:
            reservation.add(_REQUEST_BYTES)
            yield reservation
        finally:
            self.end_reading(reservation)
            self._free += reservation.size

    def take(self, reservation: Reservation, size: int) -> None:
        """Take ``size`` bytes; raise ``HTTPProblem`` (503) if fewer are free."""
        share = self._shares.get(reservation.key)
        while share is not None and share.size + size > self._max_share_bytes:
            self._evict(share.readers, reservation)
        while size > self._free:
            self._evict(self._readers, reservation)
        self._free -= size
        reservation.size += size
        if share is not None:
            share.size += size

    def _evict(self, readers: dict[Reservation, None], newest: Reservation) -> None:
        oldest = next(iter(readers), newest)
        if oldest is newest:
            raise _no_room()
        self.end_reading(oldest)
        self._free += oldest.size
        oldest.size = 0
        oldest.evict()

    def end_reading(self, reservation: Reservation) -> None:
        """Count a request no longer among those that are read."""
        if reservation not in self._readers:
            return
        del self._readers[reservation]
        share = self._shares[reservation.key]
        del share.readers[reservation]
        share.size -= reservation.size
        if not share.readers:
            del self._shares[reservation.key]


class _Share:
    """The requests of one key that are being read."""

    def __init__(self) -> None:
        self.size = 0
        self.readers: dict[Reservation, None] = {}


class Reservation:
    """One request's part of the budget."""

    def __init__(self, budget: MemoryBudget, key: object) -> None:
        self._budget = budget
        self.key = key
        self.size = 0
        self.evict: Callable[[], None] = lambda: None
        """Ends the reading of the request, and frees what was read."""

    def add(self, size: int) -> None:
        """Take ``size`` more bytes; raise ``HTTPProblem`` (503) if fewer are free."""
        self._budget.take(self, size)

    def end_reading(self) -> None:
        """Leave the share of requests that are read."""
        self._budget.end_reading(self)


def _no_room() -> HTTPProblem:
    return HTTPProblem(503, "accepting the request: too many are waiting", wait=2, close=True)


async def read_body(request: Request, reservation: Reservation, max_bytes: int) -> bytes:
    """Return the body.

    Raise ``HTTPProblem``: 413 as soon as it is too large, 408 after 15 s, 400 if the client
    disconnects, 503 if the budget is used up or another request needs the room.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > max_bytes):
        raise _too_large(max_bytes)
    chunks: list[bytes] = []
    is_evicted = False
    async with asyncio.timeout(_READ_TIMEOUT_S) as limit:

        def evict() -> None:
            nonlocal is_evicted
            is_evicted = True
            chunks.clear()
            if not limit.expired():
                limit.reschedule(0)

        reservation.evict = evict
        try:
            await _read_chunks(request, reservation, max_bytes, chunks)
        except asyncio.CancelledError:
            if is_evicted:
                raise _no_room() from None
            if limit.expired():
                detail = f"reading the request: not within {_READ_TIMEOUT_S:g} s"
                raise HTTPProblem(408, detail, close=True) from None
            raise
        finally:
            reservation.end_reading()
    if is_evicted:  # at its last byte
        raise _no_room()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _read_chunks(
    request: Request, reservation: Reservation, max_bytes: int, chunks: list[bytes]
) -> None:
    receive = request.receive
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPProblem(400, "reading the request: the connection ended")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        reservation.add(len(chunk))
        chunks.append(chunk)
        more = message.get("more_body", False)


def _too_large(max_bytes: int) -> HTTPProblem:
    return HTTPProblem(413, f"reading the request: more than {max_bytes:,} bytes", close=True)


class ClientIdentifier:
    """Tells clients apart by their address, which behind a trusted proxy is the one it names."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies

    def identify(self, scope: Any) -> str:
        """Return the client's IPv4 address, or the /64 network of its IPv6 address."""
        peer = scope.get("client")
        address: str = peer[0] if peer else ""
        if not self._proxies:
            return address if ":" not in address else _rate_limited_network(address)
        hops = [address]
        for name, value in scope["headers"]:
            if name == _FORWARDED_FOR:
                hops[:0] = [hop.strip() for hop in value.decode("latin-1").split(",")]
        # A client can forge every entry before the one that the outermost trusted proxy added.
        while len(hops) > 1 and self._is_proxy(hops[-1]):
            hops.pop()
        return _rate_limited_network(hops[-1])

    def identify_peer(self, address: str) -> str | None:
        """Return what identifies the other end of a connection; None for a trusted proxy."""
        return None if self._is_proxy(address) else _rate_limited_network(address)

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


def _rate_limited_network(address: str) -> str:
    """Return the part of an address that one client can't change at will."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
