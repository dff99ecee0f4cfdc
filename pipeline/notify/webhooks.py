"""Webhooks by the Standard Webhooks specification, version 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The signature covers identifier, time and body: a receiver can verify the sender and the content,
and reject replays. Redirects are not followed, and private addresses are refused unless allowed.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from connectors.sdk.addresses import is_public
from connectors.sdk.http_status import retry_after_seconds
from pipeline.notify.addresses import CheckedResolver, Lookup, Refused, checked_socket
from pipeline.notify.outcome import DELIVERED, DeliveryStatus, Outcome, transient_failure
from pipeline.notify.webhook_signatures import signature_headers

_TIMEOUT_S: Final = 20.0
_CONNECT_TIMEOUT_S: Final = 10.0
_DEFAULT_RATE_LIMIT_WAIT: Final = timedelta(minutes=1)
"""Wait after status 429 without ``Retry-After``."""


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
        """Create it inside a running loop. ``lookup`` replaces ``getaddrinfo``."""
        self.allow_private = allow_private
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(allow_private=allow_private, lookup=lookup),
            socket_factory=None if allow_private else checked_socket,
            use_dns_cache=False,
            force_close=True,  # a kept connection would outlive its address check
            ssl=certificates or True,
        )
        self.session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=timeout_s, connect=min(timeout_s, _CONNECT_TIMEOUT_S)
            ),
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

    ``at`` is the time of this attempt. Raises ``ValueError`` for an invalid secret.
    """
    secrets = [secret] if isinstance(secret, str) else secret
    headers = {
        "Content-Type": "application/json",
        **signature_headers(secrets, notice_id, payload, at),
    }
    try:
        _check_url(client, url)
        async with client.session.post(
            url, data=payload, headers=headers, allow_redirects=False
        ) as response:
            return _classify_response(response, at)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        return transient_failure(_describe_error(error))


def _check_url(client: WebhookClient, url: str) -> None:
    """Raise :class:`Refused` for an address that is written as a number, or not encrypted."""
    if client.allow_private:
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise Refused("it is not https")
    host = parts.hostname or ""
    if (":" in host or host.replace(".", "").isdigit()) and not is_public(host):
        raise Refused("it is a private address")


def _classify_response(response: aiohttp.ClientResponse, now: datetime) -> Outcome:
    """Return the outcome by the specification: all but 2xx and 410 is tried again."""
    status = response.status
    if 200 <= status < 300:
        return DELIVERED
    reason = f"status {status}"
    if status == 410:
        return Outcome(DeliveryStatus.PERMANENT, f"{reason}: gone")
    if 300 <= status < 400:
        return transient_failure(f"{reason}: redirects are not followed, name the new address")
    asked = requested_wait(response.headers, now)
    return transient_failure(
        reason, _DEFAULT_RATE_LIMIT_WAIT if asked is None and status == 429 else asked
    )


def requested_wait(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """Return the wait that a response asks for, at most a day; None if there is none."""
    seconds = retry_after_seconds(headers, now=now)
    return None if seconds is None else timedelta(seconds=seconds)


def _describe_error(error: BaseException) -> str:
    """Describe an error without the address, which may contain a secret."""
    refused = _find_refusal(error)
    if refused is not None:
        return f"refusing the address: {refused} (allow_private = true allows it)"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return type(error).__name__


def _find_refusal(error: Any) -> Refused | None:
    while error is not None:
        if isinstance(error, Refused):
            return error
        error = getattr(error, "os_error", None) or error.__cause__
    return None
