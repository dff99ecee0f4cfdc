"""A notice as plain text, as HTML for e-mail, and as Markdown for chats. Pure.

A line of a notice is a sentence; ``- `` begins an item of a list, and `backticks` hold a command to
type. Nothing else in it is markup: names of sites and words of comments are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from pipeline.notify.notice import Notice, Urgency

_PARTS: Final = re.compile(r"`([^`\n]+)`|(https?://\S+)")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_ITEM: Final = "- "
_MARK: Final = {Urgency.CRITICAL: "Critical · "}


def subject(notice: Notice) -> str:
    """The title, on one line, with what is critical in front: phones show its beginning."""
    return " ".join((_MARK.get(notice.urgency, "") + notice.title).split())


def as_text(notice: Notice, *, examples: bool = False) -> str:
    """Plain text."""
    return "\n".join(_lines(notice, examples=examples))


def as_html(notice: Notice, *, examples: bool = False) -> str:
    """Paragraphs and lists, for e-mail; no style sheet and no image."""
    paragraphs = []
    for is_item, lines in groupby(_lines(notice, examples=examples), _is_item):
        said = [_inline(line.removeprefix(_ITEM) if is_item else line, _HTML) for line in lines]
        if is_item:
            paragraphs.append("<ul>" + "".join(f"<li>{one}</li>" for one in said) + "</ul>")
        else:
            paragraphs += [f"<p>{one}</p>" for one in said if one]
    return "\n".join(paragraphs)


def as_markdown(notice: Notice, *, examples: bool = False) -> str:
    """Markdown as Slack, Teams and others take it."""
    lines = []
    for line in _lines(notice, examples=examples):
        item = _ITEM if _is_item(line) else ""
        lines.append(item + _inline(line.removeprefix(_ITEM), _CHAT))
    # A single line break is none in Markdown.
    return "\n".join(
        line if _is_item(line) and _is_item(after) else line + "\n"
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    ).rstrip()


def _lines(notice: Notice, *, examples: bool) -> Sequence[str]:
    lines = notice.text.split("\n")
    if examples and notice.examples:
        quoted = [f"{_ITEM}“{' '.join(one.split())}”" for one in notice.examples]
        lines += ["Some of the comments:", *quoted]
    return lines


def _is_item(line: str) -> bool:
    return line.startswith(_ITEM)


_Say = tuple[Callable[[str], str], Callable[[str], str], Callable[[str], str]]
"""How words, a command and an address are written."""

_HTML: Final[_Say] = (
    escape,
    lambda command: f"<code>{escape(command)}</code>",
    lambda url: f'<a href="{escape(url)}">{escape(url)}</a>',
)
_CHAT: Final[_Say] = (
    lambda words: _MARKDOWN.sub(r"\\\1", words),
    lambda command: f"`{command}`",
    lambda url: url,
)


def _inline(line: str, say: _Say) -> str:
    words, command, address = say
    written, place = [], 0
    for found in _PARTS.finditer(line):
        written.append(words(line[place : found.start()]))
        written.append(command(found[1]) if found[1] else address(found[2]))
        place = found.end()
    return "".join([*written, words(line[place:])])
