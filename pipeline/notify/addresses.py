"""Address checks of webhooks: connections to private networks are refused.

A name is resolved once per connection, all of its addresses are checked, and the connection is made
to one of them: changing the name's address afterwards (DNS rebinding) has no effect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

Lookup = Callable[[str, int], Awaitable[list[Any]]]
"""Host and port to what ``socket.getaddrinfo`` returns."""

_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
_6TO4: Final = ip_network("2002::/16")
_PROTOCOLS: Final = ip_network("192.0.0.0/24")
"""Some clouds have their metadata there; not every Python knows that it is not public."""


class Refused(OSError):
    """The address is not on the public internet."""


def is_public(address: str) -> bool:
    """Return True for public unicast; an IPv6 address that maps to IPv4 counts as the latter."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF)))
        # 6to4 maps to IPv4 too, and is obsolete.
        return ip.is_global and ip in _UNICAST and ip not in _6TO4
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip in _PROTOCOLS)


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
