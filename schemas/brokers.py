"""Kafka's bootstrap servers, as the settings name them: ``host:port`` separated by commas."""

from __future__ import annotations

import socket
from contextlib import suppress

_PORT = 9092
_TIMEOUT_S = 5.0


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
