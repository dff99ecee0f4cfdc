"""The parts of a message: its text in the order in which it is displayed, and what else it has."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from asn1crypto import cms

from connectors.forms.email.charsets import decode_bytes
from connectors.forms.email.html_quotes import read_html
from connectors.forms.email.lines import Line, count_letters
from connectors.forms.email.reply_parser import split_lines, unwrap_flowed

MAX_BOUNDARIES: Final = 60
"""Of multiparts, each of which could be inside the one before."""
_MAX_COMPARISONS: Final = 3_000_000
_MAX_LINES: Final = 30_000
_MAX_DEPTH: Final = 60
_MAX_SIGNED: Final = 3
_MAX_PARTS: Final = 500
_MAX_TEXTS: Final = 100
_SIGNED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TEXTS: Final = frozenset({"text/plain", "text/enriched", "text/markdown", "plain/text"})
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_ARMOR: Final = "-----BEGIN PGP MESSAGE-----"
_IGNORED: Final = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
    | {"application/pgp-keys", "text/calendar", "text/x-vcard", "text/vcard", "text/x-amp-html"}
    | {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}
)
"""Parts that hold no words of the writer's."""
_META_CHARSET: Final = re.compile(
    rb"<meta[^<>]{0,200}?charset\s{0,5}=[\s\"']{0,5}([\w.:-]{1,40})", re.I
)
_TYPE: Final = re.compile(
    r"(?:application|audio|chemical|font|image|message|model|text|video)/[\w.+-]{1,80}"
)
_UNKNOWN_TYPE: Final = "application/octet-stream"
_GRAM: Final = 4
_MAX_COMPARED: Final = 100_000
_SHARED: Final = 0.5
_UNRELATED: Final = 0.2
"""Texts that share less have no words in common."""
_BOUNDARY: Final = re.compile(rb"boundary\s{0,9}\*?\d?\*?=", re.IGNORECASE)


class TooManyParts(ValueError):
    """The message has more parts than a person sends."""


class TooLong(ValueError):
    """The text has more lines than a person writes and quotes."""


@dataclass(slots=True)
class Body:
    """The content of a message."""

    lines: list[Line] = field(default_factory=list)
    charsets: list[str] = field(default_factory=list)
    """Those that were not declared."""
    attachments: list[str] = field(default_factory=list)
    """Types of the parts that are not displayed as text."""
    attached_texts: list[list[Line]] = field(default_factory=list)
    forwarded: list[Message] = field(default_factory=list)
    """Attached messages."""
    payloads: list[bytes] = field(default_factory=list)
    """The bytes of the text parts, as they were before any guess."""
    is_encrypted: bool = False
    other_text: int = 0
    """Letters of alternatives that were not chosen although they have other words."""


def parse_message(raw: bytes) -> Message:
    """Return a message from its bytes. Raises ``TooManyParts``."""
    boundaries = len(_BOUNDARY.findall(raw))
    if boundaries > MAX_BOUNDARIES or boundaries * raw.count(b"\n") > _MAX_COMPARISONS:
        raise TooManyParts  # each line would be compared with each boundary
    return email.message_from_bytes(raw)


def read_body(message: Message, hints: list[str]) -> Body:
    """Return the text of a message and what else it has; ``hints`` are charsets to try.

    Raises any exception of the decoders for a malformed message.
    """
    reader = _Reader(hints)
    reader.body.lines = reader.read(message, 0)
    if len(reader.body.lines) > _MAX_LINES:
        raise TooLong
    return reader.body


class _Reader:
    def __init__(self, hints: list[str]) -> None:
        self.body = Body()
        self._hints = hints
        self._signed = 0
        self._parts = 0

    def read(self, part: Message, depth: int, *, is_related: bool = False) -> list[Line]:
        """Return the lines of a part and of the parts in it."""
        self._parts += 1
        if depth > _MAX_DEPTH or self._parts > _MAX_PARTS:
            raise TooManyParts
        kind = part.get_content_type()
        if part.get_content_maintype() == "multipart":
            # without a boundary, the whole is text
            is_whole = part.is_multipart()
            return self._read_multipart(part, kind, depth) if is_whole else self._read_text(part)
        if kind in _SIGNED or (part.get_filename() or "").casefold().endswith(".p7m"):
            return self._read_signed(part, depth)
        if kind == "message/rfc822" and part.is_multipart():
            self._add_message(part)
        elif kind == "application/pgp-encrypted":
            self.body.is_encrypted = True
        elif kind in _IGNORED or (is_related and part.get_content_maintype() == "image"):
            pass
        elif kind in _TEXTS or kind in _HTML:
            return self._read_text(part)
        else:
            self.body.attachments.append(kind if _TYPE.fullmatch(kind) else _UNKNOWN_TYPE)
        return []

    def _read_multipart(self, part: Message, kind: str, depth: int) -> list[Line]:
        children = [each for each in part.get_payload() if isinstance(each, Message)]
        if kind == "multipart/alternative":
            return self._choose([self.read(child, depth + 1) for child in children])
        if kind == "multipart/encrypted":
            self.body.is_encrypted = True
        lines: list[Line] = []
        for number, child in enumerate(children):
            is_related = kind == "multipart/related" and number > 0
            read = self.read(child, depth + 1, is_related=is_related)
            lines += [Line(""), *read] if lines and read else read
        return lines

    def _choose(self, alternatives: list[list[Line]]) -> list[Line]:
        """Return the first alternative, which is plain, unless the last has other words.

        Then the first only says that the message is HTML, or is shortened.
        """
        filled = [lines for lines in alternatives if _count(lines)]
        if len(filled) < 2:
            return filled[0] if filled else []
        first, last = filled[0], filled[-1]
        share = _share(last, first)
        if share >= _SHARED:
            return first
        if _share(first, last) >= _SHARED:
            return last
        chosen, other = (last, first) if share < _UNRELATED else (first, last)
        self.body.other_text += _count(other)
        return chosen

    def _read_signed(self, part: Message, depth: int) -> list[Line]:
        """Return the text of an opaque S/MIME message, which is readable if it is only signed."""
        payload = part.get_payload(decode=True)
        content = _read_signed_content(payload) if isinstance(payload, bytes) else None
        self._signed += 1
        if content is None or self._signed > _MAX_SIGNED:
            self.body.is_encrypted = True
            return []
        return self.read(parse_message(content), depth + 1)

    def _add_message(self, part: Message) -> None:
        inner = part.get_payload(0)
        if isinstance(inner, Message):
            self.body.forwarded.append(inner)
        self.body.attachments.append("message/rfc822")

    def _read_text(self, part: Message) -> list[Line]:
        lines = self._decode(part, is_html=part.get_content_type() in _HTML)
        if part.get_content_disposition() == "attachment":
            self.body.attachments.append(part.get_content_type())
            self.body.attached_texts.append(lines)
            return []
        return lines

    def _decode(self, part: Message, *, is_html: bool) -> list[Line]:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return []
        self.body.payloads.append(payload)
        if len(self.body.payloads) > _MAX_TEXTS:
            raise TooManyParts
        label = part.get_content_charset() or ""
        hints = [*self._hints, *self.body.charsets[:1]]
        if is_html and (meta := _META_CHARSET.search(payload[:4_000])):
            hints = [meta[1].decode("ascii", "replace"), *hints]
        decoded = decode_bytes(payload, label, hints)
        if decoded.guessed:
            self.body.charsets.append(decoded.guessed)
        if is_html:
            return read_html(decoded.text)
        text = decoded.text
        if text.lstrip().startswith(_ARMOR):
            self.body.is_encrypted = True
            return []
        if _read_parameter(part, "format") == "flowed":
            text = unwrap_flowed(text, delete_space=_read_parameter(part, "delsp") == "yes")
        return split_lines(text)


def _read_parameter(part: Message, name: str) -> str:
    return str(part.get_param(name, "")).strip().casefold()


def _read_signed_content(payload: bytes) -> bytes | None:
    """Return the signed bytes of a CMS structure, None if it is encrypted or unreadable."""
    try:
        outer = cms.ContentInfo.load(payload)
        if outer["content_type"].native != "signed_data":
            return None
        content = outer["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return content if isinstance(content, bytes) else None


def _count(lines: list[Line]) -> int:
    return sum(count_letters(line.text) for line in lines)


def _share(lines: list[Line], others: list[Line]) -> float:
    """Return the share of a text's sequences of letters that another text has too."""
    mine, theirs = _grams(lines), _grams(others)
    return len(mine & theirs) / len(mine) if mine else 1.0


def _grams(lines: list[Line]) -> set[str]:
    text = "".join(filter(str.isalnum, "".join(line.text for line in lines).casefold()))
    text = text[:_MAX_COMPARED]
    return {text[start : start + _GRAM] for start in range(max(1, len(text) - _GRAM + 1))} - {""}
