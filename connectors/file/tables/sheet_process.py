"""A program that reads a workbook with calamine, and writes its rows as lines of JSON.

It imports none of this project, so that it starts at once. The workbook comes on standard input,
and its argument is the workbook's unpacked size.
"""

from __future__ import annotations

import io
import resource
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import orjson
import python_calamine as calamine

PASSWORD: Final = 3
"""Exit status for a workbook with a password."""

_DAMAGED: Final = 4
_BASE_BYTES: Final = 64_000_000
_BYTES_PER_BYTE: Final = 40
"""Memory for each byte of a workbook: a cell of six bytes becomes one of 32, and a text."""
_MAX_CPU_S: Final = 300


def write_workbook(unpacked_bytes: int) -> None:
    """Write each sheet: its title, visibility and merged cells; then number and cells per row."""

    def write(value: Any) -> None:
        options = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE
        sys.stdout.buffer.write(orjson.dumps(value, default=describe_moment, option=options))

    limit_memory(unpacked_bytes)
    try:
        book = calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for sheet in book.sheets_metadata:
            cells = book.get_sheet_by_name(sheet.name)
            merged = cells.merged_cell_ranges or []
            write([sheet.name, str(sheet.visible).endswith(".Visible"), merged])
            for number, row in enumerate(cells.iter_rows(), start=1):
                if any(value != "" for value in row):
                    write([number, row])
        sys.stdout.buffer.flush()
    except calamine.PasswordError:
        sys.exit(PASSWORD)
    except (calamine.CalamineError, MemoryError, ValueError, OSError):
        sys.exit(_DAMAGED)


def describe_moment(value: Any) -> str:
    """Return a date, a time or a duration as text."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def limit_memory(unpacked_bytes: int) -> None:
    """Bound what a hostile workbook can take: two cells far apart ask for all between them."""
    statm = Path("/proc/self/statm")
    pages = int(statm.read_text().split()[0]) if statm.exists() else 0
    limit = pages * resource.getpagesize() + _BASE_BYTES + _BYTES_PER_BYTE * unpacked_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_S, _MAX_CPU_S))


if __name__ == "__main__":
    write_workbook(int(sys.argv[1]))
