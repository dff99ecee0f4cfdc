"""Mailing lists: their addresses, and the footers that they write below each message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message
from typing import Final

from connectors.forms.email.headers import find_address, read_headers
from connectors.forms.email.lines import Line, Mark
from connectors.forms.email.quote_heads import is_rule

_MAX_LINES: Final = 10
_ID: Final = re.compile(r"<([^<>\s]{1,255})>")


def mark_list_footer(lines: Sequence[Line], message: Message) -> list[Line]:
    """Return lines with a mark on those below the last rule if they name the message's list."""
    names = read_list_addresses(message)
    if not names:
        return list(lines)
    start = max(0, len(lines) - _MAX_LINES)
    for number in range(len(lines) - 1, start - 1, -1):
        if is_rule(lines[number].text):
            below = " ".join(line.text for line in lines[number:]).casefold()
            if any(name in below for name in names):
                marked = [Line(line.text, Mark.SIGNATURE) for line in lines[number:]]
                return [*lines[:number], *marked]
            break
    return list(lines)


def read_list_addresses(message: Message) -> set[str]:
    """Return the addresses of the lists that brought a message, also those that its ids imply."""
    ids = [match[1] for value in read_headers(message, "list-id") for match in _ID.finditer(value)]
    names = {name.casefold().replace(".", "@", 1) for name in ids}
    for field in ("list-post", "mailing-list"):
        values = read_headers(message, field)
        names |= {find_address(value.replace("mailto:", " ")) for value in values}
    return {name for name in names if "@" in name}
