"""Tolerance for unreadable parts beside a comment: they are left out, and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Set
from copy import deepcopy
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from connectors.sdk.moments import MAX_AHEAD, is_plausible
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Operation
from schemas.record import deterministic_id

Model = TypeVar("Model", bound=BaseModel)

FIRST_SEEN: Final = "first seen"
"""The attribute ``date`` of a record without a time of its own."""
_MAX_LEFT_OUT: Final = 20
_MAX_LEFT_OUT_OF_LIST: Final = 5
"""Then the list itself is left out."""
_MAX_LANGUAGE: Final = 35
_MAX_URL: Final = 2_083
_MAX_NAME: Final = 512
_MAX_QUESTION: Final = 2_000
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*|[xi](?:-[A-Za-z0-9]{1,8})+")
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
    data, fault = deepcopy(data), first
    left_out: list[str] = []
    lists: Counter[tuple[str | int, ...]] = Counter()
    for _ in range(_MAX_LEFT_OUT):
        path, value = _find_unreadable(data, fault)
        if not path or (value not in (None, {}, []) and words & {*path}):
            raise first
        path = _widen(path, lists)
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


def _widen(path: list[str | int], lists: Counter[tuple[str | int, ...]]) -> list[str | int]:
    """Return the path of what to leave out: of a list with many faults, all of it."""
    index = next((at for at, step in enumerate(path) if isinstance(step, int)), None)
    if not index:
        return path
    lists[tuple(path[:index])] += 1
    return path[:index] if lists[tuple(path[:index])] > _MAX_LEFT_OUT_OF_LIST else path


def _remove(data: Any, path: list[str | int]) -> None:
    *holders, last = path
    for step in holders:
        data = data[step]
    del data[last]


def fit_language(language: object) -> str | None:
    """Return a language tag with a current code, or None if it is not a tag or too long.

    A locale such as ``de_DE`` is a tag with a hyphen.
    """
    if not isinstance(language, str) or len(language) > _MAX_LANGUAGE:
        return None
    language = language.strip().partition(".")[0].replace("_", "-")
    if not _TAG.fullmatch(language):
        return None
    primary, hyphen, others = language.partition("-")
    current = _OLD_LANGUAGES.get(primary.lower())
    return language if current is None else f"{current}{hyphen}{others}"


def _fit_url(url: str) -> str | None:
    return url if len(url) <= _MAX_URL else None


def _fit_name(name: str) -> str | None:
    return (name if len(name) <= _MAX_NAME else name[:_MAX_NAME]) or None


def _fit_question(question: str) -> str | None:
    return (question if len(question) <= _MAX_QUESTION else question[:_MAX_QUESTION]) or None


def fit_native_id(native_id: str) -> str:
    """Return an id as it is, or a hash of one that is too long."""
    text = str(_to_unicode(native_id))
    return text if len(text) <= _MAX_NAME else deterministic_id(text)


_FITS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "native_id": fit_native_id,
    "url": _fit_url,
    "question": _fit_question,
    **dict.fromkeys(("organization", "site", "service"), _fit_name),
}


def fit_fields(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a record's fields without what would refuse it, and the names of what was changed.

    An address that is too long is left out, a name or question is cut, an id is hashed, and half a
    surrogate pair becomes U+FFFD.
    """
    changes = {}
    for name, value in fields.items():
        if type(value) is not str and type(value) is not dict:
            continue
        fitted = _FITS[name](value) if name in _FITS else value
        fitted = _to_unicode(fitted)
        if fitted is not value:
            changes[name] = fitted
    if not changes:
        return fields, []
    return {**fields, **changes}, [name for name in changes if fields[name]]


def fit_times(fields: dict[str, Any], collected_at: datetime) -> tuple[dict[str, Any], list[str]]:
    """Return a record's fields with times that can be, and the names of those that could not.

    A record without a time of its own has that of its first reading, which gives way to any later
    reading with a time; a deletion keeps its revision. A revision of the future would shut out all
    later ones: it becomes that of ``created_at``.
    """
    created_at, revision = fields.get("created_at"), fields.get("revision")
    is_deletion = fields.get("operation") is Operation.DELETE
    if created_at is None or not is_plausible(created_at, collected_at):
        attributes = {**(fields.get("attributes") or {}), "date": FIRST_SEEN}
        dated = {"created_at": collected_at, "redated": True, "attributes": attributes}
        return {**fields, **dated, "revision": revision if is_deletion else 0}, ["date"]
    if not is_deletion and revision and revision > unix_ms(collected_at + MAX_AHEAD):
        return {**fields, "revision": unix_ms(created_at)}, ["revision"]
    return fields, []


def _to_unicode(value: Any) -> Any:
    """Return a value whose texts can be encoded: half a surrogate pair becomes U+FFFD."""
    if isinstance(value, str):
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if type(value) is dict:
        fitted = {_to_unicode(name): _to_unicode(each) for name, each in value.items()}
        return value if fitted == value else fitted
    return value
