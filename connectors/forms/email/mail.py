"""Messages as they are on the wire (RFC 5322), and their parts that are feedback."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Final

import imap_tools
from imap_tools.utils import decode_value

from connectors.forms.email.reply_parser import strip_quoted_text, unwrap_flowed
from connectors.sdk import plain_text

_MAX_ID_CHARACTERS: Final = 400
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})
_BOUNCERS: Final = frozenset({"mailer-daemon", "postmaster"})
_REPLY_PREFIX: Final = re.compile(
    r"\s*(?:re|fwd?|aw|wg|sv|vs|tr|rv|rif|antw|odp|ref|enc)\s?(?:\[\d+\])?\s?:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mail:
    """The relevant parts of a message."""

    id: str
    """The Message-ID, or a hash of Date, From and Subject if it is missing."""
    sender: str
    """The address in From, in lower case."""
    sent: datetime | None
    """The Date, if it is valid."""
    text: str
    """The subject, unless it is a reply's, and the sender's own text."""
    is_bounce: bool
    """True if it reports the delivery of another message."""
    is_automatic: bool
    """True if it is marked as automatic or bulk."""


def read_mail(raw: bytes) -> Mail:
    """Return a message from its bytes, which may be truncated.

    Raises any exception of the decoders for a malformed one.
    """
    message = imap_tools.MailMessage.from_bytes(raw)
    headers = message.obj
    sender = parseaddr(_header(headers, "from"))[1].casefold()
    report = headers.get_content_type() == "multipart/report"
    words = strip_quoted_text(_body(headers))
    return Mail(
        id=_id(headers),
        sender=sender,
        sent=_parse_date(headers),
        text="\n".join(part for part in (_subject(message), words) if part),
        is_bounce=report or sender.partition("@")[0] in _BOUNCERS,
        is_automatic=_is_automatic(headers),
    )


def _subject(message: imap_tools.MailMessage) -> str:
    try:
        subject = " ".join(message.subject.split())
    except (MessageError, ValueError):  # malformed, and the body matters more
        return ""
    return "" if _REPLY_PREFIX.match(subject) else subject


def _id(headers: Message) -> str:
    message_id = _header(headers, "message-id").strip("<> ")
    if 0 < len(message_id) <= _MAX_ID_CHARACTERS and not re.search(r"\s", message_id):
        return message_id
    parts = [message_id, *(_header(headers, name) for name in ("date", "from", "subject"))]
    return "sha256:" + hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def _parse_date(headers: Message) -> datetime | None:
    try:
        sent = parsedate_to_datetime(_header(headers, "date"))
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_automatic(headers: Message) -> bool:
    """Return True for the marks of RFC 3834, Microsoft and mailing lists."""
    submitted = _header(headers, "auto-submitted").partition(";")[0].casefold()
    return (
        submitted.strip() not in {"", "no"}
        or _header(headers, "precedence").casefold() in _BULK
        or bool(_header(headers, "x-auto-response-suppress") or _header(headers, "list-id"))
        or _header(headers, "return-path") == "<>"
    )


def _header(headers: Message, name: str) -> str:
    return str(headers.get(name, "")).strip()


def _body(message: Message) -> str:
    for part in _parts(message):
        if part.get_content_type() == "text/plain" and (text := _decode(part)).strip():
            return unwrap_flowed(text) if _is_flowed(part) else text
    for part in _parts(message):
        if part.get_content_type() == "text/html" and (text := plain_text(_decode(part))):
            return text
    return ""


def _parts(message: Message) -> Iterator[Message]:
    """Yield the parts that are displayed, without attachments and their parts."""
    if message.is_multipart():
        if message.get_content_maintype() == "multipart":
            for part in message.get_payload():
                if isinstance(part, Message):
                    yield from _parts(part)
    elif not message.get_filename() and message.get_content_disposition() != "attachment":
        yield message


def _decode(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return decode_value(payload, part.get_content_charset())
    except ValueError:  # some of Python's codecs are not charsets
        return payload.decode("utf-8", "ignore")


def _is_flowed(part: Message) -> bool:
    return str(part.get_param("format", "")).casefold() == "flowed"
