"""Check a zip archive before it is opened as a workbook: what it is, and how much it unpacks to.

A part may be larger than its archive declares, and may have any name: all are unpacked once, in
blocks that are thrown away, up to a bound.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import IO, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from connectors.file.raw.kinds import name_package
from connectors.sdk.errors import Fatal

MAX_UNPACKED_BYTES: Final = 300_000_000
"""A workbook with larger parts is rejected: it may be a zip bomb."""

MAX_DOCUMENT_BYTES: Final = 50_000_000
"""A Word document is read as a whole."""

_STRICT: Final = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_MAX_PARTS: Final = 10_000
_BLOCK_BYTES: Final = 262_144
_LOCAL_HEADER_BYTES: Final = 30
_1904: Final = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](1|true|on)[\"']")


@dataclass(frozen=True, slots=True)
class Archive:
    """The format of a workbook, and its size."""

    kind: str
    """``xlsx``, ``xlsb`` or ``ods``."""
    epoch_1904: bool
    unpacked_bytes: int
    is_strict: bool = False
    """True for an .xlsx in the strict form of its standard, which few programs read."""


def is_word_document(file: BinaryIO, where: str) -> bool:
    """Return True for a Word document (.docx), whose parts then fit; raise ``Fatal`` if not."""
    try:
        file.seek(0)
        with ZipFile(file) as archive:
            parts = archive.infolist()
            if not any(part.filename == "word/document.xml" for part in parts):
                return False
            if sum(part.file_size for part in parts) > MAX_DOCUMENT_BYTES:
                raise Fatal(
                    f"reading {where}: it is a Word file (.docx) that unpacks to more than "
                    f"{MAX_DOCUMENT_BYTES:,} bytes"
                )
            _check_sizes(archive, parts, where)
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error):
        return False
    finally:
        file.seek(0)
    return True


def check_archive(file: BinaryIO, where: str) -> Archive:
    """Return what a workbook is, after bounded work; raise ``Fatal`` if it is none."""
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
            mimetype = _read_start(archive, "mimetype").decode("latin-1")
            kind = name_package([part.filename for part in parts], mimetype)
            if kind is not None:
                raise Fatal(f"reading {where}: it is not CSV, JSON or Excel but {kind}")
            size = sum(part.file_size for part in parts)
            if size > MAX_UNPACKED_BYTES or len(parts) > _MAX_PARTS:
                raise _bomb_error(where)
            _check_sizes(archive, parts, where)
            names = {part.filename for part in parts}
            book = _read_start(archive, "xl/workbook.xml")
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error):
        raise damaged_error(where) from None
    except RuntimeError:
        raise Fatal(f"reading {where}: it has a password; save it without one") from None
    is_binary = any(name.endswith("workbook.bin") for name in names)
    kind = "ods" if mimetype else "xlsb" if is_binary else "xlsx"
    return Archive(kind, _1904.search(book) is not None, size, _STRICT in book)


def damaged_error(where: str, kind: str = "Excel workbook") -> Fatal:
    """Return the error for a workbook that can't be read."""
    return Fatal(f"reading {where}: it is a damaged {kind}; save it again as .xlsx, or as CSV")


def _bomb_error(where: str) -> Fatal:
    return Fatal(
        f"reading {where}: it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes; save it as CSV"
    )


def _read_start(archive: ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as part:
            return part.read(_BLOCK_BYTES)
    except KeyError:
        return b""


def _check_sizes(archive: ZipFile, parts: list[ZipInfo], where: str) -> None:
    """Raise ``Fatal`` if a part is larger than declared: what opens it might not stop there."""
    file = archive.fp
    assert file is not None  # noqa: S101 - it is open
    total = 0
    for part in parts:
        if part.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise damaged_error(where)
        file.seek(part.header_offset)
        header = file.read(_LOCAL_HEADER_BYTES)
        skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        file.seek(part.header_offset + _LOCAL_HEADER_BYTES + skipped)
        if part.compress_type == ZIP_STORED:
            size = part.compress_size
        else:
            size = _measure(file, part.compress_size, MAX_UNPACKED_BYTES - total)
        total += size
        if total > MAX_UNPACKED_BYTES:
            raise _bomb_error(where)
        if size != part.file_size:
            raise damaged_error(where)


def _measure(file: IO[bytes], compressed: int, limit: int) -> int:
    """Return how many bytes a part unpacks to; reading stops beyond ``limit``."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    while not unpacker.eof and total <= limit:
        block = unpacker.unconsumed_tail
        if not block:
            block = file.read(min(compressed, _BLOCK_BYTES))
            compressed -= len(block)
            if not block:
                return -1  # it is cut off
        total += len(unpacker.decompress(block, _BLOCK_BYTES))
    return total
