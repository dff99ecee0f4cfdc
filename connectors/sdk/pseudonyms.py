"""Pseudonyms, which replace authors before a record leaves its connector."""

from __future__ import annotations

import hmac
from functools import lru_cache

_HEX_DIGITS = 32


def pseudonym(key: bytes, author: str) -> str | None:
    """Return the HMAC-SHA256 of an author's name or id, as 32 hex digits.

    None without a key or an author: an unkeyed hash could be reversed by dictionary lookup.
    """
    author = author.strip()
    if not key or not author:
        return None
    mac = _keyed_hash(key).copy()
    mac.update(author.encode("utf-8", "replace"))
    return mac.hexdigest()[:_HEX_DIGITS]


@lru_cache(maxsize=8)
def _keyed_hash(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")
