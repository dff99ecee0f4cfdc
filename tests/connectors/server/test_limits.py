"""Token buckets with bounded memory, and whose word on a client's address is taken."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from connectors.server.limits import Clients, Rate, Room
from connectors.server.problems import Refusal


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    rate = Rate(2, 3, lambda: now[0])
    for _ in range(3):
        rate.take("a")
    with pytest.raises(Refusal) as raised:
        rate.take("a")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (429, "1")
    rate.take("b")
    now[0] = 0.5
    rate.take("a")
    with pytest.raises(Refusal):
        rate.take("a")


def test_no_number_of_clients_takes_all_memory() -> None:
    rate = Rate(1, 1)
    for number in range(30_000):
        rate.take(number)
    assert len(rate) == 20_000


def test_room_is_given_back_whatever_happens() -> None:
    room = Room(10_000)
    for _ in range(5):
        with pytest.raises(Refusal), room.share() as share:
            share.take(5_000)
            share.take(5_000)
    with room.share() as share:
        share.take(5_900)


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
    assert Clients([ip_network("10.0.0.0/8")]).of(scope) == client
