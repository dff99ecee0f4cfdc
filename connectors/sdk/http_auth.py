"""Authentication of HTTP clients by tokens."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import httpx
import orjson
from pydantic import SecretStr

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.http import USER_AGENT, HttpResponse, classify_response
from connectors.sdk.json_parts import load_json


def read_token(body: bytes, name: str, action: str) -> str:
    """Return the token of that name in a response. Raises ``Retry``, which begins with ``action``.

    A token is sent in a header, and can have printable ASCII only (RFC 6750).
    """
    try:
        document = load_json(body)
    except orjson.JSONDecodeError:
        document = None
    token = document.get(name) if isinstance(document, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Retry(f"{action}: the response contains no token")
    return token


class Bearer(httpx.Auth):
    """Authentication with a token that does not change."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token."""
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class OAuth2(httpx.Auth):
    """Authentication with a token that is requested when needed or refused (RFC 6749)."""

    requires_response_body = True

    def __init__(
        self,
        token_url: str,
        form: Mapping[str, str],
        *,
        basic: tuple[str, str] | None = None,
    ) -> None:
        """``form`` is the grant: ``grant_type`` and credentials. ``basic`` is sent as a header."""
        self._token_url = token_url
        self._form = dict(form)
        self._basic = httpx.BasicAuth(*basic) if basic else None
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token; request one first if it is missing, and again if it is refused."""
        if self._token is None:
            self._store_token((yield self._token_request()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            self._store_token((yield self._token_request()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _token_request(self) -> httpx.Request:
        request = httpx.Request(
            "POST", self._token_url, data=self._form, headers={"User-Agent": USER_AGENT}
        )
        if self._basic is not None:
            request = next(self._basic.auth_flow(request))
        return request

    def _store_token(self, response: httpx.Response) -> None:
        where = f"POST {response.url.host}{response.url.path}"
        problem = classify_response(
            HttpResponse(response.status_code, response.headers, b"", where)
        )
        if isinstance(problem, Fatal):  # a grant that is refused comes back as 400
            raise Unauthorized(f"requesting a token, {where}: status {response.status_code}")
        if problem is not None:
            raise problem
        self._token = read_token(response.content, "access_token", f"requesting a token, {where}")
