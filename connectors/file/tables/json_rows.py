"""Split JSON into rows: an object per line, or a document with a list of objects.

An alternative to :mod:`~.csv_rows` as second step of the file connector. A document
is an array, an object with one list of objects in it, or several objects one after the other,
over as many lines as it takes. An element that is damaged is its own error.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson

from connectors.file.tables.json_elements import INVALID, NO_OBJECT, Element, split_elements
from connectors.file.tables.lines import LineReader
from connectors.file.tables.rows import MAX_ROW_BYTES, TOO_LONG, Dialect, Row
from connectors.sdk.json_parts import fit_depth, load_json

MAX_DOCUMENT_BYTES: Final = 100_000_000
"""An object that holds the list of records is read as a whole, up to this size."""

_SAMPLE_LINES: Final = 50
_EVERY: Final = "*"
"""In a path: the values of an object, whatever their names."""
_MAX_DEPTH: Final = 6


def is_json(head: bytes) -> bool:
    """Return True if a file starts with a JSON object, or an array that holds some."""
    start = head.lstrip()
    return start[:1] == b"{" or re.match(rb"\[\s*[\[{\]]", start) is not None


def find_layout(head: bytes) -> str:
    """Return ``lines`` if most lines are objects of their own, else ``document``."""
    lines = [line for line in head.splitlines()[: _SAMPLE_LINES + 1] if line.strip()]
    begun = [line for line in lines if line.lstrip().startswith(b"{")]
    whole = sum(isinstance(_parse(line), dict) for line in begun)
    return "lines" if whole and 2 * whole >= len(begun) else "document"


def read_json(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    """Yield the rows; each has its own columns."""
    if dialect.json == "lines":
        return _read_lines(LineReader(stream), dialect)
    return _read_document(stream, dialect)


def find_path(
    stream: BinaryIO, dialect: Dialect, known_names: frozenset[str]
) -> tuple[tuple[str, ...] | None, list[tuple[str, ...]]]:
    """Return the path of the records in a document, and those of further lists of objects.

    The path is None if the outermost objects are the records.
    """
    first = next(split_elements(stream, max_bytes=MAX_DOCUMENT_BYTES), None)
    text = None if first is None or first.error else _recode(first.raw, dialect)
    document = None if text is None else _parse(text)
    if not isinstance(document, dict):
        return None, []
    names = {name.casefold() for name, value in document.items() if not _holds_records(value)}
    lists = {path: _list_records(value) for path, value in _find_lists(document, ())}
    if not lists or len(names & known_names) > 1:
        return None, []
    best = max(lists, key=lambda path: (_count_known(lists[path], known_names), len(lists[path])))
    if names & known_names and not _count_known(lists[best], known_names):
        return None, []
    return best, [path for path in lists if path != best]


def _count_known(records: list[Any], known_names: frozenset[str]) -> int:
    names = {name.casefold() for each in records[:20] if isinstance(each, dict) for name in each}
    return len(names & known_names)


def _find_lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the lists of objects in an object, and the objects whose values are all objects."""
    if not isinstance(value, dict) or len(path) > _MAX_DEPTH:
        return
    for name, inner in value.items():
        if _holds_records(inner):
            yield (*path, name), inner
        else:
            yield from _find_lists(inner, (*path, name))
    if not path and _is_keyed(value):
        yield (_EVERY,), value


def _holds_records(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and _is_keyed(value)


def _is_keyed(value: dict[str, Any]) -> bool:
    """Return True for records by their id: two or more objects with names in common."""
    if len(value) < 2 or not all(isinstance(inner, dict) for inner in value.values()):
        return False
    first, *others = value.values()
    return all(2 * len(first.keys() & other.keys()) > len(first) for other in others)


def _list_records(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())


def _read_lines(lines: LineReader, dialect: Dialect) -> Iterator[Row]:
    utf8 = dialect.encoding in {"utf-8", "ascii"}
    while raw := lines.read():
        number = lines.number
        if raw[:3] == codecs.BOM_UTF8:
            raw = raw[3:]
        if raw.isspace() or raw.strip(b"\x1e\x1a\r\n ") in {b"", b"[", b"]", b","}:
            continue
        if len(raw) > MAX_ROW_BYTES:
            yield Row(number, raw, {}, TOO_LONG)
            continue
        if utf8:
            try:
                parsed = load_json(raw)
            except orjson.JSONDecodeError:
                yield _read_element(raw, number, dialect)
                continue
            if isinstance(parsed, dict):
                yield Row(number, raw, flatten(parsed))
                continue
        yield _read_element(raw, number, dialect)


def _read_element(raw: bytes, number: int, dialect: Dialect) -> Row:
    """Return the row of an object that is not plain JSON in UTF-8, or its error."""
    text = _recode(raw, dialect)
    if text is None:
        error = f"reading the row: its bytes are not in the encoding {dialect.encoding}"
        return Row(number, raw, {}, error)
    parsed = _parse(text)
    if parsed is None:
        return Row(number, raw, {}, INVALID)
    return Row(number, raw, flatten(parsed)) if isinstance(parsed, dict) else _reject(raw, number)


def _reject(raw: bytes, number: int) -> Row:
    return Row(number, raw, {}, NO_OBJECT)


def _recode(raw: bytes, dialect: Dialect) -> bytes | None:
    for encoding in (dialect.encoding, dialect.other_encoding):
        if encoding is not None:
            try:
                return raw.decode(encoding).encode()
            except UnicodeDecodeError:
                continue
    return None


def _parse(raw: bytes) -> Any:
    """Return the value, also with a comma after it or with numbers that are none."""
    raw = raw.strip(b" \t\r\n\x1e").rstrip(b", \t;")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            # Python writes NaN, and others leave line ends in strings.
            value = json.loads(raw, strict=False, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return None
    fit_depth(value)
    return value


def _read_document(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    max_bytes = MAX_DOCUMENT_BYTES if dialect.path else MAX_ROW_BYTES
    for element in split_elements(stream, max_bytes=max_bytes):
        if element.error is not None:
            yield Row(element.line, element.raw, {}, element.error)
        elif dialect.path is None:
            yield _read_element(element.raw, element.line, dialect)
        else:
            yield from _read_records(element, dialect)


def _read_records(element: Element, dialect: Dialect) -> Iterator[Row]:
    """Yield the records of one object, numbered from 1."""
    text = _recode(element.raw, dialect)
    value = None if text is None else _parse(text)
    for name in dialect.path or ():
        if name != _EVERY:
            value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list | dict):
        yield _read_element(element.raw, element.line, dialect)
        return
    for number, record in enumerate(_list_records(value), start=1):
        raw = orjson.dumps(record)
        if isinstance(record, dict):
            yield Row(number, raw, flatten(record))
        else:
            yield _reject(raw, number)


def flatten(fields: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return values as text; the names of nested objects are joined by a dot."""
    values: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            values[prefix + name] = value
        elif value is None:
            values[prefix + name] = ""
        elif isinstance(value, dict):
            values.update(flatten(value, f"{prefix}{name}."))
        else:
            values[prefix + name] = orjson.dumps(value).decode()
    return values
