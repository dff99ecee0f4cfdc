"""Texts with commands in angle brackets: text/enriched (RFC 1896) and text/richtext (RFC 1341)."""

from __future__ import annotations

import re
from typing import Final

_COMMAND: Final = re.compile(r"<(/?)([A-Za-z0-9-]{1,60})>")
_PARAMETER: Final = re.compile(r"<param>[^<]{0,1000}</param>", re.IGNORECASE)
_BREAKS: Final = re.compile(r"\n+")
_ESCAPED: Final = "\ue000"


def read_enriched(text: str) -> str:
    """Return the words: one line break is a space, and each further one begins a line."""
    text = text.replace("\r\n", "\n").replace("<<", _ESCAPED)
    text = _COMMAND.sub(_replace_command, _PARAMETER.sub("", text))
    text = _BREAKS.sub(lambda match: "\n" * (len(match[0]) - 1) or " ", text)
    return text.replace("\ue001", "\n").replace(_ESCAPED, "<")


def _replace_command(match: re.Match[str]) -> str:
    """Return what a command of text/richtext stands for; those of text/enriched are formats."""
    if match[1]:
        return ""
    return {"lt": "<", "nl": "\ue001", "np": "\ue001"}.get(match[2].casefold(), "")
