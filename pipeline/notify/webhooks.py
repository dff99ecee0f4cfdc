"""Webhooks by the Standard Webhooks specification, version 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The signature covers identifier, time and body, so that a receiver can tell who sent it, that
nothing was changed, and that it is no recording of an earlier one. Redirects are not followed, and
private addresses are refused unless they are allowed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from connectors.sdk.http_status import retry_after_seconds
from pipeline.notify.addresses import CheckedResolver, Lookup, Refused, checked_socket, is_public
from pipeline.notify.outcome import TOLD, Outcome, Verdict, later

_TIMEOUT_S: Final = 20.0
_CONNECT_S: Final = 10.0
_MAX_WAIT_S: Final = 86_400.0
_TOO_MANY: Final = timedelta(minutes=1)
"""How long a destination is left alone that says 429 and not how long."""
_PREFIX: Final = "whsec_"
_LEAST_KEY: Final = 24
_MOST_KEY: Final = 64


class WebhookClient:
    """Opens a connection for each webhook, to addresses that it has checked."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        lookup: Lookup | None = None,
        certificates: ssl.SSLContext | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """To be made inside a running loop. ``lookup`` stands for ``getaddrinfo``."""
        self.allow_private = allow_private
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(allow_private=allow_private, lookup=lookup),
            socket_factory=None if allow_private else checked_socket,
            use_dns_cache=False,
            force_close=True,  # a connection that is kept would outlive its check
            ssl=certificates or True,
        )
        self.session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=min(timeout_s, _CONNECT_S)),
            headers={"User-Agent": "feedback-pipeline"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def send_webhook(
    client: WebhookClient,
    url: str,
    secret: str | Sequence[str],
    notice_id: str,
    payload: bytes,
    at: datetime,
) -> Outcome:
    """Post a payload once, signed with each of the secrets (``whsec_…``).

    ``at`` is the time of this attempt. Raises ``ValueError`` for a secret that is none.
    """
    secrets = [secret] if isinstance(secret, str) else secret
    headers = {"Content-Type": "application/json", **signed(secrets, notice_id, payload, at)}
    try:
        _check(client, url)
        async with client.session.post(
            url, data=payload, headers=headers, allow_redirects=False
        ) as response:
            return _outcome(response, at)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        return later(_said(error))


def signed(secrets: Sequence[str], notice_id: str, payload: bytes, at: datetime) -> dict[str, str]:
    """The three headers; raises ``ValueError`` for a secret or an identifier that is none."""
    if not secrets or not notice_id or "." in notice_id:
        raise ValueError("a webhook needs a secret and an identifier without a full stop")
    timestamp = str(int(at.timestamp()))
    content = b".".join((notice_id.encode(), timestamp.encode(), payload))
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(key_of(one), content) for one in secrets),
    }


def key_of(secret: str) -> bytes:
    """The key in a secret: base64 after ``whsec_``; raises ``ValueError``."""
    if not secret.startswith(_PREFIX):
        raise ValueError(f"a webhook's secret begins with {_PREFIX}")
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"a webhook's secret has base64 after {_PREFIX}") from None
    if not _LEAST_KEY <= len(key) <= _MOST_KEY:
        raise ValueError(f"a webhook's secret has {_LEAST_KEY} to {_MOST_KEY} bytes in base64")
    return key


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def _check(client: WebhookClient, url: str) -> None:
    """Raise :class:`Refused` for an address that is written as a number, or not encrypted."""
    if client.allow_private:
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise Refused("it is not https")
    host = parts.hostname or ""
    if (":" in host or host.replace(".", "").isdigit()) and not is_public(host):
        raise Refused("it is a private address")


def _outcome(response: aiohttp.ClientResponse, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return TOLD
    reason = f"status {status}"
    if status == 410:
        return Outcome(Verdict.GONE, f"{reason}: it wants no more of them")
    if 300 <= status < 400:
        return later(f"{reason}: redirects are not followed, name the new address")
    asked = _retry_after(response.headers, now)
    return later(reason, _TOO_MANY if asked is None and status == 429 else asked)


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait that is asked for, at most a day; None if there is none."""
    seconds = retry_after_seconds(headers, now=now)
    return None if seconds is None else timedelta(seconds=min(seconds, _MAX_WAIT_S))


def _said(error: BaseException) -> str:
    """Why there was no answer, without the address, which may hold a secret."""
    refused = _refusal(error)
    if refused is not None:
        return f"refusing the address: {refused} (allow_private = true allows it)"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return type(error).__name__


def _refusal(error: Any) -> Refused | None:
    while error is not None:
        if isinstance(error, Refused):
            return error
        error = getattr(error, "os_error", None) or error.__cause__
    return None
