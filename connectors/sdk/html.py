"""The visible text of HTML."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section"}
    | {"table", "td", "th", "tr", "ul"}
)
_UNSEEN: Final = frozenset({"head", "script", "style", "template", "title"})
_SPACES: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[\s]*")


_INLINE: Final = frozenset({"a", "abbr", "b", "code", "del", "em", "i", "small", "span", "strong"})
_TAG: Final = re.compile(
    r"""<(/?[a-zA-Z][a-zA-Z0-9]*)
    (?:\s+[a-zA-Z][\w:.-]*(?:="[^"]*"|='[^']*'|=[^\s"'<>=`/]+)?)*  # attributes
    \s*/?>""",
    re.VERBOSE,
)


def plain_text(html: str) -> str:
    """Return the visible text of HTML; each block and break begins a line."""
    parts = _simple(html)
    if parts is None:
        return _parse(html)
    return _tidy(parts)


def _simple(html: str) -> list[str] | None:
    """Return the parts of simple HTML, ten times as fast, or None if it is not simple."""
    parts = _TAG.split(html)
    for place, part in enumerate(parts):
        if place % 2:
            tag = part.lower().removeprefix("/")
            if tag not in _BLOCKS and tag not in _INLINE:
                return None
            parts[place] = "\n" if tag in _BLOCKS else ""
        elif "<" in part:
            return None
        elif "&" in part:
            parts[place] = unescape(part)
    return parts


def _parse(html: str) -> str:
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # the standard library's parser at a malformed declaration
        return _parse(html.replace("<!", "&lt;!"))
    return _tidy(reader.parts)


def _tidy(parts: list[str]) -> str:
    return _LINES.sub("\n", _SPACES.sub(" ", "".join(parts))).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
