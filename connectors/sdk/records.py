"""Fast construction of records from values that a source's own model has validated already.

Validating every field again would cost more than all other steps. So values that are plainly
valid are used as they are, and pydantic validates the others: it reports or converts them.
Either way the record is the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.sdk.leniency import fit_fields, fit_language
from schemas.feedback import EARLIEST_YEAR, MAX_TEXT_CHARACTERS, Family, Feedback, Operation
from schemas.measures import Ces, Csat, Fft, Nps, Stars
from schemas.record import deterministic_id

_ABSENT: Final = {
    name: None if field.is_required() else field.default
    for name, field in Feedback.model_fields.items()
}
"""All fields, in the order of the JSON."""


def build_record(
    *,
    source: str,
    family: Family,
    native_id: str,
    collected_at: datetime,
    author: str | None,
    fields: Mapping[str, Any],
    on_change: Callable[[list[str]], None] = lambda names: None,
) -> Feedback:
    """Return the record that ``Feedback.collect`` builds; fields that are None are absent.

    What would only refuse it is left out or cut, and ``on_change`` gets the names of these fields.
    Raises ``pydantic.ValidationError``. ``author`` is a pseudonym.
    """
    values = {name: value for name, value in fields.items() if value is not None}
    values.update(native_id=native_id, collected_at=collected_at)
    if language := values.pop("language", None):
        values["language"] = fit_language(language)
        if values["language"] is None:
            del values["language"]
            on_change(["language"])
    is_plain = _is_plain(values)
    if not is_plain:
        values, changed = fit_fields(values)
        on_change(changed)
        values = {name: value for name, value in values.items() if value is not None}
        native_id = values["native_id"]
        is_plain = _is_plain(values)
    if not is_plain:
        return Feedback.collect(source=source, family=family, author=author, **values)
    record = {**_ABSENT, "attributes": {}, **values}
    if "revision" not in values:
        record["revision"] = max(0, int(values["created_at"].timestamp() * 1000))
    record["event_id"] = deterministic_id(source, native_id)
    record["source"], record["family"], record["author"] = source, family, author
    return Feedback.construct_unchecked(record)


def mark_backfill(record: Feedback) -> Feedback:
    """Return the record, marked as one of a source's first run."""
    return Feedback.construct_unchecked({**vars(record), "backfill": True})


def _is_plain(values: Mapping[str, Any]) -> bool:
    """Return True if all values are certainly valid."""
    try:
        for name, value in values.items():
            if not _PLAIN[name](value):
                return False
        created_at = values["created_at"]
        return bool(
            created_at.year >= EARLIEST_YEAR and (created_at - values["collected_at"]).days < 1
        )
    except KeyError:  # an unknown field, or a required one is missing
        return False


def _text_check(min_length: int, max_length: int) -> Callable[[Any], bool]:
    def is_text(value: Any) -> bool:
        return type(value) is str and min_length <= len(value) <= max_length and _is_unicode(value)

    return is_text


def _is_unicode(value: str) -> bool:
    """Return True if it can be encoded as UTF-8, which half a surrogate pair cannot."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _type_check(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _is_aware(value: Any) -> bool:
    return type(value) is datetime and value.utcoffset() is not None


def _are_attributes(value: Any) -> bool:
    if type(value) is not dict:
        return False
    texts = [*value.keys(), *value.values()]
    return all(type(text) is str and _is_unicode(text) for text in texts)


_NAME: Final = _text_check(1, 512)

_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "native_id": _NAME,
    "created_at": _is_aware,
    "collected_at": _is_aware,
    "revision": lambda value: type(value) is int and 0 <= value < 2**63,
    "operation": _type_check(Operation),
    "redated": _type_check(bool),
    "backfill": _type_check(bool),
    "text": _text_check(0, MAX_TEXT_CHARACTERS),
    "question": _text_check(0, 2_000),
    # A measure is frozen, and was validated when it was created.
    "stars": _type_check(Stars),
    "nps": _type_check(Nps),
    "csat": _type_check(Csat),
    "ces": _type_check(Ces),
    "fft": _type_check(Fft),
    "organization": _NAME,
    "site": _NAME,
    "service": _NAME,
    "language": _text_check(0, 35),
    "url": _text_check(0, 2_083),
    "attributes": _are_attributes,
}
