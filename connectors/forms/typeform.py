"""``typeform``: submissions of a Typeform, from its webhook.

Speaks the Webhooks API, https://www.typeform.com/developers/webhooks.
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
    get_object,
    get_objects,
    get_text,
    guess_text_type,
    is_personal,
)

_TYPES: Final = {
    "short_text": AnswerType.SHORT,
    "opinion_scale": AnswerType.SCALE,
    "rating": AnswerType.STARS,
    "nps": AnswerType.NPS,
    "email": AnswerType.CONTACT,
    "phone_number": AnswerType.CONTACT,
    "file_upload": AnswerType.PERSONAL,
    "payment": AnswerType.PERSONAL,
    "signature": AnswerType.PERSONAL,
}
_CHOICES: Final = frozenset(
    {"multiple_choice", "picture_choice", "dropdown", "ranking", "matrix", "yes_no", "legal"}
    | {"date", "number", "website", "calendly"}
)
"""Types whose answers are not comments, even if they are sent as text."""
_TEXTS: Final = frozenset({"long_text", "multi_format"})
_BOXES: Final = frozenset({"legal", "checkbox"})
_SCORES: Final = frozenset({AnswerType.SCALE, AnswerType.STARS, AnswerType.NPS})
_PERSONAL_GROUPS: Final = frozenset({"contact_info", "address"})
_RECORDINGS: Final = frozenset({"url", "file_url"})
_TRANSCRIPT: Final = re.compile(r"(?:\w+_)?transcri\w*|text")
_MAX_DEPTH: Final = 8


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
        "or they become attributes. Recordings are comments if a transcript is sent."
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
        fields = dict(_by_id(get_objects(response.get("definition"), "fields")))
        answers = [_answer(answer, fields) for answer in get_objects(response, "answers")]
        return Submission(
            id=str(response["token"]),
            at=response.get("submitted_at"),
            answers=answers,
            hidden=_hidden(response),
        )


def _by_id(
    fields: list[dict[str, Any]], group: str = "", depth: int = 0
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the fields by id, with those of groups, which know the type of their group."""
    for field in fields:
        if isinstance(field.get("id"), str):
            yield field["id"], {**field, "group": group}
        if depth < _MAX_DEPTH:
            below = get_objects(get_object(field, "properties"), "fields")
            yield from _by_id(below, str(field.get("type")), depth + 1)


def _answer(answer: dict[str, Any], fields: dict[Any, dict[str, Any]]) -> FormAnswer:
    reference = get_object(answer, "field")
    native_id = str(reference.get("id"))
    field = {**reference, **fields.get(native_id, {})}
    value, other = _value(answer)
    kind = _answer_type(field, answer, value)
    worst, best = _scale(kind, field) if kind in _SCORES else (None, None)
    labels = get_object(field, "properties", "labels")
    return FormAnswer(
        native_id,
        str(field.get("title") or ""),
        kind,
        value,
        worst,
        best,
        tuple(str(field[name]) for name in ("ref", "subfield_key") if field.get(name)),
        (get_text(labels, "left"), get_text(labels, "right")),
        other,
    )


def _answer_type(field: dict[str, Any], answer: dict[str, Any], value: Any) -> AnswerType:
    """Return the type of a field or, if it is unknown, of its answer: text is text."""
    name, sent = str(field.get("type")), str(answer.get("type"))
    part = str(field.get("subfield_key") or "").replace("_", " ")
    if name in _TYPES:
        kind = _TYPES[name]
    elif name in _BOXES or _has_one_choice(field):
        return AnswerType.BOX
    elif isinstance(value, dict) or (name not in _CHOICES and sent in _RECORDINGS):
        return AnswerType.PERSONAL
    elif name in _CHOICES or not isinstance(value, str) or sent == "date":
        return AnswerType.CHOICE
    elif sent in ("email", "phone_number"):
        kind = AnswerType.CONTACT
    elif name in _TEXTS:
        kind = AnswerType.TEXT
    else:
        kind = guess_text_type(value, get_text(field, "title"))
    if kind is AnswerType.SHORT and (field.get("group") in _PERSONAL_GROUPS or is_personal(part)):
        return AnswerType.PERSONAL
    if kind is AnswerType.STARS and get_object(field, "properties").get("shape", "star") != "star":
        return AnswerType.SCALE
    return kind


def _has_one_choice(field: dict[str, Any]) -> bool:
    choices = get_objects(field, "choices") or get_objects(field.get("properties"), "choices")
    return len(choices) == 1


def _value(answer: dict[str, Any]) -> tuple[Any, str | None]:
    """Return the value of an answer, whose key is its type, and the text typed beside choices."""
    value = answer.get(str(answer.get("type")))
    if not isinstance(value, dict):
        return value, None
    if (words := _find_transcript(value)) is not None:
        return words, None
    choices = [*labels] if isinstance(labels := value.get("labels"), list) else []
    choices.append(value.get("label"))
    wordings = [choice for choice in choices if isinstance(choice, str)]
    other = value.get("other")
    if not wordings and not isinstance(other, str):
        return value, None
    return wordings, other if isinstance(other, str) else None


def _find_transcript(recording: dict[str, Any]) -> str | None:
    """Return the words of a recording, which may be sent in parts."""
    for name in sorted(filter(_TRANSCRIPT.fullmatch, recording), key=lambda name: name == "text"):
        words = recording[name]
        if isinstance(words, dict):
            words = words.get("text")
        elif isinstance(words, list):
            words = " ".join(get_text(part, "text") for part in words)
        if isinstance(words, str):
            return words
    return None


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
