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

_UNSAFE: Final = (
    *(code for code in range(0x20) if chr(code) not in "\t\n"),
    *range(0x7F, 0xA0),  # DEL and C1, whose 0x9b begins a sequence like ESC [
    *(0x061C, 0x200E, 0x200F),  # marks of direction
    *range(0x2028, 0x202F),  # separators of lines, embeddings and overrides of direction
    *range(0x2066, 0x206A),  # isolates of direction
)
_BLANKS: Final = dict.fromkeys(_UNSAFE, " ")
_ESCAPES: Final = {code: f"\\u{code:04x}" for code in _UNSAFE}


def clean(text: str) -> str:
    """Replace each control and bidirectional character by a space, but for tab and newline.

    The length stays, so that offsets into the text do too.
    """
    return text if text.isprintable() and text.isascii() else text.translate(_BLANKS)


def format_time(at: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def humanize(name: str) -> str:
    """Return an identifier with spaces for underscores."""
    return name.replace("_", " ")


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


def print_json(value: Any) -> None:
    """Write one JSON document to standard output, for machines.

    Control and bidirectional characters are escaped, which leaves the value as it is.
    """
    document = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    out.file.write(document.translate(_ESCAPES) + "\n")
