"""Bytes of a file or of standard input, decompressed, with the position for progress.

First step of the file connector: rejects all but text and archives, and decompresses gzip.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from connectors.sdk.errors import Fatal

HEAD_BYTES = 1_000_000
_ENDS_BYTES = 65_536
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_MAX_BUFFERED_BYTES = 200_000_000
_MAGIC = (
    (
        b"\xd0\xcf\x11\xe0",
        "a workbook with a password, or an old Excel or Word file; save it as .xlsx without a "
        "password, or as CSV",
    ),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database; export it as CSV"),
    (b"PAR1", "a Parquet file; export it as CSV"),
    (b"7z\xbc\xaf", "an archive; unpack it"),
    (b"BZh9", "a bzip2 archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
    (b"\xfd7zXZ", "an xz archive; unpack it"),
    (b"\x7fELF", "a program"),
)
_CONTROLS = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B})
_WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class FileSource:
    """A file, or standard input where ``path`` is None."""

    path: Path | None

    @property
    def name(self) -> str:
        """Name in messages."""
        return "standard input" if self.path is None else self.path.name

    @cached_property
    def _stdin_head(self) -> bytes:
        return sys.stdin.buffer.read(HEAD_BYTES)

    @contextmanager
    def _open_raw(self) -> Iterator[BinaryIO]:
        if self.path is None:
            yield _add_buffer(_PrefixedStream(self._stdin_head, sys.stdin.buffer))
            return
        try:
            file = self.path.open("rb", buffering=_ENDS_BYTES)
        except OSError as error:
            raise Fatal(f"reading {self.name}: {(error.strerror or 'it fails').lower()}") from None
        with file:
            yield file

    @contextmanager
    def open_unpacked(self, *, twice: bool = False) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Yield the decompressed bytes, and the stream whose ``tell`` shows the progress.

        UTF-16 and UTF-32, in which a line end is more than one byte, are transcoded to UTF-8. A
        byte order mark is dropped. Set ``twice`` to read the bytes a second time: standard input
        is then buffered.

        Raises:
            Fatal: the file can't be opened or decompressed.
        """
        if twice and self.path is None:
            content = io.BytesIO(self._buffered_bytes)
            yield content, content
            return
        with self._open_raw() as raw:
            try:
                stream: BinaryIO = raw
                if _peek(raw, 2) == _GZIP:
                    stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), _ENDS_BYTES)
                head = _peek(stream, 2_000)
                wide = None if head.startswith(_ZIP) else _wide_encoding(head)
                if wide is not None:
                    stream = _add_buffer(_TranscodedStream(stream, wide))
                if _peek(stream, 3) == codecs.BOM_UTF8:
                    stream.read(3)
                yield stream, raw
            except (EOFError, zlib.error, gzip.BadGzipFile):
                raise Fatal(f"reading {self.name}: its gzip compression is damaged") from None
            except IsADirectoryError:
                raise Fatal(f"reading {self.name}: it is a folder") from None

    @cached_property
    def is_archive(self) -> bool:
        """True for a zip archive, as Excel workbooks are."""
        if self.path is not None and self.path.is_dir():
            return False
        with self.open_unpacked() as (stream, _):
            return _peek(stream, len(_ZIP)) == _ZIP

    @cached_property
    def _buffered_bytes(self) -> bytes:
        with self.open_unpacked() as (stream, _):
            content = stream.read(_MAX_BUFFERED_BYTES + 1)
        if len(content) > _MAX_BUFFERED_BYTES:
            raise Fatal(
                f"reading {self.name}: it is larger than {_MAX_BUFFERED_BYTES:,} bytes; name an "
                "unpacked file"
            )
        return content

    @contextmanager
    def open_archive(self) -> Iterator[BinaryIO]:
        """Yield the bytes of an archive as a seekable file."""
        with self._open_raw() as raw:
            if self.path is None or _peek(raw, len(_ZIP)) != _ZIP:
                yield io.BytesIO(self._buffered_bytes)
            else:
                yield raw

    @cached_property
    def head(self) -> bytes:
        """The first megabyte, decompressed; raises ``Fatal`` unless it is text and not empty."""
        if self.path is not None and self.path.is_dir():
            raise Fatal(f"reading {self.name}: it is a folder")
        with self.open_unpacked() as (stream, _):
            head = stream.read(HEAD_BYTES)
        for magic, kind in _MAGIC:
            if head.startswith(magic):
                raise Fatal(f"reading {self.name}: it is not text but {kind}")
        if not head.strip(b" \t\r\n\x00"):
            raise Fatal(f"reading {self.name}: it is empty")
        if _is_binary(head):
            raise Fatal(f"reading {self.name}: it is not text; CSV or JSON Lines is needed")
        return head

    @property
    def size(self) -> int | None:
        """Size on disk in bytes; None for standard input."""
        return None if self.path is None else self.path.stat().st_size

    @property
    def modified_at(self) -> datetime:
        """Time of the last change; now for standard input."""
        if self.path is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def fingerprint(self) -> str | None:
        """Return a cheap hash of the content: of its size, and its first and last 64 KB.

        None for standard input.
        """
        if self.path is None:
            return None
        digest = hashlib.sha256(str(self.size).encode())
        with self._open_raw() as raw:
            digest.update(raw.read(_ENDS_BYTES))
            raw.seek(max(0, (self.size or 0) - _ENDS_BYTES), os.SEEK_SET)
            digest.update(raw.read(_ENDS_BYTES))
        return digest.hexdigest()[:16]

    def non_ascii_lines(self, limit: int = 262_144) -> bytes:
        """Return the first lines beyond ASCII, about ``limit`` bytes: they show the encoding."""
        sample: list[bytes] = []
        size = 0
        if self.path is None:
            lines: Iterator[bytes] = iter(self.head.splitlines(keepends=True)[:-1] or [self.head])
            return b"".join(line for line in lines if not line.isascii())[:limit]
        with self.open_unpacked() as (stream, _):
            while size < limit and (line := stream.readline(limit)):
                if not line.isascii():
                    sample.append(line)
                    size += len(line)
        return b"".join(sample)


def _add_buffer(stream: io.RawIOBase) -> BinaryIO:
    return io.BufferedReader(stream, _ENDS_BYTES)


def _peek(stream: BinaryIO, count: int) -> bytes:
    return stream.peek(count)[:count]  # type: ignore[attr-defined,no-any-return]


def _wide_encoding(head: bytes) -> str | None:
    for bom, encoding in _WIDE_BOMS:
        if head.startswith(bom):
            return encoding
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and max(even, odd) > 0.35 * len(head) and min(even, odd) < 0.05 * len(head):
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _is_binary(head: bytes) -> bool:
    first_line = head[: head.find(b"\n") + 1 or len(head)]
    if len(first_line.translate(None, _CONTROLS)) < len(first_line):
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls >= 10 and controls > 0.05 * len(head)


class _PrefixedStream(io.RawIOBase):
    """Bytes that were read ahead, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._rest = rest
        self._position = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._head.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _TranscodedStream(io.RawIOBase):
    """A stream in another encoding, as UTF-8; bytes that can't be decoded become U+FFFD."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            data = self._stream.read(_ENDS_BYTES)
            self._ended = not data
            self._ready = self._decoder.decode(data, final=self._ended).encode()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
