"""Records of what a source's own model has validated already.

A second look at every field costs more than all else that is done with it. So what is plainly
valid is taken as it is, and only what is not, or may not be, is left to pydantic: it says what is
wrong, or makes it fit. Either way a record is the same, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from schemas.feedback import EARLIEST_YEAR, MAX_TEXT_CHARACTERS, Family, Feedback, Operation
from schemas.measures import Ces, Csat, Fft, Nps, Stars
from schemas.record import deterministic_id

_ABSENT: Final = {
    name: None if field.is_required() else field.default
    for name, field in Feedback.model_fields.items()
}
"""All fields in their order: that of the JSON."""


def build_record(
    *,
    source: str,
    family: Family,
    native_id: str,
    collected_at: datetime,
    author: str | None,
    fields: Mapping[str, Any],
) -> Feedback:
    """The record that ``Feedback.collect`` builds; ``fields`` are the others, None: not there.

    Raises ``pydantic.ValidationError``. ``author`` is a pseudonym.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    given.update(native_id=native_id, collected_at=collected_at)
    if not _is_plain(given):
        return Feedback.collect(source=source, family=family, author=author, **given)
    record = {**_ABSENT, "attributes": {}, **given}
    if "revision" not in given:
        record["revision"] = max(0, int(given["created_at"].timestamp() * 1000))
    record["event_id"] = deterministic_id(source, native_id)
    record["source"], record["family"], record["author"] = source, family, author
    return Feedback.construct_unchecked(record)


def mark_backfill(record: Feedback) -> Feedback:
    """The same record, marked as one of a source's first run."""
    return Feedback.construct_unchecked({**vars(record), "backfill": True})


def _is_plain(given: Mapping[str, Any]) -> bool:
    """Whether all of it is valid beyond doubt."""
    try:
        for name, value in given.items():
            if not _PLAIN[name](value):
                return False
        created_at = given["created_at"]
        return bool(
            created_at.year >= EARLIEST_YEAR and (created_at - given["collected_at"]).days < 1
        )
    except KeyError:  # a field unknown here, or none that is needed
        return False


def _text(least: int, most: int) -> Callable[[Any], bool]:
    def is_text(value: Any) -> bool:
        return type(value) is str and least <= len(value) <= most and _is_unicode(value)

    return is_text


def _is_unicode(value: str) -> bool:
    """Whether it can be written as UTF-8: half a surrogate pair can't."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _is_moment(value: Any) -> bool:
    return type(value) is datetime and value.utcoffset() is not None


def _are_attributes(value: Any) -> bool:
    if type(value) is not dict:
        return False
    words = [*value.keys(), *value.values()]
    return all(type(word) is str and _is_unicode(word) for word in words)


_NAME: Final = _text(1, 512)

_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "native_id": _NAME,
    "created_at": _is_moment,
    "collected_at": _is_moment,
    "revision": lambda value: type(value) is int and 0 <= value < 2**63,
    "operation": _of(Operation),
    "redated": _of(bool),
    "text": _text(0, MAX_TEXT_CHARACTERS),
    "question": _text(0, 2_000),
    # A measure is frozen, and was validated when it was made.
    "stars": _of(Stars),
    "nps": _of(Nps),
    "csat": _of(Csat),
    "ces": _of(Ces),
    "fft": _of(Fft),
    "organization": _NAME,
    "site": _NAME,
    "service": _NAME,
    "language": _text(0, 35),
    "url": _text(0, 2_083),
    "attributes": _are_attributes,
}
