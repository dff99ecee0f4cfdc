"""A session of an app password: https://docs.bsky.app/docs/api/com-atproto-server-create-session.

Its access token lives for minutes to hours; the refresh token renews it without the password,
since only few sessions may be opened in a day.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import httpx
import orjson
from pydantic import SecretStr

from connectors.sdk import USER_AGENT, HttpResponse, Retry, Unauthorized, classify_response

_SERVER: Final = "/xrpc/com.atproto.server."
_Flow = Generator[httpx.Request, httpx.Response, None]


class Session(httpx.Auth):
    """Opened when first needed, renewed when the access token has expired."""

    requires_response_body = True

    def __init__(self, base_url: str, identifier: str, password: SecretStr) -> None:
        self._server = base_url.rstrip("/") + _SERVER
        self._identifier = identifier
        self._password = password
        self._access = ""
        self._refresh = ""

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Send the access token, a new one where it is refused."""
        if not self._access:
            yield from self._open()
        request.headers["Authorization"] = f"Bearer {self._access}"
        response = yield request
        if _expired(response):
            yield from self._renew()
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request

    def _open(self) -> _Flow:
        password = self._password.get_secret_value()
        body = {"identifier": self._identifier, "password": password}
        self._keep((yield self._request("createSession", json=body)))

    def _renew(self) -> _Flow:
        bearer = {"Authorization": f"Bearer {self._refresh}"}
        response = yield self._request("refreshSession", headers=bearer)
        if _expired(response):
            yield from self._open()
        else:
            self._keep(response)

    def _request(
        self, method: str, headers: dict[str, str] | None = None, json: Any = None
    ) -> httpx.Request:
        named = {"User-Agent": USER_AGENT, **(headers or {})}
        return httpx.Request("POST", self._server + method, headers=named, json=json)

    def _keep(self, response: httpx.Response) -> None:
        where = f"POST {response.url.host}{response.url.path}"
        problem = classify_response(
            HttpResponse(response.status_code, response.headers, b"", where)
        )
        if isinstance(problem, Retry):
            raise problem
        if problem is not None:
            raise Unauthorized(f"opening a session, {where}: status {response.status_code}")
        try:
            tokens = orjson.loads(response.content)
            self._access, self._refresh = tokens["accessJwt"], tokens["refreshJwt"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Retry(f"opening a session, {where}: the answer holds no tokens") from None


def _expired(response: httpx.Response) -> bool:
    """Whether a token is refused; an expired one is, with status 400 and a name for it."""
    if response.status_code == 400:
        return b'"ExpiredToken"' in response.content
    return response.status_code == 401
