"""Parse and flatten the values of JSON, also those that are nearly JSON. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from connectors.file.tables.loose_json import keep_repeated, parse_loosely
from connectors.sdk.json_parts import fit_depth

_MAX_DIGITS: Final = 400
_NAME: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"\s*:')


def parse_value(raw: bytes) -> Any:
    """Return the value, also with a comma after it or with numbers that are none."""
    raw = raw.strip(b" \t\r\n\x1e").rstrip(b", \t;")
    try:
        value = orjson.loads(raw)
        if isinstance(value, dict) and may_repeat(raw, value):
            value = _load(raw)
    except orjson.JSONDecodeError:
        try:
            value = _load(raw)
        except (ValueError, RecursionError):
            try:
                value = parse_loosely(raw.decode())
            except (ValueError, RecursionError):
                return None
    fit_depth(value)
    return value


def _load(raw: bytes) -> Any:
    """Return a value with what Python and others write: NaN, line ends in strings, long numbers."""
    return json.loads(
        raw,
        strict=False,
        parse_constant=lambda _: None,
        parse_int=lambda digits: int(digits) if len(digits) < _MAX_DIGITS else digits,
        object_pairs_hook=keep_repeated,
    )


def may_repeat(raw: bytes, parsed: dict[str, Any]) -> bool:
    """Return True if an object may have a name twice, of which only the last is kept."""
    return raw.count(b'":') + raw.count(b'" :') > len(parsed) and (
        len(set(_NAME.findall(raw))) < len(_NAME.findall(raw))
    )


def flatten(fields: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return values as text; the names of nested objects are joined by a dot."""
    values: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            for path, inner in flatten(value, f"{prefix}{name}.").items():
                _keep(values, path, inner)
        elif isinstance(value, str):
            _keep(values, prefix + name, value)
        else:
            _keep(values, prefix + name, "" if value is None else dump(value).decode())
    return values


def _keep(values: dict[str, str], name: str, value: str) -> None:
    """Add a value; one whose name is taken, as "a.b" is by an object in "a", gets a number."""
    if not values.get(name):
        values[name] = value
    elif value:
        values[f"{name} (2)"] = value


def dump(value: Any) -> bytes:
    """Return a value as JSON, also if it holds numbers of more than 64 bits."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()
