"""Token buckets with bounded memory, and whose word on a client's address is taken."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from connectors.server.limits import ClientIdentifier, MemoryBudget, RateLimiter
from connectors.server.problems import HTTPProblem


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    rate = RateLimiter(2, 3, lambda: now[0])
    for _ in range(3):
        rate.acquire("a")
    with pytest.raises(HTTPProblem) as raised:
        rate.acquire("a")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (429, "1")
    rate.acquire("b")
    now[0] = 0.5
    rate.acquire("a")
    with pytest.raises(HTTPProblem):
        rate.acquire("a")


def test_no_number_of_clients_takes_all_memory() -> None:
    rate = RateLimiter(1, 1)
    for number in range(30_000):
        rate.acquire(number)
    assert len(rate) == 20_000


def test_room_is_given_back_whatever_happens() -> None:
    budget = MemoryBudget(10_000)
    for _ in range(5):
        with pytest.raises(HTTPProblem), budget.reserve() as reservation:
            reservation.add(5_000)
            reservation.add(5_000)
    with budget.reserve() as reservation:
        reservation.add(5_900)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("2001:db8::5:6", None, "2001:db8::"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
    ],
)
def test_only_a_proxy_of_ours_is_believed(peer: str, forwarded: str | None, client: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": (peer, 5), "headers": headers}
    assert ClientIdentifier([ip_network("10.0.0.0/8")]).identify(scope) == client


def test_the_newest_request_of_a_share_gets_the_room_of_the_oldest() -> None:
    budget = MemoryBudget(100_000, 20_000)
    ended: list[str] = []
    with budget.reserve("a") as first, budget.reserve("a") as second, budget.reserve("b") as other:
        first.evict, second.evict = lambda: ended.append("first"), lambda: ended.append("second")
        for reservation in (other, first, second):
            reservation.add(6_000)
        assert ended == ["first"] and first.size == 0
        second.add(9_000)
        with pytest.raises(HTTPProblem):
            second.add(2_000)
        second.end_reading()
        with budget.reserve("a") as third:
            third.add(15_000)  # what has been read is no longer of the share
    assert ended == ["first"] and budget._free == 100_000 and not budget._shares


def test_without_room_the_oldest_of_all_ends() -> None:
    budget = MemoryBudget(26_000, 20_000)
    ended: list[str] = []
    with budget.reserve("a") as first, budget.reserve("b") as second:
        first.evict = lambda: ended.append("first")
        first.add(10_000)
        second.add(10_000)
        assert ended == ["first"]


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", None),
        ("2001:db8::5:6", "2001:db8::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_a_connection_is_a_clients_unless_it_is_a_proxy_of_ours(
    peer: str, client: str | None
) -> None:
    assert ClientIdentifier([ip_network("10.0.0.0/8")]).identify_peer(peer) == client
