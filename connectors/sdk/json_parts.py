"""JSON documents of strangers: bounded, with parts that may be missing or of another type."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, Final

import orjson

from connectors.sdk.errors import Malformed, Retry

_MAX_VALUES: Final = 1_000_000
"""A page has some thousands; a value takes up to a hundred times the memory of its text."""
_MAX_DEPTH: Final = 100
_MAX_DIGITS: Final = 20
_SEPARATORS: Final = ",[{"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def load_json(text: bytes | str) -> Any:
    """Return a document. What is nested more than 100 levels deep is null.

    What is wrong with single letters or numbers costs only these: half a surrogate pair and bytes
    that are not UTF-8 become U+FFFD, line breaks and tabs may stand in a text as they are, ``NaN``
    and infinity are null, and whole numbers of more than 64 bits lose their last digits. UTF-16 and
    UTF-32 are read, too. Raises
    ``orjson.JSONDecodeError``, also for a document of more than a million values.
    """
    if count_values(text) > _MAX_VALUES:
        raise orjson.JSONDecodeError(f"more than {_MAX_VALUES:,} values", "", 0)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = _load_tolerantly(text)
    fit_depth(document)
    return document


def fit_depth(document: Any) -> None:
    """Cut a document that is nested deeper than a dead letter may be, in place."""
    try:
        orjson.dumps(document)
    except TypeError:
        if isinstance(document, dict | list):
            _limit_depth(document)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises ``Malformed``."""
    try:
        document = load_json(body)
    except ValueError:
        raise Malformed("reading the request: it is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed("reading the request: it is not a JSON object")
    return document


def count_values(text: bytes | str) -> int:
    """Return an upper bound of a document's values, without reading it."""
    if isinstance(text, str):
        return sum(map(text.count, _SEPARATORS))
    return sum(map(text.count, _SEPARATORS.encode()))


def _limit_depth(document: Any) -> None:
    """Replace what is nested more than 100 levels deep by None, in place."""
    pending: list[tuple[Any, int]] = [(document, 1)]
    while pending:
        holder, depth = pending.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in list(pairs):
            if isinstance(value, dict | list):
                if depth == _MAX_DEPTH:
                    holder[key] = None
                else:
                    pending.append((value, depth + 1))


def get_object(holder: Any, *names: str) -> dict[str, Any]:
    """Return the object below these names, or an empty one if it is absent."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def get_objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in the list of that name, or none if it is absent."""
    values = holder.get(name) if isinstance(holder, dict) else None
    return (
        [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    )


def get_text(holder: Any, name: str) -> str:
    """Return the text or number of that name as text, or an empty text if there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return "" if value is None or isinstance(value, dict | list) else str(value)


def require_object(document: Any, where: str) -> dict[str, Any]:
    """Return a page that is an object. Raises ``Retry``: it is an error with status 200."""
    if not isinstance(document, dict):
        raise Retry(f"reading {where}: the response is not an object")
    return document


def require_list(document: Any, name: str, where: str) -> list[Any]:
    """Return the list of that name in a page.

    Raises ``Retry``: a page without its list is an error with status 200, not the end.
    """
    values = document.get(name) if isinstance(document, dict) else None
    if not isinstance(values, list):
        raise Retry(f"reading {where}: the response has no list of {name}")
    return values


def require_objects(document: Any, name: str, where: str) -> list[dict[str, Any]]:
    """Return the objects in the list of that name in a page, as :func:`require_list` does."""
    return [value for value in require_list(document, name, where) if isinstance(value, dict)]


def _load_tolerantly(text: bytes | str) -> Any:
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "replace")
    try:
        document = json.loads(
            text.removeprefix("\ufeff"),
            strict=False,
            parse_constant=lambda name: None,
            parse_int=_parse_integer,
            parse_float=_parse_number,
        )
        return _mend(document)
    except (ValueError, RecursionError) as error:
        raise orjson.JSONDecodeError(type(error).__name__, "", 0) from None


def _mend(value: Any) -> Any:
    """Return a document with U+FFFD for each half of a surrogate pair."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mend(each) for each in value]
    if isinstance(value, dict):
        return {_mend(name): _mend(each) for name, each in value.items()}
    return value


def _parse_integer(digits: str) -> int | float | None:
    if len(digits) <= _MAX_DIGITS and -(2**63) <= (number := int(digits)) < 2**64:
        return number
    return _parse_number(digits)


def _parse_number(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None
