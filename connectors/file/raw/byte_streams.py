"""Streams that a source of bytes is read through: buffered, from the beginning, and as UTF-8."""

from __future__ import annotations

import codecs
import io
import os
import unicodedata
from typing import BinaryIO

BUFFER_BYTES = 65_536
_JAPANESE_ESCAPE = b"\x1b$B"
_WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def add_buffer(stream: io.RawIOBase) -> BinaryIO:
    """Return the stream with a buffer, which can be peeked into."""
    return io.BufferedReader(stream, BUFFER_BYTES)


def peek(stream: BinaryIO, count: int) -> bytes:
    """Return the next bytes of a buffered stream, and leave them in it."""
    return stream.peek(count)[:count]  # type: ignore[attr-defined,no-any-return]


def find_wide_encoding(head: bytes) -> str | None:
    """Return the encoding of text whose characters are two or four bytes each, or None."""
    for bom, encoding in _WIDE_BOMS:
        if head.startswith(bom):
            return encoding
    if _JAPANESE_ESCAPE in head and _is_decodable(head, "iso2022_jp"):
        return "iso2022_jp"
    zeros = [head[at::4].count(0) for at in range(4)]
    if len(head) < 8 or not any(zeros):
        return None
    # Of UTF-32, the highest byte is always zero, and the next one nearly.
    quarter = len(head) // 4
    if zeros[3] >= quarter and zeros[2] >= quarter - 2 and zeros[0] < quarter // 4:
        return "utf-32-le"
    if zeros[0] >= quarter and zeros[1] >= quarter - 2 and zeros[3] < quarter // 4:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    for encoding, here, there in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        # Of other scripts, only spaces, signs and line ends have a zero.
        if here > 1 and there < 0.05 * here + 1 and _is_plain_text(head, encoding):
            return encoding
    return None


def _is_decodable(head: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_plain_text(head: bytes, encoding: str) -> bool:
    """Return True if bytes make letters and signs in an encoding, and lines of them."""
    try:
        text = head[: len(head) // 2 * 2 - 2].decode(encoding)
    except UnicodeDecodeError:
        return False
    odd = sum(unicodedata.category(sign) in {"Cc", "Cn", "Co"} for sign in text) - sum(
        map(text.count, "\r\n\t")
    )
    return odd <= 0.02 * len(text) and any(sign in text for sign in "\n\r,;\t")


class FileView(io.RawIOBase):
    """A file from its beginning, with a position of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position, and return it."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            offset += os.fstat(self._descriptor).st_size
        self._position = offset
        return offset

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer, and return how many bytes that was."""
        data = os.pread(self._descriptor, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class TranscodedStream(io.RawIOBase):
    """A stream in another encoding, as UTF-8; bytes that can't be decoded become U+FFFD."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer, and return how many bytes that was."""
        while not self._ready and not self._ended:
            data = self._stream.read(BUFFER_BYTES)
            self._ended = not data
            self._ready = self._decoder.decode(data, final=self._ended).encode()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class NullFreeStream(io.RawIOBase):
    """A stream without its zero bytes, which some programs fill a file with."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ready = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer, and return how many bytes that was."""
        while not self._ready:
            block = self._stream.read(BUFFER_BYTES)
            if not block:
                return 0
            self._ready = block.replace(b"\x00", b"")
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
