"""Describe how a file is written, and count what was left out while it was read. Pure.

The command prints both, and puts them into ``--json``; neither holds a cell's words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

TITLE: Final = "title rows above the header"
SEPARATOR: Final = "first line that names the delimiter"
REPEATED_HEADER: Final = "repeated header rows"
TOTAL: Final = "rows of totals and notes"
UNNAMED: Final = "rows with cells in columns without a name"
SHORT: Final = "rows whose last cells are missing, taken as empty"
REJOINED: Final = "rows with a delimiter in a text or number that is not quoted, joined again"
UNPACKED: Final = "rows in one pair of quotes, unpacked"
LOOSE_QUOTES: Final = "rows with unescaped quotes, read by their delimiters"
OTHER_ENCODING: Final = "rows in another encoding than the rest"
UNREADABLE_BYTES: Final = "rows with bytes that no encoding explains, replaced by U+FFFD"
TWICE: Final = "rows with text that was encoded or escaped twice, undone once"
DATED_BY_ROW: Final = "answers without a readable date, dated by the row before"
DATED_BY_FILE: Final = "answers without a readable date, dated by the file"
UNCOMPUTED: Final = "formulas whose result the workbook does not hold, read as empty"
MERGED: Final = "cells filled from a merged cell above"

_MAX_EXAMPLES: Final = 5


@dataclass
class Tally:
    """A count, and the first lines that it counts."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, place: str, count: int = 1) -> None:
        """Count one more."""
        self.count += count
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(place)


class Oddities:
    """Counts of what was left out or mended while rows were read, by its kind."""

    def __init__(self) -> None:
        self.header_line: int | None = None
        """The line of the column names, once it has been read."""
        self.tallies: dict[str, Tally] = {}

    def add(self, kind: str, place: str, count: int = 1) -> None:
        """Count one more of a kind at a place such as ``line 7``."""
        self.tallies.setdefault(kind, Tally()).add(place, count)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the counts as JSON."""
        return [
            {"kind": kind, "count": tally.count, "examples": tally.examples}
            for kind, tally in self.tallies.items()
        ]

    def describe(self) -> list[str]:
        """Return one sentence per kind."""
        return [
            f"{kind}: {tally.count:,} ({', '.join(tally.examples)}"
            f"{', …' if tally.count > len(tally.examples) else ''})"
            for kind, tally in self.tallies.items()
        ]


@dataclass(frozen=True)
class Writing:
    """The way in which a file is written, as stated or detected before its rows are read."""

    kind: str
    """``csv``, ``json``, ``json lines``, ``workbook`` or ``transcript``."""
    encoding: str | None = None
    other_encoding: str | None = None
    """The encoding of rows that are not in ``encoding``."""
    delimiter: str | None = None
    quoting: str | None = None
    """None if it is the usual one."""
    header_line: int | None = None
    header_rows: int = 1
    path: str | None = None
    """Where the records are in a JSON document."""
    paths_left_out: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    """Columns that the header does not name, as they are called instead."""
    sheets: tuple[str, ...] = ()
    sheets_left_out: tuple[str, ...] = ()
    epoch_1904: bool = False
    """True if a workbook counts its days from 1904."""
    speakers: tuple[int, int] | None = None
    """Numbers of participants, and of those who ask, in a transcript."""

    def as_json(self) -> dict[str, Any]:
        """Return the description as JSON."""
        return {
            "kind": self.kind,
            "encoding": self.encoding,
            "other_encoding": self.other_encoding,
            "delimiter": self.delimiter,
            "quoting": self.quoting,
            "header_line": self.header_line,
            "header_rows": self.header_rows,
            "path": self.path,
            "paths_left_out": list(self.paths_left_out),
            "unnamed_columns": list(self.unnamed),
            "sheets": list(self.sheets),
            "sheets_left_out": list(self.sheets_left_out),
            "epoch_1904": self.epoch_1904,
            "participants": self.speakers and self.speakers[0],
            "moderators": self.speakers and self.speakers[1],
        }

    def describe(self) -> list[str]:
        """Return sentences about what is not usual."""
        is_moved = self.header_line is not None and self.header_line > 1
        is_chosen = len(self.sheets) > 1 or (self.sheets and self.sheets_left_out)
        joined = f" and the {self.header_rows - 1} below it, joined" * (self.header_rows > 1)
        attribute = ", kept as the attribute 'sheet'" * (len(self.sheets) > 1)
        usual = {None, "utf-8", "ascii"}
        sentences = (
            (f"the encoding is {self.encoding} (--source-encoding)", self.encoding not in usual),
            (self.quoting or "", self.quoting),
            (f"the column names are on line {self.header_line}{joined}", is_moved or joined),
            (f"the records are the list {self.path!r} of the document", self.path),
            (f"left out: the lists {_join(self.paths_left_out)}", self.paths_left_out),
            (f"columns without a name are called {_join(self.unnamed)}", self.unnamed),
            (f"reading the sheets {_join(self.sheets)}{attribute}", is_chosen),
            (f"left out: the sheets {_join(self.sheets_left_out)} (--sheet)", self.sheets_left_out),
            ("the workbook counts its days from 1904", self.epoch_1904),
            (_describe_speakers(*(self.speakers or (0, 0))), self.speakers),
        )
        return [sentence for sentence, applies in sentences if applies]


def _describe_speakers(participants: int, moderators: int) -> str:
    if moderators:
        left_out = f"and the {moderators} who ask are left out"
    else:
        left_out = "no label says who asks; --moderator NAME leaves a speaker out"
    return f"a transcript: {participants} participants are read, {left_out}"


def _join(titles: tuple[str, ...]) -> str:
    shown = ", ".join(repr(title) for title in titles[:12])
    return shown + (f" and {len(titles) - 12} more" if len(titles) > 12 else "")
