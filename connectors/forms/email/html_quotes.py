"""HTML of mail programs, with the elements that hold quotes and signatures marked.

Mail programs say in classes, ids and elements what is quoted. The tags are read one by one and no
tree is built: the repairs that a browser makes take quadratic time on hostile HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from connectors.forms.email.lines import Line, Mark
from connectors.sdk import plain_text

_TAG: Final = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)"
    r"((?:[^<>\"']|\"[^\"]{0,2000}\"|'[^']{0,2000}'|[\"'])*+)>"
)
_COMMENT: Final = re.compile(r"<!--(?!-?>).*?-->", re.DOTALL)
_ATTRIBUTE: Final = re.compile(
    r"(?<![\w-])(class|id|name|type|cite|style|data-smartmail)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)
_HEAD: Final = re.compile(r"</?head(?=[\s>])[^<>]*>", re.IGNORECASE)
"""Its end may be left out, and what is in it is not shown for other reasons."""
_QUOTES: Final = re.compile(
    r"(?:^|[\s_-])(?:yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|ox-quote"
    r"|moz-email-headers-table|mail-editor-reference-message-container)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Classes and ids of elements around a quoted message; blockquotes in them say more exactly."""
_HEADS: Final = re.compile(
    r"(?:^|\s)(?:moz-cite-prefix|gmail_attr|gmail_attribution|yahoo_attribution|yahoo-quoted-begin"
    r"|airmail_on)(?:$|\s)",
    re.IGNORECASE,
)
"""Classes of the line above a quote."""
_DIVIDERS: Final = re.compile(
    r"(?:^|\s)(?:x_)?(?:divrplyfwdmsg|outlookmessageheader|olk_src_body_section)(?:$|\s)",
    re.IGNORECASE,
)
"""Classes and ids of what stands above a quoted message that continues to the end."""
_SIGNATURES: Final = re.compile(
    r"(?:^|\s)(?:x_)?(?:gmail_signature|gmail_signature_prefix|moz-signature|signature"
    r"|protonmail_signature_block|yahoo-signature|ms-outlook-mobile-signature|k9mail-signature"
    r"|applemailsignature|zm-_id_-sgn\d*|tutanota_signature)(?:$|\s)",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE
)
_HIDDEN_ATTRIBUTE: Final = re.compile(r"\shidden(?=[\s/=]|$)", re.IGNORECASE)
_STRINGS: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_QUOTE_NAMES: Final = frozenset({"quote", "quoted-content", "messagereplysection"})
"""Values of ``name`` around a quoted message."""
_SIGNATURE_NAMES: Final = frozenset({"messagesignaturesection"})
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_EDGE: Final = {Mark.QUOTE: "\ue001", Mark.HEAD: "\ue002", Mark.SIGNATURE: "\ue003"} | {
    Mark.HIDDEN: "\ue006"
}
_BLOCKQUOTE: Final = "\ue004"
_DIVIDER: Final = "\ue005"
_END: Final = "\ue000"
_PRIVATE: Final = re.compile("[\ue000-\ue006]")


class _Element(NamedTuple):
    tag: str
    edge: str
    number: int
    """Of the edge among the parts."""


def read_html(html: str) -> list[Line]:
    """Return the visible lines of HTML, each with what its element says about it."""
    return list(_mark_lines(plain_text(_insert_edges(_clean(html)))))


def _clean(html: str) -> str:
    html = _PRIVATE.sub("", html).replace("\x00", "")
    end = html.rfind("-->") + len("-->")  # before it, every comment has an end
    return _HEAD.sub("", _COMMENT.sub("", html[:end]) + html[end:])


def _insert_edges(html: str) -> str:
    """Return HTML with a line of its own at the beginning and at the end of marked elements."""
    parts: list[str] = []
    opened: list[_Element] = []
    depths: dict[str, int] = {}
    place, last_blockquote = 0, html.lower().rfind("<blockquote")
    for match in _TAG.finditer(html):
        closing, tag, attributes = match[1], (match[2] or "").lower(), match[3] or ""
        if not tag or tag in _VOID:
            continue
        if not closing:
            edge = _select_edge(tag, attributes, is_last=match.start() > last_blockquote)
            if edge:
                parts += (html[place : match.start()], f"<br>{edge}<br>")
                place = match.start()
            if edge != _DIVIDER and (edge or opened):
                opened.append(_Element(tag, edge, len(parts) - 1))
                depths[tag] = depths.get(tag, 0) + 1
        elif depths.get(tag):
            ends = _close(tag, opened, depths)
            if ends:
                parts += (html[place : match.end()], f"<br>{_END}<br>" * ends)
                place = match.end()
    for element in opened:  # never closed, so that not only what is hidden is in them
        if element.edge == _EDGE[Mark.HIDDEN]:
            parts[element.number] = "<br>"
    parts.append(html[place:])
    return "".join(parts)


def _close(tag: str, opened: list[_Element], depths: dict[str, int]) -> int:
    """Close an element with those in it that were left open; return how many were marked."""
    ends = 0
    while opened:
        element = opened.pop()
        depths[element.tag] -= 1
        ends += bool(element.edge)
        if element.tag == tag:
            break
    return ends


def _select_edge(tag: str, attributes: str, *, is_last: bool) -> str:
    """Return the mark of an element; ``is_last``: no blockquote follows."""
    if not attributes and tag != "blockquote":
        return ""
    values = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(attributes[:4_000])}
    names = " ".join(values.get(name, "") for name in ("class", "id", "data-smartmail"))
    if _is_hidden(values, attributes):
        return _EDGE[Mark.HIDDEN]
    if tag == "blockquote":
        return _select_blockquote(values, names)
    if _HEADS.search(names):
        return _EDGE[Mark.HEAD]
    name = values.get("name", "").casefold()
    if _SIGNATURES.search(names) or name in _SIGNATURE_NAMES:
        return _EDGE[Mark.SIGNATURE]
    if _QUOTES.search(names) or name in _QUOTE_NAMES:
        return _EDGE[Mark.QUOTE] if is_last else ""
    return _DIVIDER if _DIVIDERS.search(names) else ""


def _is_hidden(values: dict[str, str], attributes: str) -> bool:
    is_named = "idden" in attributes and _HIDDEN_ATTRIBUTE.search(_STRINGS.sub("", attributes))
    return bool(is_named) or _HIDDEN.search(values.get("style", "")) is not None


def _select_blockquote(values: dict[str, str], names: str) -> str:
    is_cited = values.get("type", "").casefold() == "cite" or "cite" in values or "quote" in names
    is_indent = re.search(r"border(?:-left)?\s*:\s*(?:none|0)", values.get("style", "")) is not None
    if is_cited:
        return _EDGE[Mark.QUOTE]
    return "" if is_indent else _BLOCKQUOTE


def _mark_lines(text: str) -> Iterator[Line]:
    marks = {edge: mark for mark, edge in _EDGE.items()} | {_BLOCKQUOTE: Mark.BLOCKQUOTE}
    stack: list[Mark] = []
    for line in text.split("\n"):
        words = line.strip()
        if words in marks:
            stack.append(marks[words])
        elif words == _DIVIDER and Mark.HIDDEN not in stack:
            yield Line("", Mark.DIVIDER)
        elif words == _END:
            if stack:
                stack.pop()
        elif words and words != _DIVIDER:
            yield Line(words, max(stack, key=list(Mark).index) if stack else Mark.NONE)
