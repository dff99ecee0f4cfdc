"""The HTTP client of connectors: time-outs, retries, rate limits, consequences of a status.

Messages name host and path only: queries and headers hold keys and personal data.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypedDict, Unpack

import httpx
import orjson
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.http_status import StatusClass, classify_status, retry_after_seconds

USER_AGENT: Final = "feedback-pipeline"
_MAX_ATTEMPTS: Final = 5
_MAX_WAIT_S: Final = 60.0
_MAX_BYTES: Final = 32_000_000
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes
    request_line: str
    """Method, host and path, for messages."""

    def json(self) -> Any:
        """Return the body as JSON. Raises ``Retry``: it was truncated, or is a proxy's page."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Retry(
                f"reading {self.request_line}: the response is not a complete JSON document"
            ) from None


ResponseClassifier = Callable[[HttpResponse], Exception | None]
"""Returns the error that a response represents, or None if it is a success."""


def classify_response(response: HttpResponse) -> Exception | None:
    """Return the error that a response's status stands for; None for a success or a 304."""
    message = f"requesting {response.request_line}: status {response.status}"
    match classify_status(response.status):
        case StatusClass.OK:
            return None
        case StatusClass.CREDENTIALS_REFUSED:
            return Unauthorized(f"{message}: the credentials are refused")
        case StatusClass.TRANSIENT:
            return Retry(message, wait=retry_after_seconds(response.headers))
        case StatusClass.PERMANENT:
            return None if response.status == 304 else Fatal(message)


@cache
def silence_httpx_logging() -> None:
    """Keep httpx from logging each request: its lines hold the queries."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


@cache
def ssl_context() -> ssl.SSLContext:
    """Return the trusted authorities. Reading them takes as long as some thousand records."""
    return httpx.create_ssl_context(trust_env=False)


class HttpOptions(TypedDict, total=False):
    """Options of a client."""

    headers: Mapping[str, str]
    params: Mapping[str, str]
    """Added to every request."""
    auth: httpx.Auth | None
    per_second: float
    """Requests per second at most."""
    classify: ResponseClassifier
    """Which error a response is, if it is one; default: :func:`classify_response`."""


class Http:
    """Requests to one service, one after the other."""

    def __init__(
        self,
        base_url: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[HttpOptions],
    ) -> None:
        headers = options.get("headers", {})
        per_second = options.get("per_second")
        silence_httpx_logging()
        self._client = httpx.Client(
            base_url=base_url,
            headers={"User-Agent": USER_AGENT, **headers},
            params=dict(options.get("params", {})),
            auth=options.get("auth"),
            timeout=_TIMEOUT,
            follow_redirects=True,
            event_hooks={"request": [self._strip_headers_on_redirect]},
            trust_env=False,
            verify=ssl_context(),
        )
        self._own_headers = [name for name in headers if name.lower() != "user-agent"]
        self._pause = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._classify = options.get("classify", classify_response)
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _strip_headers_on_redirect(self, request: httpx.Request) -> None:
        # httpx drops only Authorization if a service redirects to another server.
        home, url = self._client.base_url, request.url
        if url.host != home.host or (home.scheme == "https") > (url.scheme == "https"):
            for name in self._own_headers:
                request.headers.pop(name, None)

    def get_json(self, path: str, **request: Any) -> Any:
        """GET a JSON document. Raises ``Retry`` or ``Fatal``."""
        return self.json("GET", path, **request)

    def json(self, method: str, path: str, **request: Any) -> Any:
        """Request a JSON document, with retries. Raises ``Retry`` or ``Fatal``."""
        return self._with_retries(lambda: self._send(method, path, request).json())

    def request(self, method: str, path: str, **request: Any) -> HttpResponse:
        """Send a request, with retries. Raises ``Retry`` or ``Fatal``.

        ``request`` is passed to httpx: params, json, data, content, headers.
        """
        response: HttpResponse = self._with_retries(lambda: self._send(method, path, request))
        return response

    def _with_retries(self, attempt: Callable[[], Any]) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(Retry),
            stop=lambda state: (
                stop_after_attempt(_MAX_ATTEMPTS)(state) or _wait_s(state) > _MAX_WAIT_S
            ),
            wait=_wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _send(self, method: str, path: str, request: Mapping[str, Any]) -> HttpResponse:
        self._throttle()
        try:
            with self._client.stream(method, path, **request) as response:
                request_line = f"{method} {response.url.host}{response.url.path}"
                received = HttpResponse(
                    response.status_code,
                    response.headers,
                    _read_body(response, request_line),
                    request_line,
                )
        except httpx.TransportError as error:
            url = self._client.base_url.join(path)
            raise Retry(
                f"requesting {method} {url.host}{url.path}: {type(error).__name__}"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            where = path.partition("?")[0]
            raise Fatal(f"requesting {method} {where}: {type(error).__name__}") from None
        problem = self._classify(received)
        if problem is not None:
            raise problem
        return received

    def _throttle(self) -> None:
        if not self._pause:
            return
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + self._pause


_backoff: Final = wait_random_exponential(multiplier=0.5, max=30)


def _wait_s(state: RetryCallState) -> float:
    """Return the service's wait, or an exponential one with jitter if that is longer."""
    error = state.outcome.exception() if state.outcome else None
    requested = error.wait if isinstance(error, Retry) else 0.0
    return max(requested, min(_backoff(state), _MAX_WAIT_S))


def _read_body(response: httpx.Response, request_line: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _MAX_BYTES:
            raise Fatal(f"reading {request_line}: the response is larger than {_MAX_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


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
        try:
            self._token = str(orjson.loads(response.content)["access_token"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Retry(f"requesting a token, {where}: the response contains no token") from None
