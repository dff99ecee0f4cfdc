"""The parts of a message: its text in the order in which it is displayed, and what else it has."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from asn1crypto import cms

from connectors.forms.email.alternatives import choose_alternative
from connectors.forms.email.charsets import decode_bytes
from connectors.forms.email.encoded_blocks import remove_encoded_blocks
from connectors.forms.email.enriched import read_enriched
from connectors.forms.email.hebrew import is_visual_hebrew, to_logical_order
from connectors.forms.email.html_quotes import read_html
from connectors.forms.email.lines import Line, Mark, count_line_letters
from connectors.forms.email.reply_parser import split_lines, unwrap_flowed
from connectors.forms.email.transfer_encodings import decode_payload

MAX_BOUNDARIES: Final = 60
"""Of multiparts, each of which could be inside the one before."""
_MAX_COMPARISONS: Final = 3_000_000
_MAX_LINES: Final = 30_000
_MAX_DEPTH: Final = 60
_MAX_SIGNED: Final = 3
_MAX_PARTS: Final = 500
_MAX_TEXTS: Final = 100
_SIGNED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENRICHED: Final = frozenset({"text/enriched", "text/richtext"})
_TEXTS: Final = frozenset({"text/plain", "text/markdown", "plain/text"}) | _ENRICHED
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_MESSAGE_FILE: Final = ".eml"
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
    hidden: int = 0
    """Letters that the sender's program hides, such as a preview of the text."""
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
    lines = reader.read(message, 0)
    shown = [line for line in lines if line.mark is not Mark.HIDDEN]
    if count_line_letters(shown):
        reader.body.hidden = count_line_letters(lines) - count_line_letters(shown)
        lines = shown
    reader.body.lines = lines
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
        file_name = (part.get_filename() or "").casefold()
        if kind in _SIGNED or file_name.endswith(".p7m"):
            return self._read_signed(part, depth)
        is_message = kind in _MESSAGES or file_name.endswith(_MESSAGE_FILE)
        if is_message and (inner := _read_message(part)) is not None:
            self.body.forwarded.append(inner)
            self.body.attachments.append("message/rfc822")
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
        chosen, other_text = choose_alternative(alternatives)
        self.body.other_text += other_text
        return chosen

    def _read_signed(self, part: Message, depth: int) -> list[Line]:
        """Return the text of an opaque S/MIME message, which is readable if it is only signed."""
        payload = decode_payload(part)
        content = _read_signed_content(payload) if payload is not None else None
        self._signed += 1
        if content is None or self._signed > _MAX_SIGNED:
            self.body.is_encrypted = True
            return []
        return self.read(parse_message(content), depth + 1)

    def _read_text(self, part: Message) -> list[Line]:
        lines = self._decode(part, is_html=part.get_content_type() in _HTML)
        if part.get_content_disposition() == "attachment":
            self.body.attachments.append(part.get_content_type())
            self.body.attached_texts.append(lines)
            return []
        return lines

    def _decode(self, part: Message, *, is_html: bool) -> list[Line]:
        payload = decode_payload(part)
        if payload is None:
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
        lines = self._read_decoded(part, decoded.text, is_html=is_html)
        if is_visual_hebrew(line.text for line in lines):
            self.body.charsets.append("iso-8859-8 (visual)")
            lines = [line._replace(text=to_logical_order(line.text)) for line in lines]
        return lines

    def _read_decoded(self, part: Message, text: str, *, is_html: bool) -> list[Line]:
        if is_html:
            return read_html(text)
        if part.get_content_type() in _ENRICHED:
            return split_lines(read_enriched(text))
        plain = remove_encoded_blocks(text)
        self.body.is_encrypted |= plain.is_encrypted
        self.body.attachments += plain.attachments
        text = plain.text
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


def _read_message(part: Message) -> Message | None:
    """Return an attached message, which may be encoded although the standard forbids it."""
    if not part.is_multipart():
        payload = decode_payload(part)
        inner = parse_message(payload) if payload else None
    else:
        child = part.get_payload(0)
        inner = child if isinstance(child, Message) else None
        if inner is not None and not inner.keys() and not inner.is_multipart():
            inner["Content-Transfer-Encoding"] = str(part.get("content-transfer-encoding", ""))
            inner = parse_message(decode_payload(inner) or b"")
    return inner if inner is not None and inner.keys() else None
