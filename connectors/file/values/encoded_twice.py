"""Undo what was done to texts twice: encoded as UTF-8, or escaped for a web page. Pure."""

from __future__ import annotations

import html
import re
from typing import Final

_MAX_ROUNDS: Final = 3
_CP1252: Final = {
    bytes((byte,)).decode("cp1252", "replace"): byte for byte in range(0x80, 0xA0)
} | {chr(byte): byte for byte in range(0x80, 0x100)}
_NEXT: Final = "[\x80-\xbf" + "".join(
    re.escape(sign) for sign, byte in _CP1252.items() if sign > "\xff" and sign != "\ufffd"
    and byte < 0xC0
) + "]"  # fmt: skip
_TWICE: Final = re.compile(
    f"(?:[ÃÅÄÎÏ]{_NEXT}|Â[\xa0-\xbf]|(?:[ÐÑ]{_NEXT}){{2,}}|â[€‚„\x80\x82\x84]{_NEXT}"
    f"|ð[Ÿ\x9f]{_NEXT}{{2}}|ï¸\x8f)+"
)
_ENTITY: Final = re.compile(
    r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|amp|quot|apos|lt|gt|nbsp|[lr][sd]quo|[nm]dash|hellip|pound|euro"
    r"|[a-z](?:acute|grave|circ|uml|tilde|cedil)|szlig|aring|aelig|oslash);",
    re.IGNORECASE,
)


def undo_twice(text: str) -> str:
    """Return a text in which what was encoded or escaped twice is so once."""
    if "&" in text and _ENTITY.search(text):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if text.isascii():
        return text
    for _ in range(_MAX_ROUNDS):
        undone = _TWICE.sub(_decode, text)
        if undone == text:
            break
        text = undone
    return text


def _decode(match: re.Match[str]) -> str:
    try:
        return bytes(_CP1252[sign] for sign in match[0]).decode()
    except (KeyError, UnicodeDecodeError):
        return match[0]
