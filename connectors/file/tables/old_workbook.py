"""Read .xls, .xlsb and .ods workbooks with calamine, in a process of its own.

calamine holds a sheet as a rectangle of cells: two cells far apart can ask for more memory than
there is, and that ends its process. So it has one, whose memory is bounded by the file's size.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import orjson

from connectors.file.raw.archive import MAX_UNPACKED_BYTES, damaged_error
from connectors.file.tables import sheet_process
from connectors.file.tables.cell_text import to_text, trim_cells
from connectors.file.tables.findings import Oddities
from connectors.file.tables.xlsx import Merged, NumberedCells, fill_merged
from connectors.sdk.errors import Fatal

_NAMES: Final = {
    "ods": "LibreOffice spreadsheet (.ods)",
    "xlsb": "Excel workbook (.xlsb)",
    "xlsx": "Excel workbook",
    "xls": "old Excel workbook (.xls)",
}
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WORD: Final = "WordDocument".encode("utf-16-le")
_SCAN_BYTES: Final = 1_048_576


class OldBook:
    """A workbook whose rows a process has written to a temporary file."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self._sheets: dict[str, tuple[bool, Merged, int]] = {}
        while line := lines.readline():
            title, *rest = orjson.loads(line)
            if isinstance(title, str):
                self._sheets[title] = (rest[0], _find_merged(rest[1]), lines.tell())

    @property
    def titles(self) -> list[tuple[str, bool]]:
        """Title of each sheet, and True if it is visible."""
        return [(title, is_visible) for title, (is_visible, *_) in self._sheets.items()]

    def read_sheet(self, title: str, oddities: Oddities) -> Iterator[NumberedCells]:
        """Yield number and cells of the rows that are not empty."""
        _, merged, start = self._sheets[title]
        return fill_merged(self._read_rows(start), merged, title, oddities)

    def _read_rows(self, start: int) -> Iterator[NumberedCells]:
        while True:
            self._lines.seek(start)
            line = self._lines.readline()
            start = self._lines.tell()
            number, cells = (orjson.loads(line) if line else ("", ()))[:2]
            if not isinstance(number, int):
                return  # the next sheet
            if texts := trim_cells([to_text(value) for value in cells]):
                yield number, texts


@contextmanager
def open_old_book(file: BinaryIO, where: str, kind: str, size: int) -> Iterator[OldBook]:
    """Yield the workbook; ``kind`` is its usual suffix, ``size`` that of its parts, unpacked.

    Raises:
        Fatal: it is damaged, too large, has a password or is an old Word file.
    """
    if size > MAX_UNPACKED_BYTES:
        raise Fatal(f"reading {where}: it is larger than {MAX_UNPACKED_BYTES:,} bytes")
    head = file.read(_SCAN_BYTES)
    file.seek(0)
    if _ENCRYPTED in head:
        raise _password_error(where)
    if _WORD in head:
        raise Fatal(
            f"reading {where}: it is not CSV, JSON or Excel but an old Word file (.doc); copy its "
            "table to a spreadsheet"
        )
    with tempfile.TemporaryFile() as lines:
        _read_workbook(file, lines, where, kind, size)
        lines.seek(0)
        yield OldBook(lines)


def _read_workbook(file: BinaryIO, lines: BinaryIO, where: str, kind: str, size: int) -> None:
    """Run the process, which writes to ``lines``; raise ``Fatal`` if it fails."""
    command = [sys.executable, "-P", sheet_process.__file__, str(size)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=lines, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            shutil.copyfileobj(file, pipe, _SCAN_BYTES)
    if process.returncode == sheet_process.PASSWORD:
        raise _password_error(where)
    if process.returncode != 0:
        raise damaged_error(where, _NAMES[kind])


def _find_merged(ranges: list[list[list[int]]]) -> Merged:
    merged: Merged = {}
    for (top, left), (bottom, _) in ranges:
        if bottom > top:
            merged.setdefault(left, []).append((top + 1, bottom + 1))
    return {column: sorted(spans) for column, spans in merged.items()}


def _password_error(where: str) -> Fatal:
    return Fatal(f"reading {where}: it is a workbook with a password; save it without one")
