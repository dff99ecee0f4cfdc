"""A session of an app password: https://docs.bsky.app/docs/api/com-atproto-server-create-session.

Its access token is valid for minutes to hours. The refresh token renews it without the password,
since few sessions may be opened per day.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import httpx
from pydantic import SecretStr

from connectors.sdk import (
    USER_AGENT,
    HttpResponse,
    Retry,
    Unauthorized,
    classify_response,
    read_token,
)

_SERVER: Final = "/xrpc/com.atproto.server."
_Flow = Generator[httpx.Request, httpx.Response, None]


class Session(httpx.Auth):
    """Authentication that opens a session when needed, and renews an expired access token."""

    requires_response_body = True

    def __init__(self, base_url: str, identifier: str, password: SecretStr) -> None:
        self._server = base_url.rstrip("/") + _SERVER
        self._identifier = identifier
        self._password = password
        self._access = ""
        self._refresh = ""

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Send the access token; renew it if it is refused."""
        if not self._access:
            yield from self._open()
        request.headers["Authorization"] = f"Bearer {self._access}"
        response = yield request
        if _has_expired(response):
            yield from self._renew()
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request

    def _open(self) -> _Flow:
        password = self._password.get_secret_value()
        body = {"identifier": self._identifier, "password": password}
        self._store_tokens((yield self._request("createSession", json=body)))

    def _renew(self) -> _Flow:
        bearer = {"Authorization": f"Bearer {self._refresh}"}
        response = yield self._request("refreshSession", headers=bearer)
        if _has_expired(response):
            yield from self._open()
        else:
            self._store_tokens(response)

    def _request(
        self, method: str, headers: dict[str, str] | None = None, json: Any = None
    ) -> httpx.Request:
        named = {"User-Agent": USER_AGENT, **(headers or {})}
        return httpx.Request("POST", self._server + method, headers=named, json=json)

    def _store_tokens(self, response: httpx.Response) -> None:
        request_line = f"POST {response.url.host}{response.url.path}"
        problem = classify_response(
            HttpResponse(response.status_code, response.headers, b"", request_line)
        )
        if isinstance(problem, Retry):
            raise problem
        if problem is not None:
            raise Unauthorized(f"opening a session, {request_line}: status {response.status_code}")
        action = f"opening a session, {request_line}"
        self._access = read_token(response.content, "accessJwt", action)
        self._refresh = read_token(response.content, "refreshJwt", action)


def _has_expired(response: httpx.Response) -> bool:
    """Return True if a token is refused, or has expired, which is a 400 with that name."""
    if response.status_code == 400:
        return b'"ExpiredToken"' in response.content
    return response.status_code == 401
