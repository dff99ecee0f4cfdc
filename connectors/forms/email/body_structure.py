"""BODYSTRUCTURE of IMAP (RFC 3501): which parts a message has, before any of them is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

_TOKEN: Final = re.compile(rb'\s*(?:([()])|"((?:[^"\\]|\\.)*+)"|([^\s()"]++))', re.DOTALL)
_MAX_DEPTH: Final = 60
_MIN_PART_FIELDS: Final = 7


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message, in the order of the message."""

    section: str
    """Its number, such as 1.2."""
    kind: str
    """Its media type; "multipart" for any kind of these."""
    size: int = 0
    """Bytes as they are transferred."""
    parent: str = ""
    """The section that it is inside of; empty for the message itself."""

    @property
    def is_container(self) -> bool:
        """True if it only holds other parts."""
        return self.kind == "multipart"


def parse_structure(pieces: Sequence[bytes | tuple[bytes, bytes]]) -> list[Part]:
    """Return the parts of a message from its BODYSTRUCTURE, in which literals are tuples.

    Raises ``ValueError`` for one that cannot be read.
    """
    tree = _parse_lists(_tokenize(pieces))
    return list(_walk(tree, "", ""))


def _tokenize(pieces: Sequence[bytes | tuple[bytes, bytes]]) -> Iterator[bytes | tuple[bytes]]:
    """Yield parentheses and atoms as they are, and strings in a tuple."""
    for piece in pieces:
        text, literal = piece if isinstance(piece, tuple) else (piece, None)
        if literal is not None:
            text = re.sub(rb"\{\d+\}\s*$", b"", text)
        for bracket, string, atom in _TOKEN.findall(text):
            yield bracket or atom or (string,)
        if literal is not None:
            yield (literal,)


def _parse_lists(tokens: Iterator[bytes | tuple[bytes]]) -> list[Any]:
    """Return the list that begins after BODYSTRUCTURE."""
    for token in tokens:
        if isinstance(token, bytes) and token.upper() == b"BODYSTRUCTURE":
            break
    stack: list[list[Any]] = [[]]
    for token in tokens:
        if token == b"(":
            stack.append([])
        elif token == b")":
            done = stack.pop()
            if len(stack) == 1:
                return done
            stack[-1].append(done)
        elif len(stack) > 1:
            stack[-1].append(token[0] if isinstance(token, tuple) else token)
        if not stack or len(stack) > _MAX_DEPTH:
            break
    raise ValueError("BODYSTRUCTURE cannot be read")


def _walk(node: list[Any], section: str, parent: str) -> Iterator[Part]:
    if node and isinstance(node[0], list):
        if section or parent:
            yield Part(section, "multipart", 0, parent)
        children = [child for child in node if isinstance(child, list)]
        for number, child in enumerate(_take_bodies(node, children), 1):
            yield from _walk(child, f"{section}.{number}" if section else str(number), section)
        return
    if len(node) < _MIN_PART_FIELDS:
        raise ValueError("BODYSTRUCTURE: a part has too few fields")
    kind = b"/".join(each for each in node[:2] if isinstance(each, bytes)).decode("latin-1").lower()
    size = int(node[6]) if isinstance(node[6], bytes) and node[6].isdigit() else 0
    yield Part(section or "1", kind, size, parent)


def _take_bodies(node: list[Any], children: list[list[Any]]) -> list[list[Any]]:
    """Return the parts of a multipart: the lists before its subtype."""
    first_word = next((n for n, each in enumerate(node) if not isinstance(each, list)), len(node))
    return children[:first_word]
