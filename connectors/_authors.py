"""Authors become pseudonyms before anything leaves a connector."""

from __future__ import annotations

import hmac

_HEX_DIGITS = 32


def pseudonym(key: bytes, author: str) -> str | None:
    """HMAC-SHA256 of the author as the source names them: 32 hex digits.

    None without a key or without an author: an unkeyed hash of a name could be looked up.
    """
    author = author.strip()
    if not key or not author:
        return None
    return hmac.digest(key, author.encode("utf-8", "replace"), "sha256").hex()[:_HEX_DIGITS]
