"""Forwarded messages: whose words they hold, and when these were written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from connectors.forms.email.header_blocks import (
    HeaderBlock,
    is_field,
    is_message_head,
    is_remark,
    read_header_block,
)
from connectors.forms.email.headers import parse_subject
from connectors.forms.email.lines import Line, Mark, count_letters, count_line_letters
from connectors.forms.email.quote_heads import (
    Thread,
    announces_forward,
    is_divider,
    is_rule,
    may_be_head,
)
from connectors.forms.email.written_dates import parse_written_date

_MAX_DEPTH: Final = 3
_MAX_BLANK_LINES: Final = 3
_MAX_HEAD_LINES: Final = 40
_MIN_FIELDS: Final = 2


@dataclass(frozen=True, slots=True)
class Forward:
    """A message inside another one."""

    note: Sequence[Line]
    """What the sender wrote above it."""
    lines: Sequence[Line]
    author: str
    """Address or name of its author; empty if unknown."""
    sent: datetime | None
    """None if its date cannot be read with certainty."""
    subject: str
    """With its prefixes; empty if it cannot be recognised."""
    head: int = 0
    """Letters of its header fields."""

    @property
    def thread(self) -> Thread:
        """The conversation that it belongs to, by its head."""
        subject = parse_subject(self.subject)
        return Thread(subject.is_reply, subject.is_forward, subject.text, self.author)


def find_forward(
    lines: Sequence[Line], thread: Thread, zone: tzinfo, is_own: Callable[[str], bool]
) -> Forward | None:
    """Return the message that this one forwards, the innermost if that forwards another.

    A message of the organization itself (``is_own``) that a person forwards with words of their
    own is what these are about, and not the feedback.
    """
    result = None
    for _ in range(_MAX_DEPTH):
        forward = _find_outer(lines, thread, zone)
        if forward is None:
            break
        if is_own(forward.author) and (result is not None or not is_own(thread.sender)):
            break
        if result is not None:
            forward = replace(
                forward, note=[*result.note, *forward.note], head=result.head + forward.head
            )
        result, lines, thread = forward, forward.lines, forward.thread
    return result


def _find_outer(lines: Sequence[Line], thread: Thread, zone: tzinfo) -> Forward | None:
    texts = [line.text for line in lines]
    own = 0
    for number, text in enumerate(texts):
        if (start := _find_head(lines, texts, number, thread, is_top=not own)) is not None:
            top = _unquote(lines[start : start + _MAX_HEAD_LINES])
            block = read_header_block([line.text for line in top], 0)
            if block is not None and _is_head(block, thread):
                forward = _build(lines[:number], _unquote(lines[start:]), block, zone)
                head = count_line_letters(lines[number : start + block.end])
                subject = forward.subject or _find_subject(block, thread)
                return replace(forward, head=head, subject=subject)
        own += count_letters(text)
    return None


def _find_head(
    lines: Sequence[Line], texts: Sequence[str], number: int, thread: Thread, *, is_top: bool
) -> int | None:
    """Return where the header fields of a forwarded message would begin, if its head is here."""
    text = _strip_mark(texts[number])
    if lines[number].mark is not Mark.DIVIDER and not may_be_head(text):
        return None
    above = _strip_mark(texts[number - 1]) if number else ""
    if is_field(text) and is_field(above) and not is_remark(above):
        return None  # inside a block
    is_border = (
        lines[number].mark is Mark.DIVIDER
        or announces_forward(text)
        or (is_divider(text) or is_rule(text))
    )
    is_forward = thread.is_forward or (not thread.is_reply and announces_forward(texts[number]))
    if not is_forward or not (is_border or is_top or thread.is_forward):
        return None
    number += is_border
    end = min(len(texts), number + _MAX_BLANK_LINES)
    while number < end and not _strip_mark(texts[number]).strip():
        number += 1
    return number if number < len(texts) and is_field(_strip_mark(texts[number])) else None


def _find_subject(block: HeaderBlock, thread: Thread) -> str:
    """Return the value that is the subject of the message around, whatever its label."""
    values = (value for _, value in block.fields)
    wanted = thread.subject.casefold()
    return next((v for v in values if wanted and parse_subject(v).text.casefold() == wanted), "")


def _is_head(block: HeaderBlock, thread: Thread) -> bool:
    is_short_head = len(block.fields) >= _MIN_FIELDS and bool(block.address and block.date)
    return is_short_head or is_message_head(block, replace(thread, sender=""))


def _build(
    note: Sequence[Line], lines: Sequence[Line], block: HeaderBlock, zone: tzinfo
) -> Forward:
    return Forward(
        note=note,
        lines=lines[block.end :],
        author=block.author,
        sent=parse_written_date(block.date, zone),
        subject=block.subject,
    )


def _unquote(lines: Sequence[Line]) -> list[Line]:
    """Return lines without the mark of the quote that a forwarded message may stand in."""
    if lines and lines[0].text.lstrip().startswith(">"):
        lines = [Line(_strip_mark(line.text), line.mark) for line in lines]
    outer = lines[0].mark if lines else Mark.NONE
    return [Line(line.text) if line.mark is outer else line for line in lines]


def _strip_mark(text: str) -> str:
    stripped = text.lstrip()
    return stripped[1:].removeprefix(" ") if stripped.startswith(">") else text
