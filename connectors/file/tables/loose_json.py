"""Read what is nearly JSON: JavaScript, Python's own notation, comments, and what is cut off. Pure.

One pass puts the tokens into their strict form; nothing is evaluated.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAX_LOOSE_BYTES: Final = 2_000_000
"""A larger element is not tried."""

_DOUBLE: Final = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_INNER: Final = r'"(?:[^"\\]|\\.|"(?!\s*(?:[,:}\]]|$)))*+(?:"|\Z)'
_GRAMMAR: Final = r"""(?P<string>%s|'(?:[^'\\]|\\.)*+(?:'|\Z))
|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z)|(?<![^\s,\[{])\#[^\n]*)
|(?P<number>[-+]?\.?\d[\w.+-]*)
|(?P<word>[^\W\d][\w$.]*|\$[\w$.]*|-Infinity)
|(?P<sign>[\[\]{}:,])
|(?P<rest>\s+|.)"""
_TOKENS: Final = tuple(
    re.compile(_GRAMMAR % string, re.VERBOSE | re.DOTALL) for string in (_DOUBLE, _INNER)
)
_CONSTANTS: Final = {
    "true": "true", "True": "true", "false": "false", "False": "false", "null": "null",
    "None": "null", "undefined": "null", "NaN": "null", "nan": "null", "Infinity": "null",
    "-Infinity": "null",
}  # fmt: skip
_PREFIXES: Final = frozenset({"u", "b", "r", "new"})
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,300})(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ESCAPE: Final = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))|(")', re.S)
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parse_loosely(text: str) -> Any:
    """Return the value that a text nearly is in JSON; raise ``ValueError``."""
    if len(text) > MAX_LOOSE_BYTES:
        raise ValueError("too long")
    for tokens in _TOKENS:
        try:
            return json.loads(_rewrite(text, tokens), strict=False, object_pairs_hook=keep_repeated)
        except (ValueError, RecursionError):
            continue
    raise ValueError("not JSON")


def keep_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which a name that comes again has a number, and is not lost."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        unique, number = name, 1
        while unique in values:
            if values[unique] in (None, ""):
                break
            number += 1
            unique = f"{name} ({number})"
        if unique == name or value not in (None, ""):
            values[unique] = value
    return values


def close_cut(raw: bytes) -> tuple[bytes, bytes] | None:
    """Return a document that is cut off as far as it is whole, and the rest; None if none is."""
    stack: list[int] = []
    end = depth = 0
    for match in _STRUCTURE.finditer(raw):
        sign = raw[match.start()]
        if sign in b"[{":
            stack.append(sign)
        elif sign in b"]}":
            if not stack:
                return None
            stack.pop()
            end, depth = match.end(), len(stack)
    closing = bytes(0x5D if opened == 0x5B else 0x7D for opened in reversed(stack[:depth]))
    return (raw[:end] + closing, raw[end:]) if end else None


def _rewrite(text: str, tokens: re.Pattern[str]) -> str:
    """Return a text with the tokens of strict JSON."""
    written: list[str] = []
    ends_value = False
    for match in tokens.finditer(text):
        kind, part = match.lastgroup, match[0]
        if kind in {"comment", "rest"} or (kind == "word" and part in _PREFIXES):
            continue
        if kind == "sign" and part in ":,]}":
            if part in "]}" and written and written[-1] == ",":
                written.pop()
            written.append(part)
            ends_value = part in "]}"
            continue
        if ends_value:
            written.append(",")
        written.append(_write(kind, part))
        ends_value = kind != "sign"
    while written and written[-1] == ",":
        written.pop()
    return "".join(written)


def _write(kind: str | None, part: str) -> str:
    if kind == "string":
        return '"' + _ESCAPE.sub(_escape, part[1:-1]) + '"'
    if kind == "number":
        return part if _NUMBER.fullmatch(part) else json.dumps(part)
    if kind == "word":
        return _CONSTANTS.get(part) or json.dumps(part)
    return part


def _escape(match: re.Match[str]) -> str:
    if match[4]:
        return '\\"'
    if match[1]:
        return match[0]
    if match[2]:
        return f"\\u00{match[2]}"
    return match[3] if match[3] in "'`" else "\\\\" + match[3]
