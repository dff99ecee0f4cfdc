"""The one place that talks HTTP: time-outs, retries, rate limits, and what a status means.

No message names more than host and path: queries and headers hold keys and people's words.
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
_ATTEMPTS: Final = 5
_PATIENCE_S: Final = 60.0
_MOST_BYTES: Final = 32_000_000
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response that was read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes
    request_line: str
    """Method, host and path, for messages."""

    def json(self) -> Any:
        """The body as JSON; raises ``Retry``, since it was cut off or is a proxy's page."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Retry(
                f"reading {self.request_line}: the answer is no whole JSON document"
            ) from None


ResponseClassifier = Callable[[HttpResponse], Exception | None]
"""What follows from an answer; None: it is good."""


def classify_response(answer: HttpResponse) -> Exception | None:
    """What a status means with most services."""
    message = f"requesting {answer.request_line}: status {answer.status}"
    match classify_status(answer.status):
        case StatusClass.OK:
            return None
        case StatusClass.CREDENTIALS_REFUSED:
            return Unauthorized(f"{message}: the credentials are refused")
        case StatusClass.TRANSIENT:
            return Retry(message, wait=retry_after_seconds(answer.headers))
        case StatusClass.PERMANENT:
            return None if answer.status == 304 else Fatal(message)


@cache
def silence_httpx_logging() -> None:
    """Keep httpx from logging every request: its lines hold the queries."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


@cache
def ssl_context() -> ssl.SSLContext:
    """Whose certificates are believed. Reading them takes as long as some thousand records."""
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
            event_hooks={"request": [self._tell_strangers_nothing]},
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

    def _tell_strangers_nothing(self, request: httpx.Request) -> None:
        # httpx drops only Authorization where a service redirects to another server.
        home, url = self._client.base_url, request.url
        if url.host != home.host or (home.scheme == "https") > (url.scheme == "https"):
            for name in self._own_headers:
                request.headers.pop(name, None)

    def get_json(self, path: str, **request: Any) -> Any:
        """GET a JSON document. Raises ``Retry`` or ``Fatal``."""
        return self.json("GET", path, **request)

    def json(self, method: str, path: str, **request: Any) -> Any:
        """Request a JSON document; repeats what may pass. Raises ``Retry`` or ``Fatal``."""
        return self._insist(lambda: self._once(method, path, request).json())

    def request(self, method: str, path: str, **request: Any) -> HttpResponse:
        """Request anything; repeats what may pass. Raises ``Retry`` or ``Fatal``.

        ``request`` is what httpx takes: params, json, data, content, headers.
        """
        answer: HttpResponse = self._insist(lambda: self._once(method, path, request))
        return answer

    def _insist(self, attempt: Callable[[], Any]) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(Retry),
            stop=lambda state: stop_after_attempt(_ATTEMPTS)(state) or _wait(state) > _PATIENCE_S,
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def _once(self, method: str, path: str, request: Mapping[str, Any]) -> HttpResponse:
        self._keep_pace()
        try:
            with self._client.stream(method, path, **request) as response:
                where = f"{method} {response.url.host}{response.url.path}"
                answer = HttpResponse(
                    response.status_code, response.headers, _body(response, where), where
                )
        except httpx.TransportError as error:
            url = self._client.base_url.join(path)
            raise Retry(
                f"requesting {method} {url.host}{url.path}: {type(error).__name__}"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            where = path.partition("?")[0]
            raise Fatal(f"requesting {method} {where}: {type(error).__name__}") from None
        problem = self._classify(answer)
        if problem is not None:
            raise problem
        return answer

    def _keep_pace(self) -> None:
        if not self._pause:
            return
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + self._pause


_backoff: Final = wait_random_exponential(multiplier=0.5, max=30)


def _wait(state: RetryCallState) -> float:
    """At least what the service asks for, and a growing, jittered wait where it asks for none."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, Retry) else 0.0
    return max(asked, min(_backoff(state), _PATIENCE_S))


def _body(response: httpx.Response, where: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _MOST_BYTES:
            raise Fatal(f"reading {where}: the answer is larger than {_MOST_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


class Bearer(httpx.Auth):
    """A token that does not change."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token."""
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class OAuth2(httpx.Auth):
    """A token that is asked for when first needed, and again when it is refused (RFC 6749)."""

    requires_response_body = True

    def __init__(
        self,
        token_url: str,
        form: Mapping[str, str],
        *,
        basic: tuple[str, str] | None = None,
    ) -> None:
        """``form`` is the grant: ``grant_type`` and credentials; ``basic`` goes in a header."""
        self._token_url = token_url
        self._form = dict(form)
        self._basic = httpx.BasicAuth(*basic) if basic else None
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token; fetch one where there is none or it is refused."""
        if self._token is None:
            self._keep((yield self._token_request()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            self._keep((yield self._token_request()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _token_request(self) -> httpx.Request:
        request = httpx.Request(
            "POST", self._token_url, data=self._form, headers={"User-Agent": USER_AGENT}
        )
        if self._basic is not None:
            request = next(self._basic.auth_flow(request))
        return request

    def _keep(self, response: httpx.Response) -> None:
        where = f"POST {response.url.host}{response.url.path}"
        problem = classify_response(
            HttpResponse(response.status_code, response.headers, b"", where)
        )
        if isinstance(problem, Fatal):  # a grant that is refused comes back as 400
            raise Unauthorized(f"asking for a token, {where}: status {response.status_code}")
        if problem is not None:
            raise problem
        try:
            self._token = str(orjson.loads(response.content)["access_token"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Retry(f"asking for a token, {where}: the answer holds none") from None
