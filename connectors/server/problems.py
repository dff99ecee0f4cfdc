"""Responses to requests that fail: problem details (RFC 9457) without personal values."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from starlette.responses import Response

from connectors.forms.form.connector import Unacceptable
from connectors.sdk.errors import Fatal, Forged, Malformed, Rejected, Retry, Stale

PROBLEM_JSON: Final = "application/problem+json"
PLAIN_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_FATAL_WAIT_S: Final = 60.0  # an operator has to act first

log = structlog.get_logger(__name__)


class HTTPProblem(Exception):
    """Ends a request with an HTTP status; ``wait`` is when to try again, in seconds."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        wait: float | None = None,
        close: bool = False,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        if wait is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(wait)))
        if close:  # the rest of the body is not read
            self.headers["Connection"] = "close"
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")

    def response(self) -> Response:
        """Return the problem as JSON."""
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            problem["errors"] = list(self.errors)
        headers = {**PLAIN_HEADERS, **self.headers}
        return Response(orjson.dumps(problem), self.status, headers, PROBLEM_JSON)


def problem_from_source_error(error: Rejected | Retry | Fatal) -> HTTPProblem:
    """Return the response that a source's error means to the sender of the request."""
    if isinstance(error, Unacceptable):
        return HTTPProblem(422, "reading the submission: it is not valid", errors=error.details)
    if isinstance(error, Forged):
        return HTTPProblem(401, str(error))
    if isinstance(error, Stale | Malformed):
        return HTTPProblem(400, str(error))
    wait = error.wait if isinstance(error, Retry) else _FATAL_WAIT_S
    return HTTPProblem(503, "asking the service for details: it is not available now", wait=wait)


def log_server_error(error: Exception) -> HTTPProblem:
    """Log an unexpected error by its class and place, and return the response to it.

    Its message may hold what people wrote, so it is neither logged nor sent.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    log.error("request_failed", error=type(error).__name__, where=where)
    return HTTPProblem(500, "answering the request: the server failed")
