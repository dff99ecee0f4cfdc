"""The HTTP client of connectors: time-outs, retries, rate limits, consequences of a status.

Messages name host and path only: queries and headers hold keys and personal data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypedDict, Unpack

import httpx
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.http_status import StatusClass, classify_status, retry_after_seconds
from connectors.sdk.http_transport import ONLY_PUBLIC, Transport
from connectors.sdk.json_parts import load_json

USER_AGENT: Final = "feedback-pipeline"
_ANONYMOUS_HEADERS: Final = frozenset(
    {"accept", "accept-encoding", "host", "user-agent", "if-none-match", "if-modified-since"}
)
"""What another server may see of a request."""
_MAX_ATTEMPTS: Final = 5
_MAX_WAIT_S: Final = 60.0
_MAX_REDIRECTS: Final = 5
_MAX_COOKIES: Final = 50
_REDIRECTED: Final = frozenset({"GET", "HEAD"})
"""A redirected POST would carry its body, and with it a grant or a reply, to another server."""
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
            return load_json(self.body)
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
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", **headers},
            params=dict(options.get("params", {})),
            auth=options.get("auth"),
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            transport=Transport(),
        )
        self._pause = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._classify = options.get("classify", classify_response)
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

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
            received = self._exchange(self._client.build_request(method, path, **request))
        except httpx.TransportError as error:
            url = self._client.base_url.join(path)
            raise Retry(
                f"requesting {method} {url.host}{url.path}: {type(error).__name__}"
            ) from None
        # The latter for a letter that headers and addresses cannot have, in a setting or a token.
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            where = path.partition("?")[0]
            raise Fatal(f"requesting {method} {where}: {type(error).__name__}") from None
        problem = self._classify(received)
        if problem is not None:
            raise problem
        return received

    def _exchange(self, request: httpx.Request) -> HttpResponse:
        """Return the response to a request; a GET is redirected a few times.

        Once it has left the configured server it is a stranger's, wherever it is sent then.
        """
        auth: Any = httpx.USE_CLIENT_DEFAULT
        for _ in range(_MAX_REDIRECTS + 1):
            url = request.url
            request_line = f"{request.method} {url.host}{url.path}"
            if not self._is_own(url):
                auth = None
            if auth is None:
                _make_anonymous(request, request_line)
            if len(self._client.cookies) > _MAX_COOKIES:
                self._client.cookies.clear()
            with closing(self._client.send(request, auth=auth, stream=True)) as response:
                if response.next_request is None or request.method not in _REDIRECTED:
                    status, headers = response.status_code, response.headers
                    return HttpResponse(status, headers, response.read(), request_line)
                request = response.next_request
        raise Fatal(f"requesting {request_line}: more than {_MAX_REDIRECTS} redirects")

    def _is_own(self, url: httpx.URL) -> bool:
        """Return True for the configured server, whatever network it is in."""
        own = self._client.base_url
        if url.host != own.host:
            return False
        is_upgrade = (_port(own), _port(url)) == (80, 443) and url.scheme == "https"
        return is_upgrade or (url.scheme, _port(url)) == (own.scheme, _port(own))

    def _throttle(self) -> None:
        if not self._pause:
            return
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + self._pause


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


def _make_anonymous(request: httpx.Request, request_line: str) -> None:
    """Prepare a request to a server that a service named: no credentials, public addresses."""
    if request.method not in _REDIRECTED or request.url.scheme not in {"http", "https"}:
        raise Fatal(f"requesting {request_line}: it is on another server")
    for name in request.headers.keys() - _ANONYMOUS_HEADERS:
        del request.headers[name]
    request.extensions = {**request.extensions, ONLY_PUBLIC: True}


_backoff: Final = wait_random_exponential(multiplier=0.5, max=30)


def _wait_s(state: RetryCallState) -> float:
    """Return the service's wait, or an exponential one with jitter if that is longer."""
    error = state.outcome.exception() if state.outcome else None
    requested = error.wait if isinstance(error, Retry) else 0.0
    return max(requested, min(_backoff(state), _MAX_WAIT_S))
