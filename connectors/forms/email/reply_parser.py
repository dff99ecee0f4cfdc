"""The sender's own text in a message, without quotes, signature and what mail servers add.

Nothing is dropped unseen: each letter of a message is in its text or in the count of what was left
out, by kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.forms.email.closings import find_closings
from connectors.forms.email.lines import Line, count_letters
from connectors.forms.email.quote_heads import Thread
from connectors.forms.email.quotes import find_quotes, may_quote

QUOTE: Final = "quote"
_MAX_STRETCHES: Final = 200
_BLANKS: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class OwnText:
    """The sender's own text."""

    text: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Letters and digits that are not in ``text``, by what they are."""
    may_quote: bool = False
    """True if another message may begin in ``text``, without a mark of what is quoted."""


def split_lines(text: str) -> list[Line]:
    """Return the lines of a plain text; "-- " keeps its space, which makes it a signature."""
    lines = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n"):
        kept = raw if raw in ("-- ", "--\u00a0") else raw.replace("\u00a0", " ").rstrip()
        lines.append(Line(kept))
    return lines


def extract_own_text(
    lines: Sequence[Line], thread: Thread, boilerplate: Sequence[str] = ()
) -> OwnText:
    """Return a message's text without quotes, signatures, banners and disclaimers."""
    is_quoted = find_quotes(lines, thread)
    own = sum(
        count_letters(line.text) for line, out in zip(lines, is_quoted, strict=True) if not out
    )
    if not own and not thread.is_reply:  # marked as a quote, and all that the sender sent
        is_quoted = [False] * len(lines)
    kinds: list[str | None] = [QUOTE if quoted else None for quoted in is_quoted]
    for start, end in _find_stretches(kinds)[:_MAX_STRETCHES]:
        kinds[start:end] = find_closings(lines[start:end], boilerplate)
    left_out: Counter[str] = Counter()
    kept: list[str] = []
    for line, kind in zip(lines, kinds, strict=True):
        if kind is None:
            kept.append(line.text.rstrip())
        else:
            left_out[kind] += count_letters(line.text)
    text = _BLANKS.sub("\n\n", "\n".join(kept)).strip()
    counts = {kind: letters for kind, letters in left_out.items() if letters}
    return OwnText(text, counts, may_quote(lines, is_quoted, thread))


def strip_quoted_text(text: str) -> str:
    """Return the own text of a reply that a service passes on without its header."""
    thread = Thread(is_reply=True, is_forward=False, subject="", sender="")
    return extract_own_text(split_lines(text), thread).text


def unwrap_flowed(text: str, *, delete_space: bool = False) -> str:
    """Return the text of ``format=flowed`` (RFC 3676): a line that ends in a space continues.

    ``delete_space`` (DelSp) takes that space away: it is inside a word, or in a script without
    spaces.
    """
    parts: list[str] = []
    for line in text.splitlines():
        stuffed = line[1:] if line.startswith(" ") else line
        continues = stuffed.endswith(" ") and stuffed != "-- " and not stuffed.startswith(">")
        if continues:
            parts.append(stuffed[:-1] if delete_space else stuffed)
        else:
            parts.append(stuffed + "\n")
    return "".join(parts)


def _find_stretches(kinds: Sequence[str | None]) -> list[tuple[int, int]]:
    """Return the beginnings and ends of the lines that are not quoted."""
    stretches = []
    start = 0
    for number in range(len(kinds) + 1):
        if number == len(kinds) or kinds[number] is not None:
            if start < number:
                stretches.append((start, number))
            start = number + 1
    return stretches
