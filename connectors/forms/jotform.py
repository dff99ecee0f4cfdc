"""``jotform``: submissions of a Jotform, from its webhook.

Jotform does not sign requests, so the webhook's address ends in a secret. It sends form data whose
``rawRequest`` holds the answers, by names such as ``q5_improve``, without types and wordings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    Item,
    Malformed,
    Submission,
    Webhook,
    WebhookRequest,
    from_unix,
    get_object,
    load_json,
    read_form,
    require_equal,
)

_NAME: Final = re.compile(r"q(\d+)_(.+)", re.DOTALL)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_MS: Final = re.compile(r"(\d{13})(?:_.*)?", re.DOTALL)
_PHONE_PARTS: Final = frozenset({"area", "phone", "full"})
_PERSONAL_PARTS: Final = frozenset(
    {"first", "last", "middle", "prefix", "suffix", "addr_line1", "addr_line2", "city", "state"}
    | {"postal", "country", "day", "month", "year", "hourSelect", "timeInput", "date", "duration"}
)
_DATE_PARTS: Final = frozenset({"year", "month", "day"})
_MAX_WIDGET_CHARACTERS: Final = 100_000
_MAX_AGE: Final = timedelta(days=30)
_MAX_CLOCK_SKEW: Final = timedelta(minutes=10)


class JotformConfig(FormSourceConfig):
    """One form, or several with the same questions."""

    path_secret: Annotated[
        SecretStr, Field(min_length=16, description="Last part of the webhook's address.")
    ]
    comments: tuple[str, ...] = Field(
        min_length=1,
        description='Questions whose answers are comments, by number or name: "q5", "improve".',
    )
    questions: dict[str, str] = Field(
        default_factory=dict, description="Wordings of questions, by name."
    )


class Jotform(FormSource[JotformConfig], Webhook[JotformConfig]):
    """Receives each submission."""

    name = "jotform"
    title = "Jotform"
    secret_in_path = True
    requirements = (
        "a webhook of the form (Settings, Integrations, WebHooks) with this address, which ends in "
        "a secret of your choice."
    )
    limitations = (
        "Requests are not signed: anyone who knows the address can submit. Types, wordings and "
        "scales of questions are not sent: name comments in `comments`, scores in `scores`, "
        "wordings in `questions`. Edits and deletes are not reported."
    )
    example = """\
path_secret = { env = "JOTFORM_SECRET" }
comments = ["improve"]
questions = { improve = "What could we do better?" }
scores = { recommend = "nps", q7 = { measure = "stars", worst = 1, best = 5 } }
site = "Eastgate"
"""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Compare the secret and return the items of the submission."""
        require_equal(request.path_secret, self.config.path_secret)
        form = dict(read_form(request.body, request.headers))
        native_id = form.get("submissionID", "")
        try:
            raw = load_json(form.get("rawRequest", "").encode())
        except ValueError:
            raise Malformed("reading the submission: rawRequest is not JSON") from None
        if not native_id or not isinstance(raw, dict):
            raise Malformed("reading the submission: it has no submissionID or no answers")
        answers = [
            self._answer(key, match, value)
            for key, value in raw.items()
            if (match := _NAME.fullmatch(key))
        ]
        at = _submission_time(raw, request.at)
        return self.items(
            Submission(
                id=native_id,
                at=at or request.at,
                redated=at is None,
                answers=answers,
                hidden={key: value for key, value in raw.items() if isinstance(value, str)},
            )
        )

    def _answer(self, key: str, match: re.Match[str], value: Any) -> FormAnswer:
        number, name = f"q{match[1]}", match[2]
        wordings = self.config.questions
        names = (name, number, key)
        question = next((wordings[each] for each in names if each in wordings), name)
        kind, value, other = _read_value(value)
        return FormAnswer(number, question, kind, value, also=(name, key), other=other)


def _read_value(value: Any) -> tuple[AnswerType, Any, str | None]:
    """Return the type that a value suggests, the value, and the text typed beside its choices.

    Names, addresses and dates have parts with names of their own. Widgets send JSON.
    """
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) < _MAX_WIDGET_CHARACTERS:
        value = _widget_text(value)
    if isinstance(value, str):
        is_address = _EMAIL.fullmatch(value.strip())
        return AnswerType.CONTACT if is_address else AnswerType.TEXT, value, None
    if isinstance(value, list):
        return _read_list(value)
    if not isinstance(value, dict):
        return AnswerType.CHOICE, value, None
    texts = {name: each for name, each in value.items() if isinstance(each, str)}
    if value.keys() & _PHONE_PARTS:
        return AnswerType.CONTACT, [*filter(None, texts.values())], None
    if value.keys() & _PERSONAL_PARTS:
        return AnswerType.PERSONAL, _join_parts(texts), None
    other = texts.pop("other", None)
    return AnswerType.CHOICE, [_in_row(*each) for each in texts.items()], other


def _join_parts(parts: dict[str, str]) -> list[str]:
    """Return the parts of a name or an address, or a date as one text."""
    if parts.keys() >= _DATE_PARTS:
        return ["-".join(parts[name].zfill(2) for name in ("year", "month", "day"))]
    return [part for part in parts.values() if part]


def _in_row(row: str, value: str) -> str:
    """Return a choice with the row of its table, if it has one."""
    return value if row.isdecimal() else f"{row}: {value}"


def _read_list(values: list[Any]) -> tuple[AnswerType, Any, str | None]:
    """Return the choices of a list, in which another one that was typed is an object."""
    others = [each["other"] for each in values if isinstance(each, dict) and "other" in each]
    choices = [each for each in values if not isinstance(each, dict)]
    typed = ", ".join(text for text in others if isinstance(text, str))
    return AnswerType.CHOICE, choices, typed or None


def _widget_text(value: str) -> Any:
    """Return the text of a widget, such as the rows of a list, or the value as it is."""
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    if isinstance(document, list):
        return _join_rows(document) or value
    text = get_object(document, "widget_metadata").get("value")
    text = document.get("value", text) if isinstance(document, dict) else None
    return text if isinstance(text, str) else value


def _join_rows(rows: list[Any]) -> str:
    """Return the rows of a list that a person can extend, one on each line."""
    lines = [
        ", ".join(f"{name}: {cell}" for name, cell in row.items() if cell and isinstance(cell, str))
        for row in rows
        if isinstance(row, dict)
    ]
    return "\n".join(filter(None, lines))


def _submission_time(raw: dict[str, Any], received: datetime) -> datetime | None:
    """Return the time of the respondent's browser, or None if it is implausible.

    ``submitDate`` is absent in older forms; ``event_id`` begins with the time the form was opened.
    """
    for name in ("submitDate", "event_id"):
        match = _MS.fullmatch(str(raw.get(name)))
        if match is None:
            continue
        moment = from_unix(int(match[1]) / 1000)
        if -_MAX_CLOCK_SKEW <= received - moment <= _MAX_AGE:
            return moment
    return None
