"""Sanitize the text of cells. Pure."""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c]")


def sanitize(text: str) -> str:
    """Return text without control characters and outer white space, with ``\\n`` as line ends."""
    if _ODD.search(text) is None:
        return text.strip()
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
    if "\ufeff" in text:
        text = text.replace("\ufeff", "")  # a mark of files that were joined
    if _BREAKS.search(text):
        text = _BREAKS.sub("\n", text)
    return text.strip()


def collapse_whitespace(text: str) -> str:
    """Return a name on one line: runs of white space, non-breaking too, become one space."""
    if not text.isprintable():
        text = _CONTROLS.sub("", text)
    return " ".join(text.split())
