"""A notice as plain text, as HTML for e-mail, and as Markdown for chats. Pure.

Each line of a notice is a sentence; ``- `` begins a list item, and `backticks` enclose a command.
Nothing else is markup: names of sites and texts of comments are shown literally.
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


def render_subject(notice: Notice) -> str:
    """Return the title on one line, marked if it is critical."""
    return " ".join((_MARK.get(notice.urgency, "") + notice.title).split())


def render_text(notice: Notice, *, examples: bool = False) -> str:
    """Return the notice as plain text."""
    return "\n".join(_lines(notice, examples=examples))


def render_html(notice: Notice, *, examples: bool = False) -> str:
    """Return paragraphs and lists for e-mail, without style sheet and images."""
    paragraphs = []
    for is_item, lines in groupby(_lines(notice, examples=examples), _is_item):
        inlines = [_inline(line.removeprefix(_ITEM) if is_item else line, _HTML) for line in lines]
        if is_item:
            paragraphs.append(
                "<ul>" + "".join(f"<li>{inline}</li>" for inline in inlines) + "</ul>"
            )
        else:
            paragraphs += [f"<p>{inline}</p>" for inline in inlines if inline]
    return "\n".join(paragraphs)


def render_markdown(notice: Notice, *, examples: bool = False) -> str:
    """Return Markdown that Slack, Teams and others accept."""
    lines = []
    for line in _lines(notice, examples=examples):
        item = _ITEM if _is_item(line) else ""
        lines.append(item + _inline(line.removeprefix(_ITEM), _CHAT))
    # Markdown ignores a single line break.
    return "\n".join(
        line if _is_item(line) and _is_item(after) else line + "\n"
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    ).rstrip()


def _lines(notice: Notice, *, examples: bool) -> Sequence[str]:
    lines = notice.text.split("\n")
    if examples and notice.examples:
        quoted = [f"{_ITEM}“{' '.join(example.split())}”" for example in notice.examples]
        lines += ["Examples:", *quoted]
    return lines


def _is_item(line: str) -> bool:
    return line.startswith(_ITEM)


_InlineFormat = tuple[Callable[[str], str], Callable[[str], str], Callable[[str], str]]
"""Formatters of text, of a command and of an address."""

_HTML: Final[_InlineFormat] = (
    escape,
    lambda command: f"<code>{escape(command)}</code>",
    lambda url: f'<a href="{escape(url)}">{escape(url)}</a>',
)
_CHAT: Final[_InlineFormat] = (
    lambda words: _MARKDOWN.sub(r"\\\1", words),
    lambda command: f"`{command}`",
    lambda url: url,
)


def _inline(line: str, style: _InlineFormat) -> str:
    words, command, address = style
    parts, place = [], 0
    for match in _PARTS.finditer(line):
        parts.append(words(line[place : match.start()]))
        parts.append(command(match[1]) if match[1] else address(match[2]))
        place = match.end()
    return "".join([*parts, words(line[place:])])
