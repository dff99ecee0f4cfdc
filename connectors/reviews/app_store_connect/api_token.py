"""Tokens that an API key of App Store Connect signs for itself.

As https://developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests
has it: signed with ES256, and valid for 20 minutes at most.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import SecretStr

from connectors.sdk import Misconfigured

_AUDIENCE: Final = "appstoreconnect-v1"
_CURVE: Final = "P-256"
_LIFETIME_S: Final = 900
_SKEW_S: Final = 60
"""How far this clock may be ahead of Apple's, and how long before its end a token is replaced."""


class ApiKey(httpx.Auth):
    """Authentication with tokens that a private key signs, of a team or of one person."""

    def __init__(self, key_id: str, issuer_id: str | None, private_key: SecretStr) -> None:
        """``issuer_id`` is the team's; without one, the key is an individual key.

        Raises ``Misconfigured`` if the private key cannot sign.
        """
        self._key = _import_key(private_key)
        self._header = {"alg": "ES256", "kid": key_id, "typ": "JWT"}
        self._claims = {"sub": "user"} if issuer_id is None else {"iss": issuer_id}
        self._token = ""
        self._expires_at = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send a token; sign a new one if it expires soon, and once if it is refused."""
        if time.time() > self._expires_at - _SKEW_S:
            self._sign()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            self._sign()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _sign(self) -> None:
        now = int(time.time())
        claims = {
            **self._claims,
            "aud": _AUDIENCE,
            "iat": now - _SKEW_S,
            "exp": now + _LIFETIME_S,
        }
        self._token = jwt.encode(self._header, claims, self._key, algorithms=["ES256"])
        self._expires_at = now + _LIFETIME_S


def _import_key(private_key: SecretStr) -> Any:
    try:
        key = ECKey.import_key(private_key.get_secret_value())
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or not key.is_private or key.curve_name != _CURVE:
        raise Misconfigured("private_key: it is not the content of an API key's file, AuthKey_….p8")
    return key
