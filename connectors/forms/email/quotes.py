"""Lines of a message that quote another one.

Only what is marked as a quote is one: by the mail program's elements, by ">", or by the head of a
message below words of the writer's own. Everything else is the writer's, above, between and below
the quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.forms.email.lines import Line, Mark, count_letters
from connectors.forms.email.quote_heads import (
    Thread,
    find_attribution,
    is_divider,
    is_field,
    is_known_divider,
    is_message_head,
    is_rule,
    may_be_head,
    read_header_block,
)

_MAX_BLANK_LINES: Final = 2


def find_quotes(lines: Sequence[Line], thread: Thread) -> list[bool]:
    """Return for each line whether it is quoted, or the head of a quote."""
    texts = [line.text for line in lines]
    is_quoted = [line.mark in (Mark.QUOTE, Mark.HEAD) for line in lines]
    _mark_groups(lines, texts, is_quoted, thread)
    end = _find_end(lines, texts, is_quoted, thread)
    return [*is_quoted[:end], *([True] * (len(lines) - end))]


def _mark_groups(
    lines: Sequence[Line], texts: Sequence[str], is_quoted: list[bool], thread: Thread
) -> None:
    """Mark the lines with ">" and in blockquotes that are quotes, and the heads above them."""
    starts = [
        number
        for number, line in enumerate(lines)
        if _is_candidate(line) and (number == 0 or not _is_candidate(lines[number - 1]))
    ]
    heads = {start: _find_head(texts, start, thread) for start in starts}
    is_conversation = thread.is_reply or any(head is not None for head in heads.values())
    for start in starts:
        head = heads[start]
        if head is not None:
            is_quoted[head:start] = [True] * (start - head)
        number = start
        while number < len(lines) and _is_candidate(lines[number]):
            is_quoted[number] |= is_conversation
            number += 1


def _is_candidate(line: Line) -> bool:
    return line.mark in (Mark.BLOCKQUOTE, Mark.QUOTE) or line.text.lstrip().startswith(">")


def _find_head(texts: Sequence[str], start: int, thread: Thread) -> int | None:
    """Return the first line of the attribution above a quote, if it has one."""
    last = start - 1
    while last >= 0 and not texts[last].strip() and start - last <= _MAX_BLANK_LINES:
        last -= 1
    return find_attribution(texts, last, thread, marked=True) if last >= 0 else None


def _find_end(
    lines: Sequence[Line], texts: Sequence[str], is_quoted: Sequence[bool], thread: Thread
) -> int:
    """Return the line from which on a whole message is quoted, below words of the writer's own."""
    own = 0
    for number, text in enumerate(texts):
        if is_quoted[number]:
            continue
        if own and (first := _find_message_head(lines, texts, number, thread)) is not None:
            return first
        own += count_letters(text)
    return len(lines)


def _find_message_head(
    lines: Sequence[Line], texts: Sequence[str], number: int, thread: Thread
) -> int | None:
    """Return the first line of the head of a message if it ends or begins at a line."""
    text = texts[number]
    if lines[number].mark is Mark.DIVIDER:
        return number
    if not may_be_head(text):
        return None
    if is_divider(text) or is_rule(text):
        block = read_header_block(texts, _skip_blank(texts, number + 1))
        is_known = is_known_divider(text) and (block is not None or thread.is_reply)
        return number if is_known or is_message_head(block, thread) else None
    if not thread.is_reply and not thread.is_forward:
        return None
    is_first_field = number == 0 or not is_field(texts[number - 1])
    if is_first_field and is_message_head(read_header_block(texts, number), thread):
        return number
    return find_attribution(texts, number, thread, marked=False)


def _skip_blank(texts: Sequence[str], number: int) -> int:
    end = min(len(texts), number + _MAX_BLANK_LINES)
    while number < end and not texts[number].strip():
        number += 1
    return number
