"""Status classes and the wait that a response asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.sdk.http_status import StatusClass, classify_status, retry_after_seconds

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-20T12:02:00Z"}, 120.0),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1795176030"}, 30.0),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "45"}, 45.0),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "45"}, None),
        ({"retry-after": "86401"}, 86_400.0),
        ({"retry-after": "1e300"}, 86_400.0),
        ({"retry-after": "inf"}, 86_400.0),
        ({"retry-after": "-inf"}, 0.0),
        ({"retry-after": "9" * 400}, 86_400.0),
        ({"retry-after": "9" * 10_000}, 86_400.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400.0),
        ({"retry-after": "9999-12-31T23:59:59-23:59"}, 86_400.0),
        ({"retry-after": "0001-01-01T00:00:00+23:59"}, 0.0),
        ({"retry-after": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0.0),
        ({"retry-after": "Fri, 99 Nov 2026 99:99:99 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 99999999999999999999 12:01:00 GMT"}, None),
        ({"retry-after": "\N{SUPERSCRIPT TWO}"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1e18"}, 86_400.0),
        ({}, None),
    ],
)
def test_a_service_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, now=NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((200, 201, 204), StatusClass.OK),
        ((408, 425, 429, 500, 502, 503, 504), StatusClass.TRANSIENT),
        ((401, 403), StatusClass.CREDENTIALS_REFUSED),
        ((301, 304, 400, 404, 410, 413, 422), StatusClass.PERMANENT),
    ],
)
def test_a_status_has_one_consequence(statuses: tuple[int, ...], expected: StatusClass) -> None:
    assert {classify_status(status) for status in statuses} == {expected}
