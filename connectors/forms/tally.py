"""``tally``: submissions of a Tally form, from its webhook.

Speaks Tally's webhooks, https://tally.so/help/webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    Malformed,
    SignedConfig,
    SignedForm,
    Submission,
    get_objects,
    get_text,
    guess_text_type,
)

_TYPES: Final = {
    "INPUT_TEXT": AnswerType.SHORT,
    "TEXTAREA": AnswerType.TEXT,
    "INPUT_EMAIL": AnswerType.CONTACT,
    "INPUT_PHONE_NUMBER": AnswerType.CONTACT,
    "LINEAR_SCALE": AnswerType.SCALE,
    "RATING": AnswerType.STARS,
    "FILE_UPLOAD": AnswerType.PERSONAL,
    "SIGNATURE": AnswerType.PERSONAL,
    "PAYMENT": AnswerType.PERSONAL,
}
_CHOICES: Final = frozenset(
    {"MULTIPLE_CHOICE", "CHECKBOXES", "DROPDOWN", "MULTI_SELECT", "MATRIX", "RANKING"}
    | {"INPUT_NUMBER", "INPUT_LINK", "INPUT_DATE", "INPUT_TIME", "WALLET_CONNECT"}
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HIDDEN: Final = frozenset({"HIDDEN_FIELDS", "CALCULATED_FIELDS"})


class TallyConfig(SignedConfig):
    """One form, or several with the same questions."""


class Tally(SignedForm[TallyConfig]):
    """Receives each submission."""

    name = "tally"
    title = "Tally"
    signature = "tally-signature"
    requirements = (
        "a webhook of the form (Integrations, Webhooks) with this address and a signing secret."
    )
    limitations = (
        "Tally retries unless it gets a response within 10 seconds. Only submissions since the "
        "webhook was enabled; edits and deletes are not reported. The length of a rating or linear "
        "scale is not sent: name those questions in `scores`, or they become attributes."
    )
    example = """\
webhook_secret = { env = "TALLY_SECRET" }
organization = "Northern Hospitals"
site_field = "hospital"
scores = { "How likely are you to recommend us?" = "nps" }
"""

    def read_submission(self, event: dict[str, Any]) -> Submission | None:
        """Return the submission of a response event."""
        kind = event.get("eventType")
        if isinstance(kind, str) and kind != "FORM_RESPONSE":
            return None
        data = event.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("fields"), list):
            raise Malformed("reading the submission: it has no data with fields")
        native_id = data.get("submissionId") or data.get("responseId")
        if not native_id:
            raise Malformed("reading the submission: it has no submissionId")
        fields = get_objects(data, "fields")
        return Submission(
            id=str(native_id),
            at=data.get("createdAt"),
            answers=[answer for field in fields for answer in _answers(field)],
            hidden={
                str(field.get("label")): field.get("value")
                for field in fields
                if str(field.get("type")) in _HIDDEN
            },
            respondent=str(data.get("respondentId") or ""),
        )


def _answers(field: dict[str, Any]) -> Iterator[FormAnswer]:
    """Yield the answers of a field: one, or one per row of a matrix."""
    type_, key, value = str(field.get("type")), str(field.get("key")), field.get("value")
    question = str(field.get("label") or "")
    if type_ in _HIDDEN:
        return
    if type_ == "MATRIX" and isinstance(value, dict):
        rows, columns = (_wordings(get_objects(field, name)) for name in ("rows", "columns"))
        for row, choice in value.items():
            row_question = f"{question} ({rows.get(row, row)})"
            yield FormAnswer(
                f"{key}_{row}", row_question, AnswerType.CHOICE, _to_wordings(choice, columns)
            )
        return
    options = get_objects(field, "options")
    kind = _answer_type(type_, value, options)
    if kind is AnswerType.TEXT and type_ not in _TYPES:
        kind = guess_text_type(get_text(field, "value"), question)
    other = None
    if kind in (AnswerType.CHOICE, AnswerType.BOX):
        value, other = _split_other(value, options)
    yield FormAnswer(key, question, kind, value, other=other)


def _answer_type(type_: str, value: Any, options: list[dict[str, Any]]) -> AnswerType:
    """Return the type of a field; text of an unknown type is a comment."""
    if type_ in _TYPES:
        return _TYPES[type_]
    if type_ == "CHECKBOXES" and len(options) <= 1:
        return AnswerType.BOX
    is_text = isinstance(value, str) and type_ not in _CHOICES and not options
    return AnswerType.TEXT if is_text else AnswerType.CHOICE


def _split_other(value: Any, options: list[dict[str, Any]]) -> tuple[Any, str | None]:
    """Return the wordings of choices, and the text that was typed as another choice."""
    typed = {get_text(option, "id") for option in options if option.get("isOtherOption")}
    wordings = _wordings(options)
    if not options or not isinstance(value, list | str):
        return value, None
    chosen = [choice for choice in _as_list(value) if isinstance(choice, str)]
    offered = [choice for choice in chosen if choice in wordings and choice not in typed]
    others = [
        wordings.get(choice, choice)
        for choice in chosen
        if choice not in offered and not _UUID.fullmatch(wordings.get(choice, choice))
    ]
    return [wordings[choice] for choice in offered], ", ".join(filter(None, others)) or None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _wordings(options: list[dict[str, Any]]) -> dict[str, str]:
    """Return the wordings of options by their ids."""
    return {
        get_text(option, "id"): get_text(option, "text") or get_text(option, "name")
        for option in options
    }


def _to_wordings(value: Any, wordings: dict[str, str]) -> Any:
    """Return a choice, or a list of them, with wordings in place of ids."""
    if isinstance(value, list):
        return [wordings.get(choice, choice) for choice in value if isinstance(choice, str)]
    return wordings.get(value, value) if isinstance(value, str) else value
