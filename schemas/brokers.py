"""Kafka's bootstrap servers, as the settings name them: ``host:port`` separated by commas."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

_PORT = 9092
_TIMEOUT_S = 5.0
_PACE_S = 0.25


class BrokersAway(Exception):
    """No broker answers, or none goes on answering; the same may work later."""


def broker_addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    """Each server's host and port; 9092 where none is given."""
    addresses = []
    for server in filter(None, map(str.strip, bootstrap_servers.split(","))):
        host, colon, port = server.rpartition(":")
        if not colon or not port.isdecimal():
            host, port = server, str(_PORT)
        addresses.append((host.strip("[]"), int(port)))
    return addresses


def any_broker_listens(bootstrap_servers: str) -> bool:
    """Whether something takes connections at one of them, asking each for at most 5 seconds.

    kafka-python goes on trying until its timeout where nothing does, and leaves sockets open.
    """
    for address in broker_addresses(bootstrap_servers):
        with suppress(OSError), socket.create_connection(address, timeout=_TIMEOUT_S):
            return True
    return False


def pace(client: Any) -> None:
    """Have an aiokafka client wait before it looks for a leader again where it just found none.

    It looks again at once where nothing listens: thousands of times a second.
    """
    look = client.force_metadata_update
    found, looking = True, None

    async def patiently() -> bool:
        nonlocal found
        if not found:
            await asyncio.sleep(_PACE_S)
        found = bool(await look())
        return found

    def paced() -> asyncio.Future[bool]:
        nonlocal looking
        if looking is None or looking.done():
            looking = asyncio.ensure_future(patiently())
        return asyncio.shield(looking)

    client.force_metadata_update = paced
