"""Errors, limits and positions of the Graph API."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.sdk import HttpResponse
from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.social.graph_api import InvalidRequest, classify, next_position, read_position

SECRET = "EAAnever-to-be-seen"  # noqa: S105 - made up


def response(
    code: Any, status: int = 400, headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    error = {"message": f"Token {SECRET} of Jo Bloggs", "type": "OAuthException", "code": code}
    body = json.dumps({"error": {**error, **more}}).encode()
    return HttpResponse(status, httpx.Headers(headers), body, "GET graph.facebook.com/v25.0/1/feed")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (190, Unauthorized, "has expired"),
        (102, Unauthorized, "has expired"),
        (10, Unauthorized, "lacks a permission"),
        (200, Unauthorized, "lacks a permission"),
        (299, Unauthorized, "lacks a permission"),
        (4, Retry, "rate limit"),
        (17, Retry, "rate limit"),
        (32, Retry, "rate limit"),
        (613, Retry, "rate limit"),
        (80_001, Retry, "rate limit"),
        (80_002, Retry, "rate limit"),
        (368, Retry, "rate limit"),
        (1, Retry, "error 1"),
        (2, Retry, "error 2"),
        (100, InvalidRequest, "does not exist"),
        (12, Fatal, "no longer has it"),
        (2635, Fatal, "set `version`"),
        (7777, Fatal, "status 400"),
        ("190", Fatal, "status 400"),
        (None, Fatal, "status 400"),
        ([], Fatal, "status 400"),
    ],
)
def test_a_code_says_what_to_do(code: Any, kind: type[Exception], said: str) -> None:
    error = classify(response(code))
    assert type(error) is kind
    assert said in str(error) and SECRET not in str(error) and "Bloggs" not in str(error)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 1_800),
        ({"X-App-Usage": '{"call_count": 100, "total_time": 25, "total_cputime": 25}'}, 1_800),
        (
            {
                "X-Business-Use-Case-Usage": '{"111": [{"type": "pages", "call_count": 100, '
                '"estimated_time_to_regain_access": 19}, {"estimated_time_to_regain_access": 0}]}'
            },
            1_140,
        ),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 9e9}]}'}, 1_800),
        (
            {"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 99999}]}'},
            86_400,
        ),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": -5}]}'}, 1_800),
        ({"X-Business-Use-Case-Usage": '[{"1": 2}]'}, 1_800),
        ({"X-Business-Use-Case-Usage": '{"1": {"2": 3}, "4": [5]}'}, 1_800),
        ({"X-Business-Use-Case-Usage": "soon"}, 1_800),
    ],
)
def test_a_limit_says_how_long_to_wait(headers: dict[str, str], wait: float) -> None:
    error = classify(response(32, 403, headers))
    assert isinstance(error, Retry)
    assert error.wait == wait


def test_an_error_may_come_with_any_status() -> None:
    assert isinstance(classify(response(190, 200)), Unauthorized)
    assert isinstance(classify(response(7777, 200)), Fatal)
    assert isinstance(classify(response(4, 500)), Retry)
    assert isinstance(classify(response(7777, 503)), Retry)
    assert isinstance(classify(response(7777, is_transient=True)), Retry)


@pytest.mark.parametrize("body", [b'{"data": []}', b'{"data": [{"message": "error"}]}', b"[]"])
def test_a_page_is_no_error(body: bytes) -> None:
    assert classify(HttpResponse(200, httpx.Headers(), body, "GET here/v25.0/1/feed")) is None


@pytest.mark.parametrize("body", [b"<h1>Sorry</h1>", b"{", b'{"error": 1}', b'["error"]', b"null"])
def test_a_status_counts_where_the_body_tells_nothing(body: bytes) -> None:
    refused = HttpResponse(403, httpx.Headers(), body, "GET here/v25.0/1/feed")
    assert isinstance(classify(refused), Unauthorized)


@pytest.mark.parametrize(
    ("paging", "position"),
    [
        (None, None),
        ({}, None),
        ({"cursors": {"after": "QVFI"}}, None),
        ({"cursors": {"after": "QVFI="}, "next": "https://graph.example/x"}, {"after": "QVFI="}),
        (
            {"next": f"https://graph.example/x?access_token={SECRET}&limit=25&until=1364587774"},
            {"until": "1364587774"},
        ),
        (
            {"next": "https://evil.example/x?until=1&__paging_token=e&fields=access_token"},
            {"until": "1", "__paging_token": "e"},
        ),
        ({"next": "https://graph.example/x?access_token=a"}, None),
        ({"next": 7}, None),
        ({"next": "https://[half"}, None),
        ([], None),
        ("next", None),
    ],
)
def test_a_position_holds_no_token_and_no_address(
    paging: Any, position: dict[str, str] | None
) -> None:
    found = next_position({"data": [], "paging": paging})
    assert (None if found is None else read_position(found)) == position


@pytest.mark.parametrize(
    "paging",
    [
        {"cursors": {"after": "A" * 3_000}, "next": "x"},
        {"next": "https://a.example/?" + "a" * 30_000},
    ],
)
def test_a_position_that_is_too_long_is_a_failure(paging: dict[str, Any]) -> None:
    with pytest.raises(Retry, match="too long"):
        next_position({"data": [], "paging": paging})
