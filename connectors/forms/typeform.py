"""``typeform``: submissions of a Typeform, from its webhook.

Speaks the Webhooks API, https://www.typeform.com/developers/webhooks.
"""

from __future__ import annotations

from typing import Any, Final

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    Malformed,
    SignedConfig,
    SignedForm,
    Submission,
    get_object,
    get_objects,
)

_TYPES: Final = {
    "short_text": AnswerType.TEXT,
    "long_text": AnswerType.TEXT,
    "opinion_scale": AnswerType.SCALE,
    "rating": AnswerType.STARS,
    "nps": AnswerType.NPS,
    "email": AnswerType.CONTACT,
    "phone_number": AnswerType.CONTACT,
    "file_upload": AnswerType.PERSONAL,
    "payment": AnswerType.PERSONAL,
    "signature": AnswerType.PERSONAL,
}
_SCORES: Final = frozenset({AnswerType.SCALE, AnswerType.STARS, AnswerType.NPS})


class TypeformConfig(SignedConfig):
    """One form, or several with the same questions."""


class Typeform(SignedForm[TypeformConfig]):
    """Receives each submission."""

    name = "typeform"
    title = "Typeform"
    signature = "typeform-signature"
    prefix = "sha256="
    requirements = (
        "a webhook of the form (Connect, Webhooks) with this address and a secret of your choice."
    )
    limitations = (
        "Only submissions since the webhook was enabled; edits and deletes are not reported. The "
        "length of a rating or opinion scale is not always sent: name those questions in `scores`, "
        "or they become attributes."
    )
    example = """\
webhook_secret = { env = "TYPEFORM_SECRET" }
site = "Eastgate"
service_field = "ward"
scores = { overall = "stars", ease = { measure = "ces", worst = 1, best = 7 } }
"""

    def read_submission(self, event: dict[str, Any]) -> Submission | None:
        """Return the submission of a response event."""
        kind = event.get("event_type")
        if isinstance(kind, str) and kind != "form_response":
            return None
        response = event.get("form_response")
        if not isinstance(response, dict) or not response.get("token"):
            raise Malformed("reading the submission: it has no form_response with a token")
        fields = _by_id(get_objects(response.get("definition"), "fields"))
        answers = [_answer(answer, fields) for answer in get_objects(response, "answers")]
        return Submission(
            id=str(response["token"]),
            at=response.get("submitted_at"),
            answers=answers,
            hidden=_hidden(response),
        )


def _by_id(fields: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {field["id"]: field for field in fields if isinstance(field.get("id"), str)}


def _answer(answer: dict[str, Any], fields: dict[Any, dict[str, Any]]) -> FormAnswer:
    reference = get_object(answer, "field")
    native_id = str(reference.get("id"))
    field = fields.get(native_id, reference)
    kind = _TYPES.get(str(field.get("type")), AnswerType.CHOICE)
    worst, best = _scale(kind, field) if kind in _SCORES else (None, None)
    ref = field.get("ref")
    return FormAnswer(
        native_id,
        str(field.get("title") or ""),
        kind,
        _value(answer),
        worst,
        best,
        (ref,) if isinstance(ref, str) else (),
    )


def _value(answer: dict[str, Any]) -> Any:
    """Return the value of an answer, whose key is the answer's type."""
    value = answer.get(str(answer.get("type")))
    if not isinstance(value, dict):
        return value
    choices = [*labels] if isinstance(labels := value.get("labels"), list) else []
    choices += [value[name] for name in ("label", "other") if value.get(name)]
    return [choice for choice in choices if isinstance(choice, str)]


def _scale(kind: AnswerType, field: dict[str, Any]) -> tuple[float | None, float | None]:
    properties = get_object(field, "properties")
    steps = properties.get("steps")
    if not isinstance(steps, int):
        return None, None
    first = 1 if kind is AnswerType.STARS or properties.get("start_at_one") else 0
    return first, first + steps - 1


def _hidden(response: dict[str, Any]) -> dict[str, Any]:
    """Return hidden fields and variables by their names."""
    hidden = dict(get_object(response, "hidden"))
    for variable in get_objects(response, "variables"):
        hidden[str(variable.get("key"))] = variable.get(str(variable.get("type")))
    return hidden
