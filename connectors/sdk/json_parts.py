"""JSON documents of strangers: bounded, with parts that may be missing or of another type."""

from __future__ import annotations

from typing import Any, Final

import orjson

from connectors.sdk.errors import Retry

_MAX_VALUES: Final = 1_000_000
"""A page has some thousands; a value takes up to a hundred times the memory of its text."""
_MAX_DEPTH: Final = 100
_SEPARATORS: Final = ",[{"


def load_json(text: bytes | str) -> Any:
    """Return a document. What is nested more than 100 levels deep is null.

    Raises ``orjson.JSONDecodeError``, also for a document of more than a million values.
    """
    if count_values(text) > _MAX_VALUES:
        raise orjson.JSONDecodeError(f"more than {_MAX_VALUES:,} values", "", 0)
    document = orjson.loads(text)
    try:
        orjson.dumps(document)  # fails where it is deeper than a dead letter may be
    except TypeError:
        limit_depth(document)
    return document


def count_values(text: bytes | str) -> int:
    """Return an upper bound of a document's values, without reading it."""
    if isinstance(text, str):
        return sum(map(text.count, _SEPARATORS))
    return sum(map(text.count, _SEPARATORS.encode()))


def limit_depth(document: Any) -> None:
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
    """Return the value of that name as text, or an empty text if it is absent."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return "" if value is None else str(value)


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
