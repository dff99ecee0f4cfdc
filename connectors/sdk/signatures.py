"""Signatures of webhooks: over the raw body, compared in constant time."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import datetime
from typing import Final, Literal

from pydantic import SecretStr

from connectors.sdk.errors import Forged, Stale

REPLAY_WINDOW_S: Final = 300


def require_hmac(
    given: str | None,
    message: bytes,
    secret: SecretStr,
    *,
    digest: Literal["sha1", "sha256"] = "sha256",
    form: Literal["base64", "hex"] = "base64",
    prefix: str = "",
) -> None:
    """Raise ``Forged`` unless ``given`` is ``prefix`` and the HMAC of the message."""
    mac = hmac.digest(secret.get_secret_value().encode(), message, digest)
    if form == "hex":  # in letters of either case
        require_equal((given or "").lower(), SecretStr(prefix.lower() + mac.hex()))
        return
    require_equal(given, SecretStr(prefix + b64encode(mac).decode()))


def require_equal(given: str | None, expected: SecretStr) -> None:
    """Raise ``Forged`` unless both are equal, and not empty."""
    wanted = expected.get_secret_value().encode()
    received = (given or "").strip().encode("utf-8", "replace")
    if not wanted or not hmac.compare_digest(received, wanted):
        raise Forged("checking the signature: it is missing or wrong")


def require_recent(moment: datetime, at: datetime) -> None:
    """Raise ``Stale`` for a request signed more than five minutes before or after ``at``."""
    if abs((at - moment).total_seconds()) > REPLAY_WINDOW_S:
        raise Stale("checking the signature: its time is more than 5 minutes off")
