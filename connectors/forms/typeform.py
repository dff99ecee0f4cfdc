"""``typeform``: submissions of a Typeform, as its webhook sends them.

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
    get_objects,
)

_KINDS: Final = {
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
    """Is called for each submission."""

    name = "typeform"
    title = "Typeform"
    signature = "typeform-signature"
    prefix = "sha256="
    requirements = (
        "a webhook on the form (Connect, Webhooks) with this address and a secret of your choice."
    )
    limitations = (
        "Only what is submitted once the webhook is on; edits and deletes are not told of. A "
        "webhook does not tell how long the scale of a rating or an opinion scale is: name those "
        "in `scores`, or they are kept as attributes."
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
        sent = event.get("form_response")
        if not isinstance(sent, dict) or not sent.get("token"):
            raise Malformed("reading the submission: it has no form_response with a token")
        fields = _by_id(get_objects(sent.get("definition"), "fields"))
        answers = [_answer(one, fields) for one in get_objects(sent, "answers")]
        return Submission(
            id=str(sent["token"]),
            at=sent.get("submitted_at"),
            answers=answers,
            hidden=_hidden(sent),
        )


def _by_id(fields: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {one["id"]: one for one in fields if isinstance(one.get("id"), str)}


def _answer(answer: dict[str, Any], fields: dict[Any, dict[str, Any]]) -> FormAnswer:
    told = answer.get("field")
    told = told if isinstance(told, dict) else {}
    number = str(told.get("id"))
    field = fields.get(number, told)
    kind = _KINDS.get(str(field.get("type")), AnswerType.CHOICE)
    worst, best = _scale(kind, field) if kind in _SCORES else (None, None)
    ref = field.get("ref")
    return FormAnswer(
        number,
        str(field.get("title") or ""),
        kind,
        _value(answer),
        worst,
        best,
        (ref,) if isinstance(ref, str) else (),
    )


def _value(answer: dict[str, Any]) -> Any:
    """What was answered, under a name that is the answer's type."""
    value = answer.get(str(answer.get("type")))
    if not isinstance(value, dict):
        return value
    chosen = [*labels] if isinstance(labels := value.get("labels"), list) else []
    chosen += [value[name] for name in ("label", "other") if value.get(name)]
    return [one for one in chosen if isinstance(one, str)]


def _scale(kind: AnswerType, field: dict[str, Any]) -> tuple[float | None, float | None]:
    properties = field.get("properties")
    steps = properties.get("steps") if isinstance(properties, dict) else None
    if not isinstance(properties, dict) or not isinstance(steps, int):
        return None, None
    first = 1 if kind is AnswerType.STARS or properties.get("start_at_one") else 0
    return first, first + steps - 1


def _hidden(sent: dict[str, Any]) -> dict[str, Any]:
    """Hidden fields and variables by their names."""
    hidden = sent.get("hidden")
    found = dict(hidden) if isinstance(hidden, dict) else {}
    for variable in get_objects(sent, "variables"):
        found[str(variable.get("key"))] = variable.get(str(variable.get("type")))
    return found
