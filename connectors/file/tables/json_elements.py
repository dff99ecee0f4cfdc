"""Split a JSON document into its outermost objects, without reading it as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from connectors.file.tables.rows import TOO_LONG

INVALID: Final = "reading the row: it is not valid JSON"
NO_OBJECT: Final = "reading the row: it is not a JSON object"
_KEPT_BYTES: Final = 1_000
"""The beginning of an element that is too long, for its dead letter."""
_BLOCK_BYTES: Final = 262_144
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)
_BETWEEN: Final = re.compile(rb"(?:[\s,;)\x1e\xef\xbb\xbf]|//[^\n]*|/\*[^*]*\*+/|#[^\n]*)*+")
PREFIX: Final = re.compile(
    rb"(?:[\s\x1e]|\)\]\}'?,?|//[^\n]*\n|/\*[^*]*\*+/|#[^\n]*\n)*+"
    rb"(?:(?:(?:var|let|const)\s+)?[\w$.\[\]]{1,80}\s*[=(]\s*)?"
)
"""What may stand before a document: comments, and what makes JavaScript of it."""


@dataclass(frozen=True, slots=True)
class Element:
    """The bytes of one object of a document."""

    line: int
    raw: bytes
    error: str | None = None


def split_elements(stream: BinaryIO, *, max_bytes: int) -> Iterator[Element]:
    """Yield the outermost objects of a document, or those of its outermost array.

    What stands between them, and is neither space nor comma, is an element with an error.
    """
    splitter = _Splitter(max_bytes)
    while block := stream.read(_BLOCK_BYTES):
        yield from splitter.feed(block)
    yield from splitter.finish()


class _Splitter:
    """The state between two blocks of a document."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._line = 1  # of the buffer's first byte
        self._scanned = 0
        self._after = 0  # the end of the last element
        self._start: int | None = None  # of the element that is read
        self._depth = self._base = 0
        self._is_discarding = False
        self._is_first = True

    def feed(self, block: bytes) -> Iterator[Element]:
        self._buffer += block
        while (token := self._next_token()) is not None:
            start, end = token
            if self._buffer[start] in b"[{":
                yield from self._open(start, end)
            else:
                yield from self._close(start, end)
        if self._start is not None and len(self._buffer) - self._start > self._max_bytes:
            if not self._is_discarding:
                yield self._element(self._start, self._start + _KEPT_BYTES, TOO_LONG)
            self._is_discarding = True
            self._start = self._scanned
            self._shorten_string()
        self._drop(self._after if self._start is None else self._start)

    def finish(self) -> Iterator[Element]:
        """Yield what is left at the end: an object that is cut off."""
        if not self._is_discarding:
            yield from self._gap(self._after if self._start is None else self._start, None)

    def _next_token(self) -> tuple[int, int] | None:
        while match := _TOKEN.search(self._buffer, self._scanned):
            start, end, is_open = match.start(), match.end(), match[1] == b""
            del match  # which locks the buffer
            if is_open:  # a string that the next block continues
                self._scanned = start
                return None
            self._scanned = end
            if self._buffer[start] != 0x22:
                return start, end
        self._scanned = len(self._buffer)
        return None

    def _shorten_string(self) -> None:
        """Drop what is read of a string that has not ended; a backslash at its end counts."""
        string = self._buffer[self._scanned :]
        escapes = len(string) - len(string.rstrip(b"\\"))
        if string:
            self._buffer[self._scanned :] = b'"' + b"\\" * (escapes % 2)

    def _open(self, start: int, end: int) -> Iterator[Element]:
        if self._depth == 0 and self._buffer[start] == 0x5B:
            yield from self._gap(self._after, start)
            self._after, self._base = end, 1
        elif self._depth == self._base:
            yield from self._gap(self._after, start)
            self._start = start
        self._depth += 1

    def _close(self, start: int, end: int) -> Iterator[Element]:
        if self._depth == 0:
            return  # a bracket too many is part of the gap
        self._depth -= 1
        if self._start is not None and self._depth == self._base:
            if end - self._start > self._max_bytes:
                yield self._element(self._start, self._start + _KEPT_BYTES, TOO_LONG)
            elif not self._is_discarding:
                yield self._element(self._start, end)
            self._start, self._after, self._is_discarding = None, end, False
        elif self._depth < self._base:
            yield from self._gap(self._after, start)
            self._after, self._base = end, 0

    def _gap(self, start: int, end: int | None) -> Iterator[Element]:
        is_first, self._is_first = self._is_first, False
        if is_first and end is not None and PREFIX.fullmatch(self._buffer[start:end]):
            return
        if _BETWEEN.fullmatch(self._buffer[start:end]) is None:
            yield self._element(start, end, NO_OBJECT if end else INVALID)

    def _element(self, start: int, end: int | None, error: str | None = None) -> Element:
        line = self._line + self._buffer.count(b"\n", 0, start)
        return Element(line, bytes(self._buffer[start:end]), error)

    def _drop(self, count: int) -> None:
        self._line += self._buffer.count(b"\n", 0, count)
        del self._buffer[:count]
        self._scanned -= count
        self._after = 0
        if self._start is not None:
            self._start -= count
