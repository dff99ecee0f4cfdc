"""Bootstrap servers as the settings name them: ``host:port``, separated by commas."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

_DEFAULT_PORT: Final = 9092
_CONNECT_TIMEOUT_S: Final = 5.0


def parse_addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    """Return each server's host and port; the port defaults to 9092."""
    addresses = []
    for server in filter(None, map(str.strip, bootstrap_servers.split(","))):
        host, colon, port = server.rpartition(":")
        if not colon or not port.isdecimal():
            host, port = server, str(_DEFAULT_PORT)
        addresses.append((host.strip("[]"), int(port)))
    return addresses


def any_broker_reachable(bootstrap_servers: str) -> bool:
    """Return True if a server accepts connections, trying each for at most 5 seconds.

    kafka-python keeps trying until its timeout if no server listens, and leaves sockets open.
    """
    for address in parse_addresses(bootstrap_servers):
        with suppress(OSError), socket.create_connection(address, timeout=_CONNECT_TIMEOUT_S):
            return True
    return False
