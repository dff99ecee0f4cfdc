"""Find the records of a JSON document that has them by columns, or as rows without names. Pure."""

from __future__ import annotations

from typing import Any, Final

COLUMNS: Final = "columns"
"""The path of records that are written by their columns."""

_TYPES: Final = frozenset({
    "S", "N", "BOOL", "L", "M", "NULL", "stringValue", "integerValue", "doubleValue",
    "booleanValue", "timestampValue", "nullValue", "$date", "$oid", "$numberInt", "$numberLong",
    "$numberDouble", "$numberDecimal", "$t", "v",
})  # fmt: skip
"""Names by which databases say of which type a value is."""
_WRAPPERS: Final = frozenset({"_source", "Item", "node"})
"""Names of the one object in which a record is."""
_MAX_DEPTH: Final = 20


def unwrap_types(value: Any, depth: int = 0) -> Any:
    """Return a value without the names of its types: ``{"S": "kind"}`` is "kind"."""
    if depth > _MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [unwrap_types(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name in _TYPES and not (name == "v" and isinstance(inner, list)):
            return unwrap_types(inner, depth + 1)
    unwrapped = {name: unwrap_types(inner, depth + 1) for name, inner in value.items()}
    for name in _WRAPPERS & unwrapped.keys():
        inner = unwrapped[name]
        if isinstance(inner, dict) and not inner.keys() & unwrapped.keys():
            del unwrapped[name]
            unwrapped |= inner
    return unwrapped


def list_table(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the records of a document that holds columns, or None.

    Its columns are lists or objects of values, or it has a list of names and one of rows.
    """
    values = list(document.values())
    named = _read_named_rows(values)
    if named is not None:
        return named
    if len(values) < 2:
        return None
    if all(isinstance(value, list) for value in values):
        lengths = {len(value) for value in values}
        if len(lengths) == 1 and lengths != {0} and not any(map(_has_containers, values)):
            return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
    if all(isinstance(value, dict) and value for value in values):
        keys = list(values[0])
        is_numbered = all(key.isdecimal() for key in keys)
        if is_numbered and all(list(value) == keys for value in values):
            if any(_has_containers(list(value.values())) for value in values):
                return None
            return [{name: document[name][key] for name in document} for key in keys]
    return None


def _read_named_rows(values: list[Any]) -> list[dict[str, Any]] | None:
    """Return the rows that a list of names belongs to."""
    for rows in values:
        if not (isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows)):
            continue
        for names in values:
            is_named = isinstance(names, list) and all(isinstance(name, str) for name in names)
            if is_named and names and all(len(row) == len(names) for row in rows):
                return [dict(zip(names, row, strict=True)) for row in rows]
    return None


def _has_containers(values: list[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)
