"""Lines of a stream of bytes, with their numbers."""

from __future__ import annotations

import io
from collections import deque
from typing import BinaryIO

from connectors.file.tables.rows import MAX_ROW_BYTES

_BLOCK_BYTES = 65_536


class LineReader:
    """Lines with their numbers; lines can be unread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._returned: deque[bytes] = deque()
        self.number = 0

    def read(self) -> bytes:
        """Return the next line with its end, at most ``MAX_ROW_BYTES`` + 1 bytes; empty at EOF."""
        if self._returned:
            self.number += 1
            return self._returned.popleft()
        line = self._stream.readline(MAX_ROW_BYTES + 1)
        if len(line) > MAX_ROW_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(MAX_ROW_BYTES)
        if line:
            self.number += 1
        return line

    def unread(self, lines: list[bytes]) -> None:
        """Return lines, so that they are read again."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def open_with_newlines(stream: BinaryIO) -> BinaryIO:
    """Return a stream in which every carriage return, alone or not, is a line feed."""
    raw: io.RawIOBase = _NewlineStream(stream)
    return io.BufferedReader(raw, _BLOCK_BYTES)


class _NewlineStream(io.RawIOBase):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ready = b""
        self._after_cr = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._ready:
            block = self._stream.read(_BLOCK_BYTES)
            if not block:
                return 0
            if self._after_cr and block.startswith(b"\n"):
                block = block[1:]
                self._after_cr = False
                if not block:
                    continue
            self._after_cr = block.endswith(b"\r")
            self._ready = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
