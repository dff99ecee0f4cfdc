"""Authors become pseudonyms before anything leaves a connector."""

from __future__ import annotations

import hmac
from functools import lru_cache

_HEX_DIGITS = 32


def pseudonym(key: bytes, author: str) -> str | None:
    """HMAC-SHA256 of the author as the source names them: 32 hex digits.

    None without a key or without an author: an unkeyed hash of a name could be looked up.
    """
    author = author.strip()
    if not key or not author:
        return None
    mac = _keyed(key).copy()
    mac.update(author.encode("utf-8", "replace"))
    return mac.hexdigest()[:_HEX_DIGITS]


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")
