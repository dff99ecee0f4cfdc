"""``jotform``: submissions of a Jotform, as its webhook sends them.

Jotform signs nothing: the address that it calls ends in a secret. It sends a form of its own whose
``rawRequest`` holds the answers, by names such as ``q5_improve``, without kinds and wordings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import create_form_parser

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
    require_equal,
)

_NAME: Final = re.compile(r"q(\d+)_(.+)", re.DOTALL)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MS: Final = re.compile(r"(\d{13})(?:_.*)?", re.DOTALL)
_OLDEST: Final = timedelta(days=30)
_CLOCK_OFF: Final = timedelta(minutes=10)


class JotformConfig(FormSourceConfig):
    """One form, or several with the same questions."""

    path_secret: Annotated[
        SecretStr, Field(min_length=16, description="The last part of the webhook's address.")
    ]
    comments: tuple[str, ...] = Field(
        min_length=1,
        description='Questions that hold the comments, by number or name: "q5" or "improve".',
    )
    questions: dict[str, str] = Field(
        default_factory=dict, description="Wordings of questions by their names."
    )


class Jotform(FormSource[JotformConfig], Webhook[JotformConfig]):
    """Is called for each submission."""

    name = "jotform"
    title = "Jotform"
    secret_in_path = True
    requirements = (
        "a webhook on the form (Settings, Integrations, WebHooks) with this address, which ends in "
        "a secret of your choice."
    )
    limitations = (
        "Nothing is signed: whoever knows the address can write. The webhook tells neither the "
        "kinds nor the wordings nor the scales of questions: name the comments in `comments`, "
        "scores in `scores`, wordings in `questions`. Edits and deletes are not told of."
    )
    example = """\
path_secret = { env = "JOTFORM_SECRET" }
comments = ["improve"]
questions = { improve = "What could we do better?" }
scores = { recommend = "nps", q7 = { measure = "stars", worst = 1, best = 5 } }
site = "Eastgate"
"""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Compare the secret and take the submission apart."""
        require_equal(request.path_secret, self.config.path_secret)
        form = _form(request)
        native_id = form.get("submissionID", "")
        try:
            raw = orjson.loads(form.get("rawRequest", ""))
        except orjson.JSONDecodeError:
            raise Malformed("reading the submission: rawRequest is no JSON") from None
        if not native_id or not isinstance(raw, dict):
            raise Malformed("reading the submission: it has no submissionID or no answers")
        answers = [
            self._answer(key, found, value)
            for key, value in raw.items()
            if (found := _NAME.fullmatch(key))
        ]
        at = _submitted(raw, request.at)
        return self.items(
            Submission(
                id=native_id,
                at=at or request.at,
                redated=at is None,
                answers=answers,
                hidden={key: value for key, value in raw.items() if isinstance(value, str)},
            )
        )

    def _answer(self, key: str, found: re.Match[str], value: Any) -> FormAnswer:
        number, name = f"q{found[1]}", found[2]
        wordings = self.config.questions
        asked = next((wordings[one] for one in (name, number, key) if one in wordings), name)
        return FormAnswer(number, asked, _kind(value), value, also=(name, key))


def _kind(value: Any) -> AnswerType:
    """What can be told from the value: names, addresses and dates come in parts."""
    if isinstance(value, dict):
        return (
            AnswerType.CONTACT if value.keys() & {"area", "phone", "full"} else AnswerType.PERSONAL
        )
    if isinstance(value, str):
        return AnswerType.CONTACT if _EMAIL.fullmatch(value.strip()) else AnswerType.TEXT
    return AnswerType.CHOICE


def _submitted(raw: dict[str, Any], received: datetime) -> datetime | None:
    """When it was sent in, as the respondent's browser says; None where that cannot be.

    ``submitDate`` is absent in older forms; ``event_id`` begins with when the form was opened.
    """
    for name in ("submitDate", "event_id"):
        found = _MS.fullmatch(str(raw.get(name)))
        if found is None:
            continue
        moment = from_unix(int(found[1]) / 1000)
        if -_CLOCK_OFF <= received - moment <= _OLDEST:
            return moment
    return None


def _form(request: WebhookRequest) -> dict[str, str]:
    """The fields of the request; raises ``Malformed``. Files are not kept."""
    form: dict[str, str] = {}

    def keep(field: FormField) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        form[name] = (field.value or b"").decode("utf-8", "replace")

    headers = {"Content-Type": request.headers.get("content-type", "").encode("latin-1", "replace")}
    try:
        parser = create_form_parser(headers, keep, None)
        parser.write(request.body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise Malformed("reading the submission: it is no form") from None
    return form
