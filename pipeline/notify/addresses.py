"""Address checks of webhooks: connections to private networks are refused.

A name is resolved once per connection, all of its addresses are checked, and the connection is made
to one of them: changing the name's address afterwards (DNS rebinding) has no effect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from connectors.sdk.addresses import is_public

Lookup = Callable[[str, int], Awaitable[list[Any]]]
"""Host and port to what ``socket.getaddrinfo`` returns."""


class Refused(OSError):
    """The address is not on the public internet."""


class CheckedResolver(AbstractResolver):
    """Resolves a name for one connection; refuses it if any address is not public."""

    def __init__(self, *, allow_private: bool, lookup: Lookup | None = None) -> None:
        self._allow_private = allow_private
        self._lookup = lookup or _look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return all addresses of the host; raises :class:`Refused` or ``OSError``."""
        infos = await self._lookup(host, port)
        addresses = [str(info[4][0]) for info in infos]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise Refused("it has a private address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=info[0],
                proto=info[2],
                flags=socket.AI_NUMERICHOST,
            )
            for info, address in zip(infos, addresses, strict=True)
        ]

    async def close(self) -> None:
        """Do nothing: no resource is open."""


def checked_socket(address: AddrInfoType) -> socket.socket:
    """Return a socket for an address, or raise ``Refused``: the last check before connecting."""
    family, kind, protocol, _, (host, *_) = address
    if not is_public(str(host)):
        raise Refused("it is a private address")
    return socket.socket(family, kind, protocol)


async def _look_up(host: str, port: int) -> list[Any]:
    loop = asyncio.get_running_loop()
    return list(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
