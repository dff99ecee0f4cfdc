"""``tally``: submissions of a Tally form, as its webhook sends them.

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
)

_KINDS: Final = {
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
    """Is called for each submission."""

    name = "tally"
    title = "Tally"
    signature = "tally-signature"
    requirements = (
        "a webhook on the form (Integrations, Webhooks) with this address and a signing secret."
    )
    limitations = (
        "An answer within 10 seconds, or Tally sends again. Only what is submitted once the "
        "webhook is on; edits and deletes are not told of. A webhook does not tell how long the "
        "scale of a rating or a linear scale is: name those in `scores`, or they are kept as "
        "attributes."
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
        sent = event.get("data")
        if not isinstance(sent, dict) or not isinstance(sent.get("fields"), list):
            raise Malformed("reading the submission: it has no data with fields")
        native_id = sent.get("submissionId") or sent.get("responseId")
        if not native_id:
            raise Malformed("reading the submission: it has no submissionId")
        fields = [one for one in sent["fields"] if isinstance(one, dict)]
        return Submission(
            id=str(native_id),
            at=sent.get("createdAt"),
            answers=[answer for field in fields for answer in _answers(field)],
            hidden={
                str(one.get("label")): one.get("value")
                for one in fields
                if str(one.get("type")) in _HIDDEN
            },
            respondent=str(sent.get("respondentId") or ""),
        )


def _answers(field: dict[str, Any]) -> Iterator[FormAnswer]:
    """What one field says; a matrix answers a question in each row."""
    type_, key, value = str(field.get("type")), str(field.get("key")), field.get("value")
    question = str(field.get("label") or "")
    if type_ in _HIDDEN:
        return
    if type_ == "MATRIX" and isinstance(value, dict):
        rows, columns = _texts(field.get("rows")), _texts(field.get("columns"))
        for row, chosen in value.items():
            asked = f"{question} ({rows.get(row, row)})"
            yield FormAnswer(f"{key}_{row}", asked, AnswerType.CHOICE, _chosen(chosen, columns))
        return
    kind = _KINDS.get(type_, AnswerType.CHOICE)
    if kind is AnswerType.CHOICE:
        value = _chosen(value, _texts(field.get("options")))
    yield FormAnswer(key, question, kind, value)


def _texts(options: Any) -> dict[str, str]:
    """The wordings of options by their ids."""
    if not isinstance(options, list):
        return {}
    return {
        str(one.get("id")): str(one.get("text") or one.get("name") or "")
        for one in options
        if isinstance(one, dict)
    }


def _chosen(value: Any, wordings: dict[str, str]) -> Any:
    """Wordings instead of ids."""
    if isinstance(value, list):
        return [wordings.get(one, one) for one in value if isinstance(one, str)]
    return wordings.get(value, value) if isinstance(value, str) else value
