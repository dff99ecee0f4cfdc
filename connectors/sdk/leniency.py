"""Tolerance for unreadable parts beside a comment: they are left out, and counted."""

from __future__ import annotations

from collections.abc import Set
from copy import deepcopy
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.record import deterministic_id

Model = TypeVar("Model", bound=BaseModel)

FIRST_SEEN: Final = "first seen"
"""The attribute ``date`` of a record without a time of its own."""
_MAX_LEFT_OUT: Final = 20
_MAX_LANGUAGE: Final = 35
_MAX_URL: Final = 2_083
_MAX_NAME: Final = 512
_MAX_QUESTION: Final = 2_000
_OLD_LANGUAGES: Final = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}
"""ISO 639 codes that were withdrawn, and what replaced them in BCP 47."""


def validate_leniently(model: type[Model], data: Any, words: Set[str]) -> tuple[Model, list[str]]:
    """Return ``data`` as a model without the optional fields that are unreadable, and their names.

    ``words`` are the fields with the comment itself: unless null, they are not left out. Raises
    ``ValidationError`` if one of those or a required field is unreadable.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        first = error
    data, left_out = deepcopy(data), []
    fault = first
    for _ in range(_MAX_LEFT_OUT):
        path, value = _find_unreadable(data, fault)
        if not path or (value is not None and words & {*path}):
            raise first
        _remove(data, path)
        name = ".".join(step for step in path if isinstance(step, str))
        if left_out and left_out[-1].startswith(f"{name}."):  # a part was missed: now the whole
            left_out.pop()
        left_out.append(name)
        try:
            return model.model_validate(data), left_out
        except ValidationError as error:
            fault = error
    raise first


def _find_unreadable(data: Any, error: ValidationError) -> tuple[list[str | int], Any]:
    """Return where the first fault is in the data, and the value there.

    Of a missing part, it is the object without it.
    """
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path: list[str | int] = []
    for step in problem["loc"]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        path.append(step)
    return path, data


def _remove(data: Any, path: list[str | int]) -> None:
    *holders, last = path
    for step in holders:
        data = data[step]
    del data[last]


def fit_language(language: object) -> str | None:
    """Return a language tag with a current code, or None if it is not a tag or too long."""
    if not isinstance(language, str) or len(language) > _MAX_LANGUAGE or not language.strip():
        return None
    primary, hyphen, others = language.strip().partition("-")
    return f"{_OLD_LANGUAGES.get(primary.lower(), primary)}{hyphen}{others}"


def fit_fields(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a record's fields without what would refuse it, and the names of what was changed.

    An address or a language that is too long is left out, a name or question is cut, and half a
    surrogate pair becomes U+FFFD.
    """
    fitted = {name: _to_unicode(value) for name, value in fields.items()}
    if "language" in fitted:
        fitted["language"] = fit_language(fitted["language"])
    if isinstance(url := fitted.get("url"), str) and len(url) > _MAX_URL:
        fitted["url"] = None
    for name in ("organization", "site", "service"):
        if isinstance(value := fitted.get(name), str):
            fitted[name] = value[:_MAX_NAME] or None
    if isinstance(question := fitted.get("question"), str):
        fitted["question"] = question[:_MAX_QUESTION] or None
    changed = [name for name, value in fields.items() if value and fitted[name] != value]
    return fitted, [name for name in changed if name != "language" or fitted[name] is None]


def date_by_reading(fields: dict[str, Any], collected_at: datetime) -> dict[str, Any]:
    """Return a record's fields with the time of its first reading in place of its own.

    It gives way to any later reading that has a time.
    """
    attributes = {**(fields.get("attributes") or {}), "date": FIRST_SEEN}
    dated = {"created_at": collected_at, "revision": 0, "redated": True, "attributes": attributes}
    return {**fields, **dated}


def fit_native_id(native_id: str) -> str:
    """Return an id as it is, or a hash of one that is too long."""
    text = str(_to_unicode(native_id))
    return text if len(text) <= _MAX_NAME else deterministic_id(text)


def _to_unicode(value: Any) -> Any:
    """Return a value whose texts can be encoded: half a surrogate pair becomes U+FFFD."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if type(value) is dict:
        return {_to_unicode(name): _to_unicode(each) for name, each in value.items()}
    return value
