"""Answers that refuse a request: problem details (RFC 9457) without personal values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from connectors.forms.form.connector import Unacceptable
from connectors.sdk.errors import Fatal, Forged, Malformed, Rejected, Retry, Stale

PROBLEM: Final = "application/problem+json"
PLAIN_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Refusal(Exception):
    """Ends a request with a status; ``wait`` is when to try again, in seconds."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        wait: float | None = None,
        close: bool = False,
        details: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.details = details
        self.headers = dict(headers or {})
        if wait is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(wait)))
        if close:  # the rest of the body is not read
            self.headers["Connection"] = "close"
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"

    def response(self) -> Response:
        """The problem as JSON."""
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.details:
            problem["errors"] = list(self.details)
        headers = {**PLAIN_HEADERS, **self.headers}
        return Response(orjson.dumps(problem), self.status, headers, PROBLEM)


def refusal_of(error: Rejected | Retry | Fatal) -> Refusal:
    """What a source's error means to whoever sent the request."""
    if isinstance(error, Unacceptable):
        return Refusal(
            422, "reading the submission: it is not as it must be", details=error.details
        )
    if isinstance(error, Forged):
        return Refusal(401, str(error))
    if isinstance(error, Stale | Malformed):
        return Refusal(400, str(error))
    wait = error.wait if isinstance(error, Retry) else 60.0
    return Refusal(503, "asking the service for what it tells of: it can't be had now", wait=wait)
