"""Split JSON into rows: an object per line, or a document with a list of objects.

An alternative to :mod:`~.csv_rows` as second step of the file connector. A document
is an array, an object with one list of objects in it, or several objects one after the other,
over as many lines as it takes. An element that is damaged is its own error.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson

from connectors.file.tables.json_elements import INVALID, NO_OBJECT, PREFIX, Element, split_elements
from connectors.file.tables.json_tables import COLUMNS, list_table, unwrap_types
from connectors.file.tables.json_values import dump, flatten, may_repeat, parse_value
from connectors.file.tables.lines import LineReader
from connectors.file.tables.loose_json import close_cut
from connectors.file.tables.rows import MAX_ROW_BYTES, TOO_LONG, Dialect, Row
from connectors.sdk.json_parts import load_json

MAX_DOCUMENT_BYTES: Final = 100_000_000
"""An object that holds the list of records is read as a whole, up to this size."""

_SAMPLE_LINES: Final = 50
_EVERY: Final = "*"
"""In a path: the values of an object, whatever their names."""
_MAX_DEPTH: Final = 6


def is_json(head: bytes) -> bool:
    """Return True if a file starts with a JSON object, or an array that holds some.

    Comments, or the assignment of JavaScript, may stand before it.
    """
    prefix = PREFIX.match(head)
    start = head[prefix.end() :] if prefix else head
    if start[:1] == b"{":
        return re.match(rb"\{\s*(?:[\"'}/#]|[\w$]+\s*:)", start) is not None or not prefix
    if re.match(rb"\[\s*(?:[\[{\]]|//|/\*)", start) is not None:
        return True
    first = start.split(b"\n", 1)[0]
    return start[:2] == b'["' and isinstance(parse_value(first), list) and b"\n[" in start


def find_layout(head: bytes) -> str:
    """Return ``lines`` if most lines are objects of their own, else ``document``."""
    lines = [line for line in head.splitlines()[: _SAMPLE_LINES + 1] if line.strip()]
    if lines and lines[0].startswith(b'["'):
        return "lines"  # a list for each row
    begun = [line for line in lines if line.lstrip(b" \t\x1e").startswith(b"{")]
    whole = sum(isinstance(parse_value(line), dict) for line in begun)
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
    text = None if first is None else _recode(_close(first)[0], dialect)
    document = None if text is None else parse_value(text)
    if not isinstance(document, dict):
        return None, []
    if list_table(document):
        return (COLUMNS,), []
    document = unwrap_types(document)
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
    names: list[str] | None = None
    while raw := lines.read():
        number = lines.number
        if raw[:3] == codecs.BOM_UTF8:
            raw = raw[3:]
        if raw.isspace() or raw.strip(b"\x1e\x1a\r\n ") in {b"", b"[", b"]", b","}:
            continue
        if raw.lstrip()[:1] in b"/#" and PREFIX.fullmatch(raw) is not None:
            continue  # a comment
        if len(raw) > MAX_ROW_BYTES:
            yield Row(number, raw, {}, TOO_LONG)
            continue
        if utf8:
            try:
                parsed = load_json(raw)
            except orjson.JSONDecodeError:
                parsed = None
            if isinstance(parsed, dict) and not may_repeat(raw, parsed):
                yield Row(number, raw, flatten(unwrap_types(parsed)))
                continue
        if raw.lstrip()[:1] == b"[" and raw.rstrip(b"\r\n ,")[-1:] == b"]":
            names, rows = _read_list(raw, number, names, dialect)
            yield from rows
        else:
            yield _read_element(_strip_array(raw), number, dialect)


def _strip_array(raw: bytes) -> bytes:
    """Return a line without the bracket of the array that begins or ends on it."""
    text = raw.strip(b" \t\r\n,\x1e")
    if text[:1] == b"[" and text[-1:] == b"}":
        return text[1:]
    return text[:-1] if text[:1] == b"{" and text[-2:] == b"}]" else raw


def _read_element(raw: bytes, number: int, dialect: Dialect) -> Row:
    """Return the row of an object that is not plain JSON in UTF-8, or its error."""
    text = _recode(raw, dialect)
    if text is None:
        error = f"reading the row: its bytes are not in the encoding {dialect.encoding}"
        return Row(number, raw, {}, error)
    parsed = parse_value(text)
    if parsed is None:
        return Row(number, raw, {}, INVALID)
    if not isinstance(parsed, dict):
        return _reject(raw, number)
    return Row(number, raw, flatten(unwrap_types(parsed)))


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


def _read_document(stream: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    max_bytes = MAX_DOCUMENT_BYTES if dialect.path else MAX_ROW_BYTES
    names: list[str] | None = None
    for element in split_elements(stream, max_bytes=max_bytes):
        rest = b""
        if element.error is not None and dialect.path is not None:
            whole, rest = _close(element)
            element = element if not rest else Element(element.line, whole)
        if element.error is not None:
            yield Row(element.line, element.raw, {}, element.error)
        elif dialect.path is not None:
            yield from _read_records(element, dialect)
        elif element.raw[:1] == b"[":
            names, rows = _read_list(element.raw, element.line, names, dialect)
            yield from rows
        else:
            yield _read_element(element.raw, element.line, dialect)
        if rest.strip(b" \t\r\n,]}"):
            yield Row(element.line, rest, {}, INVALID)


def _close(element: Element) -> tuple[bytes, bytes]:
    """Return the bytes of an element, without the rest of one that is cut off, and that rest."""
    closed = close_cut(element.raw) if element.error == INVALID else None
    return (element.raw, b"") if closed is None else closed


def _read_list(
    raw: bytes, line: int, names: list[str] | None, dialect: Dialect
) -> tuple[list[str] | None, list[Row]]:
    """Return the names of columns, and the rows of a list: of objects, or of one row's cells."""
    text = _recode(raw, dialect)
    values = None if text is None else parse_value(text)
    if not isinstance(values, list) or not values:
        return names, [_reject(raw, line)]
    if all(isinstance(value, dict) for value in values):
        return names, [Row(line, dump(value), flatten(unwrap_types(value))) for value in values]
    if names is None and all(isinstance(value, str) for value in values):
        return values, []
    if names is None or len(values) != len(names):
        return names, [_reject(raw, line)]
    return names, [Row(line, raw, flatten(dict(zip(names, values, strict=True))))]


def _read_records(element: Element, dialect: Dialect) -> Iterator[Row]:
    """Yield the records of one object, numbered from 1."""
    text = _recode(element.raw, dialect)
    value = None if text is None else parse_value(text)
    if dialect.path == (COLUMNS,):
        value = list_table(value) if isinstance(value, dict) else None
    else:
        value = unwrap_types(value)
        for name in dialect.path or ():
            if name != _EVERY:
                value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list | dict):
        yield _read_element(element.raw, element.line, dialect)
        return
    for number, record in enumerate(_list_records(value), start=1):
        raw = dump(record)
        if isinstance(record, dict):
            yield Row(number, raw, flatten(record))
        else:
            yield _reject(raw, number)
