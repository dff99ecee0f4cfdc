"""A notice as plain text, as HTML for e-mail (a template), and as Markdown for chats. Pure.

Each line of a notice is a sentence; ``- `` begins a list item, and `backticks` enclose a command.
Nothing else is markup: names of sites and texts of comments are shown literally.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

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
    blocks = [
        _Block(is_item, [_split(line.removeprefix(_ITEM) if is_item else line) for line in lines])
        for is_item, lines in groupby(_lines(notice, examples=examples), _is_item)
    ]
    return _TEMPLATES.get_template("notice.html.j2").render(blocks=blocks).strip()


def render_markdown(notice: Notice, *, examples: bool = False) -> str:
    """Return Markdown that Slack, Teams and others accept."""
    lines = []
    for line in _lines(notice, examples=examples):
        item = _ITEM if _is_item(line) else ""
        lines.append(item + "".join(map(_to_markdown, _split(line.removeprefix(_ITEM)))))
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


class _Part(NamedTuple):
    kind: Literal["words", "command", "address"]
    text: str


class _Block(NamedTuple):
    """The items of a list, or paragraphs of a line each."""

    is_list: bool
    lines: Sequence[Sequence[_Part]]


def _split(line: str) -> list[_Part]:
    """Return the parts of a line; an empty line has none."""
    parts, place = [], 0
    for match in _PARTS.finditer(line):
        parts.append(_Part("words", line[place : match.start()]))
        parts.append(_Part("command", match[1]) if match[1] else _Part("address", match[2]))
        place = match.end()
    parts.append(_Part("words", line[place:]))
    return [part for part in parts if part.text]


def _to_markdown(part: _Part) -> str:
    match part.kind:
        case "command":
            return f"`{part.text}`"
        case "address":
            return part.text
        case "words":
            return _MARKDOWN.sub(r"\\\1", part.text)


_TEMPLATES: Final = Environment(
    loader=PackageLoader("pipeline.notify"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
