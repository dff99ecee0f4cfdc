"""LimeSurvey's RemoteControl 2 over JSON-RPC: a session, and calls that may be refused.

An error is a result with a ``status``, and HTTP's status is 200. A status is compared, and never
quoted: it may name a user.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.sdk import (
    Fatal,
    Http,
    Misconfigured,
    Retry,
    Unauthorized,
    get_text,
    load_json,
    require_object,
    require_objects,
)

_EXPIRED: Final = "invalid session key"
_NO_TABLE: Final = "survey table does not exist"
_NO_RESPONSES: Final = "no data"


class RemoteControl:
    """The calls that a connector makes, in one session."""

    def __init__(self, http: Http, url: str, username: str, password: SecretStr) -> None:
        """``http`` is a client of the server of ``url``, which is the address of the interface."""
        self._http = http
        address = urlsplit(url)
        self._path = address.path + (f"?{address.query}" if address.query else "")
        self._username = username
        self._password = password
        self._key = ""
        self._numbers = count(1)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Log in, and log out at the end. Raises ``Unauthorized``."""
        self._log_in()
        try:
            yield
        finally:
            # A session that is left open expires. The client may be closed by now.
            with suppress(Retry, Fatal, RuntimeError):
                self._call("release_session_key", [self._key])

    def list_questions(self, survey: str, language: str | None) -> list[dict[str, Any]]:
        """Return the questions and subquestions of a survey."""
        result = self._ask("list_questions", survey, None, language)
        return require_objects({"questions": result}, "questions", f"limesurvey {survey}")

    def get_properties(
        self, question: str, names: Sequence[str], language: str | None
    ) -> dict[str, Any]:
        """Return properties of a question, or none if the server refuses them."""
        try:
            result = self._ask("get_question_properties", int(question), list(names), language)
        except (Misconfigured, ValueError):
            return {}
        return result if isinstance(result, dict) else {}

    def list_ids(self, survey: str, first: int) -> list[int]:
        """Return the ids of the complete responses from ``first`` on."""
        rows = self._export(survey, first, None, ["id"])
        return [int(text) for row in rows if (text := get_text(row, "id")).isdecimal()]

    def export(self, survey: str, first: int, last: int) -> list[dict[str, Any]]:
        """Return the complete responses from id ``first`` to ``last``, answers as codes."""
        return self._export(survey, first, last, None)

    def _export(
        self, survey: str, first: int, last: int | None, columns: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        options = ["json", None, "complete", "code", "short", first, last, columns]
        try:
            result = self._ask("export_responses", survey, *options)
        except _NoResponses:
            return []
        document = _decode(result, survey)
        rows = require_objects(document, "responses", f"limesurvey {survey}")
        return [_unwrap(row) for row in rows]

    def _log_in(self) -> None:
        username, password = self._username, self._password.get_secret_value()
        key = self._call("get_session_key", [username, password])
        if not isinstance(key, str) or not key:
            raise Unauthorized("logging in to limesurvey: the credentials are refused")
        self._key = key

    def _ask(self, method: str, subject: str | int, *params: Any) -> Any:
        """Return the result of a call about a survey or a question. Raises ``Misconfigured``."""
        result = self._call(method, [self._key, int(subject), *params])
        if _read_status(result) == _EXPIRED:
            self._log_in()
            result = self._call(method, [self._key, int(subject), *params])
        status = _read_status(result)
        if status is None:
            return result
        raise _error_from_status(status, f"reading limesurvey {subject}, {method}")

    def _call(self, method: str, params: list[Any]) -> Any:
        request = {"method": method, "params": params, "id": next(self._numbers)}
        answer = require_object(self._http.json("POST", self._path, json=request), "limesurvey")
        if answer.get("error") is not None:
            raise Fatal(f"calling limesurvey, {method}: the server reports an error")
        if answer.get("result") is None:
            raise Retry(f"calling limesurvey, {method}: the response has no result")
        return answer["result"]


class _NoResponses(Misconfigured):
    """The survey has no responses yet."""


def _read_status(result: Any) -> str | None:
    """Return the status of a call that is refused, in lower case; None for other results."""
    status = result.get("status") if isinstance(result, dict) else None
    return status.casefold() if isinstance(status, str) else None


def _error_from_status(status: str, action: str) -> Misconfigured:
    if _NO_TABLE in status:
        return Misconfigured(f"{action}: the survey is not active")
    if status.startswith(_NO_RESPONSES):
        return _NoResponses(f"{action}: it has no responses")
    if "permission" in status:
        return Misconfigured(f"{action}: the user has no permission to read it")
    if "invalid survey" in status:
        return Misconfigured(f"{action}: there is no such survey")
    if "language" in status:
        return Misconfigured(f"{action}: the survey does not have this language")
    return Misconfigured(f"{action}: the server refuses the call")


def _decode(result: Any, survey: str) -> Any:
    """Return the JSON document of an export, which is in base64. Raises ``Retry``."""
    try:
        return load_json(b64decode(result, validate=False))
    except (Error, TypeError, ValueError):
        raise Retry(
            f"reading limesurvey {survey}: the export is not a complete JSON document"
        ) from None


def _unwrap(row: dict[str, Any]) -> dict[str, Any]:
    """Return a response; old servers put each into an object by its id."""
    if len(row) == 1:
        ((_, value),) = row.items()
        if isinstance(value, dict):
            return value
    return row
