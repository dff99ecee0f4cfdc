"""Signatures of webhooks by the Standard Webhooks specification, and their secrets. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"
_MIN_KEY_BYTES: Final = 24
_MAX_KEY_BYTES: Final = 64


def signature_headers(
    secrets: Sequence[str], notice_id: str, payload: bytes, at: datetime
) -> dict[str, str]:
    """Return the three headers; raises ``ValueError`` for an invalid secret or identifier."""
    if not secrets or not notice_id or "." in notice_id:
        raise ValueError("a webhook needs a secret and an identifier without a full stop")
    timestamp = str(int(at.timestamp()))
    content = b".".join((notice_id.encode(), timestamp.encode(), payload))
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_sign(decode_secret(each), content) for each in secrets),
    }


def decode_secret(secret: str) -> bytes:
    """Return the key of a secret, base64 after ``whsec_``; raises ``ValueError``."""
    if not secret.startswith(_PREFIX):
        raise ValueError(f"a webhook's secret begins with {_PREFIX}")
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"a webhook's secret has base64 after {_PREFIX}") from None
    if not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise ValueError(
            f"a webhook's secret has {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES} bytes in base64"
        )
    return key


def _sign(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
