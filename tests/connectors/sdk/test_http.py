"""The one place that talks HTTP: what a status means, how long to wait, what is never said."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.http import Http, HttpResponse, classify_response
from connectors.sdk.http_auth import Bearer, OAuth2, read_token
from tests.support.fake_service import Served

SECRET = "planted-secret-1"  # noqa: S105 - planted to be looked for


@pytest.fixture
def service() -> Iterator[Served]:
    async def echo(request: Request) -> Response:
        return JSONResponse({"authorization": request.headers.get("authorization")})

    async def large(request: Request) -> Response:
        return Response(b"x" * 2_000)

    async def token(request: Request) -> Response:
        return JSONResponse({"access_token": "t1"})

    async def refuse(request: Request) -> Response:
        return JSONResponse({"error": "invalid_grant"}, 400)

    routes = [
        Route("/echo", echo),
        Route("/large", large),
        Route("/token", token, methods=["POST"]),
        Route("/refuse", refuse, methods=["POST"]),
    ]
    with Served(Starlette(routes=routes), spared=["/token"]) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def http(service: Served, waits: list[float]) -> Iterator[Http]:
    made = Http(service.url, params={"key": SECRET}, sleep=waits.append)
    yield made
    made.close()


@pytest.mark.parametrize(("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({}, 1.0)])
def test_a_retry_carries_the_wait_of_the_service_or_a_second(
    headers: dict[str, str], seconds: float
) -> None:
    problem = classify_response(HttpResponse(503, httpx.Headers(headers), b"", "GET /"))
    assert isinstance(problem, Retry)
    assert problem.wait == seconds


@pytest.mark.parametrize("fault", ["429", "500", "503", "408", "truncated", "hang up"])
def test_what_may_pass_is_tried_again(http: Http, service: Served, fault: str) -> None:
    service.faults.extend([fault, fault])
    assert http.get_json("/echo") == {"authorization": None}
    assert len(service.requests) == 3


def test_what_does_not_pass_is_given_up_after_five_attempts(http: Http, service: Served) -> None:
    service.faults.extend(["500"] * 9)
    with pytest.raises(Retry):
        http.get_json("/echo")
    assert len(service.requests) == 5


def test_a_wait_longer_than_a_minute_is_left_to_the_schedule(
    service: Served, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sdk.http.retry_after_seconds", lambda headers: 900.0)
    service.faults.append("429")
    http = Http(service.url, sleep=waits.append)
    with pytest.raises(Retry) as raised:
        http.get_json("/echo")
    http.close()
    assert (raised.value.wait, waits, len(service.requests)) == (900.0, [], 1)


@pytest.mark.parametrize(
    ("fault", "error"), [("401", Unauthorized), ("403", Unauthorized), ("404", Fatal)]
)
def test_what_will_not_pass_ends_the_run_at_once(
    http: Http, service: Served, fault: str, error: type[Exception]
) -> None:
    service.faults.append(fault)
    with pytest.raises(error) as raised:
        http.get_json("/echo")
    assert len(service.requests) == 1
    assert f"status {fault}" in str(raised.value) and "127.0.0.1/echo" in str(raised.value)


@pytest.mark.parametrize("fault", ["404", "500", "hang up", "truncated"])
def test_no_message_holds_a_query(http: Http, service: Served, fault: str) -> None:
    service.faults.extend([fault] * 9)
    with pytest.raises((Fatal, Retry)) as raised:
        http.get_json("/echo")
    assert SECRET not in str(raised.value)


def test_no_request_is_logged_with_its_query(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        http.get_json("/echo")
    assert SECRET not in caplog.text


def test_nobody_answering_is_retried_later(waits: list[float]) -> None:
    http = Http("http://127.0.0.1:9", sleep=waits.append)
    with pytest.raises(Retry, match="ConnectError"):
        http.get_json("/echo")
    http.close()
    assert len(waits) == 4


def test_an_answer_that_is_too_large_ends_the_run(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http._client._transport, "_max_bytes", 1_000)
    with pytest.raises(Fatal, match="larger than 1,000 bytes"):
        http.request("GET", "/large")


def test_a_token_is_fetched_when_needed_and_again_when_refused(service: Served) -> None:
    auth = OAuth2(f"{service.url}/token", {"grant_type": "client_credentials"})
    http = Http(service.url, auth=auth)
    assert http.get_json("/echo") == {"authorization": "Bearer t1"}
    service.faults.append("401")
    assert http.get_json("/echo") == {"authorization": "Bearer t1"}
    http.close()
    assert [request.path for request in service.requests] == [
        "/token",
        "/echo",
        "/echo",
        "/token",
        "/echo",
    ]


def test_a_grant_that_is_refused_is_a_matter_of_credentials(service: Served) -> None:
    auth = OAuth2(f"{service.url}/refuse", {"refresh_token": SECRET})
    http = Http(service.url, auth=auth)
    with pytest.raises(Unauthorized) as raised:
        http.get_json("/echo")
    http.close()
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"<html>",
        b'{"access_token": null}',
        b'{"access_token": ""}',
        b'{"access_token": {"a": "t1"}}',
        b'{"access_token": ["t1"]}',
        b'{"access_token": "t\xc3\xa9"}',
        b'{"access_token": "t\\r\\nX-Other: 1"}',
        b'{"access_token": ' + b"[" * 900 + b"]" * 900 + b"}",
        b"[" * 200_000,
        b'{"access_token": "t1", "a": ' + b"[1," * 400_000,
    ],
    ids=range(12),
)
def test_a_response_without_a_token_is_tried_again(body: bytes) -> None:
    with pytest.raises(Retry, match="asking: the response contains no token"):
        read_token(body, "access_token", "asking")


def test_a_token_stands_among_anything() -> None:
    deep = b"[" * 500 + b"]" * 500
    body = b'{"scope": ' + deep + b', "expires_in": 99999999999999999999, "access_token": "t1"}'
    assert read_token(body, "access_token", "asking") == "t1"


def test_a_letter_that_a_header_cannot_have_ends_the_run(service: Served) -> None:
    http = Http(service.url)
    with pytest.raises(Fatal, match="requesting GET /echo: UnicodeEncodeError"):
        http.get_json("/echo", headers={"If-None-Match": "café"})
    http.close()


def test_a_token_that_does_not_change_is_sent(service: Served) -> None:
    http = Http(service.url, auth=Bearer(SecretStr("abc")))
    assert http.get_json("/echo") == {"authorization": "Bearer abc"}
    http.close()


def test_requests_keep_the_pace_that_is_allowed(service: Served, waits: list[float]) -> None:
    http = Http(service.url, per_second=2, sleep=waits.append)
    for _ in range(3):
        http.get_json("/echo")
    http.close()
    assert len(waits) == 2
    assert all(0.2 < wait <= 0.5 for wait in waits)
