"""Which connection makes room for the next."""

from __future__ import annotations

import random

from structlog.testing import capture_logs

from connectors.server.connections import Connections


class Opened:
    def __init__(self) -> None:
        self.is_open = True

    def drop(self) -> None:
        self.is_open = False


def opened(connections: Connections, client: str | None, count: int) -> list[Opened]:
    made = [Opened() for _ in range(count)]
    for connection in made:
        connections.add(connection, client)
    return made


def test_of_one_client_the_one_that_has_waited_longest_goes() -> None:
    connections = Connections(100, 3)
    other = opened(connections, "b", 1)
    first = opened(connections, "a", 3)
    connections.work(first[0])
    opened(connections, "a", 1)
    assert [connection.is_open for connection in first] == [True, False, True]
    connections.work(first[2])
    connections.wait(first[0])
    opened(connections, "a", 1)
    assert other[0].is_open and first[0].is_open and len(connections) == 4


def test_a_client_whose_requests_are_all_in_progress_gets_no_more_connections() -> None:
    connections = Connections(100, 2)
    busy = opened(connections, "a", 2)
    for connection in busy:
        connections.work(connection)
    (refused,) = opened(connections, "a", 1)
    assert not refused.is_open and all(connection.is_open for connection in busy)
    (other,) = opened(connections, "b", 1)
    assert other.is_open


def test_many_clients_together_have_a_bound_too() -> None:
    connections = Connections(10, 3)
    first = [opened(connections, f"client {number}", 1)[0] for number in range(10)]
    last = opened(connections, "another", 2)
    assert [connection.is_open for connection in first] == [False] * 2 + [True] * 8
    assert all(connection.is_open for connection in last)


def test_a_proxy_speaks_for_many() -> None:
    connections = Connections(100, 3)
    assert all(connection.is_open for connection in opened(connections, None, 50))


def test_the_log_counts_what_was_dropped_once_a_minute() -> None:
    now = [0.0]
    connections = Connections(100, 1, lambda: now[0])
    with capture_logs() as lines:
        opened(connections, "a", 5_000)
        now[0] = 61.0
        opened(connections, "a", 1)
    assert [line["too_many_of_client"] for line in lines] == [1, 4_999]


def test_nothing_is_kept_of_connections_that_are_closed() -> None:
    made_up = random.Random(4)
    connections = Connections(50, 10)
    alive: list[Opened] = []
    for _ in range(5_000):
        choice = made_up.randrange(4)
        if choice == 0 or not alive:
            alive += opened(connections, f"client {made_up.randrange(20)}", 1)
        elif choice == 1:
            connections.work(made_up.choice(alive))
        elif choice == 2:
            connections.wait(made_up.choice(alive))
        else:
            connections.remove(alive.pop(made_up.randrange(len(alive))))
        alive = [connection for connection in alive if connection.is_open]
        assert len(connections) == len(alive) <= 50
    for connection in alive:
        connections.remove(connection)
    assert not any((connections._clients, connections._counts, connections._waiting))
    assert not connections._waiting_by_client
