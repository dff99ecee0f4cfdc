"""The visible text of HTML.

Tokens are read, and no tree is built: trees of HTML grow with the square of what a stranger sends,
in time and in memory, whatever the library. Here every character is looked at a fixed number of
times.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_BLOCKS: Final = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section"}
    | {"table", "td", "th", "tr", "ul"}
)
_HIDDEN_UNTIL: Final = {
    "!--": re.compile(r"--!?>"),
    # The end tag of a head may be left out, and its text would be part of the body.
    "head": re.compile(r"<(?:/head|body)(?=[\s/>])", re.IGNORECASE),
} | {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "template", "title")
}
"""What is not displayed, and what ends it. If it never ends, only its start is markup."""
_MARKUP: Final = re.compile(
    r"""<(?:
        (!--)
      | (/?[a-zA-Z][^\s/>]*+)  # the name of a tag, then its attributes
        (?: [\s/]++
          | [^\s/>=]++ (?: \s*+=\s*+ (?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)? )?
          | =
        )*+ >
      | [!?/][^>]*+>  # a declaration or what a parser takes for a comment
    )""",
    re.VERBOSE | re.ASCII,
)
_LONG_REFERENCE: Final = re.compile(r"&#[0-9]{9,};?")
_SPACES: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[\s]*")


def plain_text(html: str) -> str:
    """Return the visible text of HTML; each block and break begins a line.

    What looks like markup and never ends is text.
    """
    text = "".join(_read_parts(html))
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def _read_parts(html: str) -> list[str]:
    parts: list[str] = []
    unended: set[str] = set()  # is searched once, since it would be searched to the end
    position, end = 0, html.rfind(">") + 1  # before it, every tag has an end
    while match := _MARKUP.search(html, position, end):
        parts.append(_unescape(html[position : match.start()]))
        position = match.end()
        name = (match[1] or match[2] or "").lower()
        if name.removeprefix("/") in _BLOCKS:
            parts.append("\n")
        elif name in _HIDDEN_UNTIL and name not in unended:
            # The hyphens of <!--> are its end too.
            last = _HIDDEN_UNTIL[name].search(html, position - 2 if name == "!--" else position)
            if last is None:
                unended.add(name)
            else:
                position = last.end() if name == "!--" else last.start()
    parts.append(_unescape(html[position:]))
    return parts


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    # Python refuses to read numbers of thousands of digits.
    return unescape(_LONG_REFERENCE.sub("\ufffd", text))
