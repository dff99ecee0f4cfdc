"""Bytes of a file or of standard input, decompressed, with the position for progress.

First step of the file connector: rejects all but text and archives, and decompresses gzip.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import shutil
import sys
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from connectors.file.raw.binary import is_binary
from connectors.file.raw.byte_streams import (
    BUFFER_BYTES,
    FileView,
    NullFreeStream,
    TranscodedStream,
    add_buffer,
    find_wide_encoding,
    peek,
)
from connectors.file.raw.kinds import GZIP, OLE, ZIP, name_kind
from connectors.sdk.errors import Fatal

HEAD_BYTES = 1_000_000
_SCAN_BYTES = 1_048_576
_MAX_WORKBOOK_BYTES = 200_000_000


@dataclass(frozen=True)
class FileSource:
    """A file, or standard input where ``path`` is None."""

    path: Path | None

    @property
    def name(self) -> str:
        """Name in messages."""
        return "standard input" if self.path is None else self.path.name

    @property
    def is_stream(self) -> bool:
        """True for standard input and pipes, whose bytes come once."""
        return self.path is None or (self.path.exists() and self.path.is_fifo())

    def _create_temporary(self) -> BinaryIO:
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this source
        weakref.finalize(self, file.close)
        return file

    @cached_property
    def _spool(self) -> BinaryIO:
        """A temporary file, which has no name, with all bytes of a stream."""
        spool = self._create_temporary()
        try:
            if self.path is None:
                shutil.copyfileobj(sys.stdin.buffer, spool, _SCAN_BYTES)
            else:
                with self.path.open("rb") as pipe:
                    shutil.copyfileobj(pipe, spool, _SCAN_BYTES)
            spool.flush()
        except OSError as error:
            raise self._describe(error) from None
        return spool

    @contextmanager
    def _open_raw(self) -> Iterator[BinaryIO]:
        if self.is_stream:
            self._spool.seek(0)
            yield add_buffer(FileView(self._spool.fileno()))
            return
        assert self.path is not None  # noqa: S101 - is_stream
        try:
            file = self.path.open("rb", buffering=BUFFER_BYTES)
        except OSError as error:
            raise self._describe(error) from None
        with file:
            yield file

    def _describe(self, error: OSError) -> Fatal:
        return Fatal(f"reading {self.name}: {(error.strerror or 'it fails').lower()}")

    @contextmanager
    def open_unpacked(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Yield the decompressed bytes, and the stream whose ``tell`` shows the progress.

        UTF-16 and UTF-32, in which a line end is more than one byte, are transcoded to UTF-8. A
        byte order mark is dropped. A stream is kept in a temporary file, so that it can be opened
        again.

        Raises:
            Fatal: the file can't be opened or decompressed.
        """
        with self._open_raw() as raw:
            try:
                stream: BinaryIO = raw
                if peek(raw, 2) == GZIP:
                    stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), BUFFER_BYTES)
                head = peek(stream, 2_000)
                is_packed = head.startswith((ZIP, OLE)) or name_kind(head) is not None
                wide = None if is_packed else find_wide_encoding(head)
                if wide is not None:
                    stream = add_buffer(TranscodedStream(stream, wide))
                if not is_packed and b"\x00" in peek(stream, BUFFER_BYTES):
                    stream = add_buffer(NullFreeStream(stream))
                if peek(stream, 3) == codecs.BOM_UTF8:
                    stream.read(3)
                yield stream, raw
            except (EOFError, zlib.error, gzip.BadGzipFile):
                raise Fatal(f"reading {self.name}: its gzip compression is damaged") from None
            except IsADirectoryError:
                raise Fatal(f"reading {self.name}: it is a folder") from None

    @cached_property
    def is_workbook(self) -> bool:
        """True for a zip archive, as workbooks are, and for an old Excel workbook."""
        if self.path is not None and self.path.is_dir():
            return False
        with self.open_unpacked() as (stream, _):
            return peek(stream, len(ZIP)) in {ZIP, OLE}

    @cached_property
    def _unpacked(self) -> BinaryIO:
        """A temporary file, which has no name, with the decompressed bytes."""
        file = self._create_temporary()
        with self.open_unpacked() as (stream, _):
            size = 0
            while block := stream.read(_SCAN_BYTES):
                size += len(block)
                if size > _MAX_WORKBOOK_BYTES:
                    raise Fatal(
                        f"reading {self.name}: it is larger than {_MAX_WORKBOOK_BYTES:,} bytes; "
                        "save it as CSV"
                    )
                file.write(block)
        file.flush()
        return file

    @contextmanager
    def open_workbook(self) -> Iterator[BinaryIO]:
        """Yield the bytes of a workbook as a seekable file."""
        with self._open_raw() as raw:
            if peek(raw, 2) == GZIP:
                yield add_buffer(FileView(self._unpacked.fileno()))
            else:
                yield raw

    @cached_property
    def head(self) -> bytes:
        """The first megabyte, decompressed; raises ``Fatal`` unless it is text and not empty."""
        if self.path is not None and self.path.is_dir():
            raise Fatal(f"reading {self.name}: it is a folder")
        with self.open_unpacked() as (stream, _):
            head = stream.read(HEAD_BYTES)
        kind = name_kind(head)
        if kind is not None:
            raise Fatal(f"reading {self.name}: it is not CSV, JSON or Excel but {kind}")
        if not head.strip(b" \t\r\n\x00"):
            raise Fatal(f"reading {self.name}: it is empty")
        if is_binary(head):
            raise Fatal(f"reading {self.name}: it is not text; CSV or JSON Lines is needed")
        return head

    @property
    def size(self) -> int | None:
        """Size in bytes."""
        if self.is_stream:
            return os.fstat(self._spool.fileno()).st_size
        return None if self.path is None else self.path.stat().st_size

    @property
    def modified_at(self) -> datetime:
        """Time of the last change; now for a stream."""
        if self.path is None or self.is_stream:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def fingerprint(self) -> str | None:
        """Return a cheap hash of the content: of its size, and its first and last 64 KB.

        None for a stream.
        """
        if self.is_stream:
            return None
        digest = hashlib.sha256(str(self.size).encode())
        with self._open_raw() as raw:
            digest.update(raw.read(BUFFER_BYTES))
            raw.seek(max(0, (self.size or 0) - BUFFER_BYTES), os.SEEK_SET)
            digest.update(raw.read(BUFFER_BYTES))
        return digest.hexdigest()[:16]

    def content_key(self) -> bytes:
        """Return a secret that only holders of the content can compute: a hash of its beginning."""
        with self._open_raw() as raw:
            head = raw.read(HEAD_BYTES)
        return hashlib.sha256(b"people" + head).digest()

    def read_non_ascii_lines(self, limit: int = 262_144) -> bytes:
        """Return the first lines beyond ASCII, about ``limit`` bytes: they show the encoding.

        All of the file is searched, in blocks: the first accent may be on its last line.
        """
        sample = bytearray()
        rest = b""
        with self.open_unpacked() as (stream, _):
            while len(sample) < limit and (block := stream.read(_SCAN_BYTES)):
                if block.isascii() and rest.isascii():
                    rest = block[-BUFFER_BYTES:]
                    continue
                lines = (rest + block).replace(b"\r", b"\n").split(b"\n")
                rest = lines.pop()
                for line in lines:
                    if not line.isascii():
                        sample += line[:limit] + b"\n"
            if not rest.isascii():
                sample += rest[:limit]
        return bytes(sample[: 2 * limit])
