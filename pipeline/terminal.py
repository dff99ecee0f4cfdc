"""The terminal: consoles that show text from anywhere safely, and JSON for machines.

Names, comments and reasons are written by others. A terminal obeys control characters in them, and
bidirectional ones reverse what follows; none of these reaches it, whichever command prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

_UNSAFE: Final = (
    *(code for code in range(0x20) if chr(code) not in "\t\n"),
    *range(0x7F, 0xA0),  # DEL and C1, whose 0x9b begins a sequence like ESC [
    *(0x061C, 0x200E, 0x200F),  # marks of direction
    *range(0x2028, 0x202F),  # separators of lines, embeddings and overrides of direction
    *range(0x2066, 0x2070),  # isolates of direction, and deprecated formats
    *range(0xE0001, 0xE0080),  # tags, which spell invisible text
)
_BLANKS: Final = dict.fromkeys(_UNSAFE, " ")


def _json_escape(code: int) -> str:
    units = chr(code).encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


_ESCAPES: Final = {code: _json_escape(code) for code in _UNSAFE}


def clean(text: str) -> str:
    """Replace each control and bidirectional character by a space, but for tab and newline.

    The length stays, so that offsets into the text do too.
    """
    return text if text.isprintable() and text.isascii() else text.translate(_BLANKS)


def one_line(text: str) -> str:
    """Return a text cleaned, with newlines as spaces, so that it cannot forge a second line."""
    return clean(text).replace("\n", " ")


def format_time(at: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def humanize(name: str) -> str:
    """Return an identifier with spaces for underscores."""
    return name.replace("_", " ")


def figures_table(figures: Iterable[tuple[str, str]]) -> Table:
    """Return a table of names and values."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in figures:
        table.add_row(Text(name, "dim"), Text(value))
    return table


class SafeConsole(Console):
    """A console that cleans all text it shows; its own styles and cursor movements pass."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of a renderable, their text cleaned."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(clean(text), style)


out = SafeConsole(highlight=False)
"""Results: standard output."""

err = SafeConsole(stderr=True, highlight=False)
"""Progress and messages: standard error, so that results can be piped."""


def print_note(message: str, style: str | None = None) -> None:
    """Write one line to standard error, whatever the message quotes: brackets are not markup."""
    err.print(one_line(message), style=style, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Write one JSON document to standard output, for machines.

    Control and bidirectional characters are escaped, which leaves the value as it is.
    """
    document = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    out.file.write(document.translate(_ESCAPES) + "\n")
