"""Addresses on the public internet. Pure, no resolver.

What strangers name (a redirect of a service, a notification's webhook) is requested there only.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
_6TO4: Final = ip_network("2002::/16")
_PROTOCOLS: Final = ip_network("192.0.0.0/24")
"""Some clouds have their metadata there; not every Python knows that it is not public."""


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
