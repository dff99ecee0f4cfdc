"""Blocks in a plain text that hold no words: OpenPGP (RFC 9580), and files in uuencode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_BEGIN: Final = re.compile(r"-----BEGIN PGP ([A-Z ,/0-9]{3,40})-----\s*")
_ARMOR: Final = re.compile(r"[A-Za-z0-9+/=]{1,100}|[A-Z][A-Za-z]{2,20}: .{0,200}|")
_SIGNED: Final = "SIGNED MESSAGE"
_ENCRYPTED: Final = "MESSAGE"
_FILE: Final = re.compile(r"begin(?:-base64)? [0-7]{3,4} \S.{0,255}")
_FILE_LINE: Final = re.compile(r"[ -`]{1,90}|[a-z0-9+/=A-Z]{1,90}")
_UUENCODED: Final = "application/octet-stream"


@dataclass(slots=True)
class PlainText:
    """A text without the blocks that stood in it."""

    text: str
    is_encrypted: bool = False
    """True if a block was an encrypted message."""
    attachments: list[str] = field(default_factory=list)
    """Types of the files that stood in it."""


def remove_encoded_blocks(text: str) -> PlainText:
    """Return a text without signatures, keys, encrypted messages and files in its lines."""
    result = PlainText(text)
    if "-----BEGIN PGP " not in text and "begin" not in text:
        return result
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    is_signed = False
    number = 0
    while number < len(lines):
        line = lines[number]
        match = _BEGIN.fullmatch(line)
        if match and match[1] == _SIGNED:
            is_signed = True
            number = _skip_fields(lines, number + 1)
        elif match:
            is_signed = False
            result.is_encrypted |= match[1] == _ENCRYPTED
            number = _find_end(lines, number, f"-----END PGP {match[1]}-----", _ARMOR)
        elif (end := _find_file_end(lines, number)) is not None:
            result.attachments.append(_UUENCODED)
            number = end
        else:
            kept.append(line.removeprefix("- ") if is_signed else line)
            number += 1
    result.text = "\n".join(kept)
    return result


def _skip_fields(lines: Sequence[str], number: int) -> int:
    """Return the line below the header of a signed text, which ends in an empty line."""
    while number < len(lines) and re.match(r"[A-Z][A-Za-z]{2,20}: ", lines[number]):
        number += 1
    return number + 1 if number < len(lines) and not lines[number].strip() else number


def _find_end(lines: Sequence[str], number: int, end: str, inside: re.Pattern[str]) -> int:
    """Return the line after a block; what cannot stand in one ends it too."""
    number += 1
    while number < len(lines) and inside.fullmatch(lines[number].strip()):
        number += 1
    return number + 1 if number < len(lines) and lines[number].strip() == end else number


def _find_file_end(lines: Sequence[str], number: int) -> int | None:
    """Return the line after a file that begins at a line, None if none does."""
    if not _FILE.fullmatch(lines[number]):
        return None
    last = number + 1
    while last < len(lines) and lines[last] not in {"end", "===="}:
        if not _FILE_LINE.fullmatch(lines[last].rstrip("\r")):
            return None
        last += 1
    return last + 1 if last < len(lines) else None
