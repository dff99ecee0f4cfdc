"""``tally``: submissions of a Tally form, from its webhook.

Speaks Tally's webhooks, https://tally.so/help/webhooks.
"""

from __future__ import annotations

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
)

_TYPES: Final = {
    "INPUT_TEXT": AnswerType.TEXT,
    "TEXTAREA": AnswerType.TEXT,
    "INPUT_EMAIL": AnswerType.CONTACT,
    "INPUT_PHONE_NUMBER": AnswerType.CONTACT,
    "LINEAR_SCALE": AnswerType.SCALE,
    "RATING": AnswerType.STARS,
    "FILE_UPLOAD": AnswerType.PERSONAL,
    "SIGNATURE": AnswerType.PERSONAL,
    "PAYMENT": AnswerType.PERSONAL,
}
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
    kind = _TYPES.get(type_, AnswerType.CHOICE)
    if kind is AnswerType.CHOICE:
        value = _to_wordings(value, _wordings(get_objects(field, "options")))
    yield FormAnswer(key, question, kind, value)


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
