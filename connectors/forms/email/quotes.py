"""Lines of a message that quote another one.

Only what is marked as a quote is one: by the mail program's elements, by ">", or by the head of a
message below words of the writer's own. Everything else is the writer's, above, between and below
the quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.forms.email.header_blocks import (
    is_field,
    is_message_head,
    is_remark,
    read_header_block,
)
from connectors.forms.email.lines import Line, Mark, count_letters
from connectors.forms.email.quote_heads import (
    Thread,
    find_attribution,
    is_divider,
    is_known_divider,
    is_rule,
    may_be_head,
)

_MAX_BLANK_LINES: Final = 2
_MORE_THAN: Final = re.compile(r"\s*>\s?\d")


def find_quotes(lines: Sequence[Line], thread: Thread) -> list[bool]:
    """Return for each line whether it is quoted, or the head of a quote."""
    texts = [line.text for line in lines]
    is_quoted = [line.mark in (Mark.QUOTE, Mark.HEAD) for line in lines]
    _mark_groups(lines, texts, is_quoted, thread)
    if (top := _find_top_head(lines, texts, is_quoted, thread)) is not None:
        is_quoted[top[0] : top[1]] = [True] * (top[1] - top[0])
    end = _find_end(lines, texts, is_quoted, thread)
    return [*is_quoted[:end], *([True] * (len(lines) - end))]


def may_quote(lines: Sequence[Line], is_quoted: Sequence[bool], thread: Thread) -> bool:
    """Return True if a reply has the head of a message, but nothing says what is quoted below it.

    Either that is at the very top, so that the writer's words are below it and not above, or the
    line names neither an address nor its author, and a person can have written it too.
    """
    if not thread.is_reply:
        return False
    texts = [line.text for line in lines]
    top = _find_top_head(lines, texts, [False] * len(lines), thread)
    if top is not None and (below := _skip_blank(texts, top[1])) < len(texts):
        return not is_quoted[below]
    return any(
        not is_quoted[number]
        and find_attribution(texts, number, thread, marked=True, needs_time=True) is not None
        for number in range(len(texts))
    )


def _find_top_head(
    lines: Sequence[Line], texts: Sequence[str], is_quoted: Sequence[bool], thread: Thread
) -> tuple[int, int] | None:
    """Return the first line of the head of a message above all words, and the line after it."""
    number = 0
    while thread.is_reply and number < len(lines) and not is_quoted[number]:
        if (first := _find_message_head(lines, texts, number, thread)) is not None:
            return first, _find_head_end(lines, texts, number)
        if count_letters(texts[number]):
            break
        number += 1
    return None


def _mark_groups(
    lines: Sequence[Line], texts: Sequence[str], is_quoted: list[bool], thread: Thread
) -> None:
    """Mark the lines with ">" and in blockquotes that are quotes, and the heads above them."""
    candidates = [
        _is_candidate(line) and not _is_comparison(texts, number)
        for number, line in enumerate(lines)
    ]
    starts = [
        number
        for number, is_candidate in enumerate(candidates)
        if is_candidate and not (number and candidates[number - 1])
    ]
    heads = {start: _find_head(texts, start, thread) for start in starts}
    is_conversation = thread.is_reply or any(head is not None for head in heads.values())
    for start in starts:
        head = heads[start]
        if head is not None:
            is_quoted[head:start] = [True] * (start - head)
        number = start
        while number < len(lines) and candidates[number]:
            is_quoted[number] |= is_conversation
            number += 1


def _is_candidate(line: Line) -> bool:
    return line.mark in (Mark.BLOCKQUOTE, Mark.QUOTE) or line.text.lstrip().startswith(">")


def _is_comparison(texts: Sequence[str], number: int) -> bool:
    """Return True for a number behind ">" in a sentence that begins in the line above."""
    if not number or not _MORE_THAN.match(texts[number]):
        return False
    above = texts[number - 1].strip()
    below = texts[number + 1].strip() if number + 1 < len(texts) else ""
    return above[-1:].isalnum() and not above.startswith(">") and not below.startswith(">")


def _find_head(texts: Sequence[str], start: int, thread: Thread) -> int | None:
    """Return the first line of the attribution above a quote, if it has one."""
    last = start - 1
    while last >= 0 and not texts[last].strip() and start - last <= _MAX_BLANK_LINES:
        last -= 1
    return find_attribution(texts, last, thread, marked=True) if last >= 0 else None


def _find_end(
    lines: Sequence[Line], texts: Sequence[str], is_quoted: list[bool], thread: Thread
) -> int:
    """Return the line from which on a whole message is quoted, below words of the writer's own.

    A head above lines that are marked as quotes is marked too, and ends nothing.
    """
    own = number = 0
    while number < len(texts):
        first = None
        if own and not is_quoted[number]:
            first = _find_message_head(lines, texts, number, thread)
        if first is not None:
            end = _find_head_end(lines, texts, number)
            below = _skip_blank(texts, end)
            if below == len(texts) or not is_quoted[below]:
                return first
            is_quoted[first:end] = [True] * (end - first)
            number = end
            continue
        own += 0 if is_quoted[number] else count_letters(texts[number])
        number += 1
    return len(lines)


def _find_head_end(lines: Sequence[Line], texts: Sequence[str], number: int) -> int:
    """Return the line after the head of a message that was found at a line."""
    is_border = lines[number].mark is Mark.DIVIDER or not is_field(texts[number])
    block = read_header_block(texts, _skip_blank(texts, number + is_border))
    return block.end if block is not None else number + 1


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
    above = texts[number - 1] if number else ""
    is_first_field = not is_field(above) or is_remark(above)
    if is_first_field and is_message_head(read_header_block(texts, number), thread):
        return number
    return find_attribution(texts, number, thread, marked=False)


def _skip_blank(texts: Sequence[str], number: int) -> int:
    end = min(len(texts), number + _MAX_BLANK_LINES)
    while number < end and not texts[number].strip():
        number += 1
    return number
