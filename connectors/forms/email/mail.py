"""A mail as it is on the wire (RFC 5322), and what of it is feedback."""

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

from connectors.forms.email.reply_parser import own_words, unwrapped
from connectors.sdk import plain_text

_LONGEST_ID: Final = 400
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply"})
_BOUNCERS: Final = frozenset({"mailer-daemon", "postmaster"})
_ANSWERS: Final = re.compile(
    r"\s*(?:re|fwd?|aw|wg|sv|vs|tr|rv|rif|antw|odp|ref|enc)\s?(?:\[\d+\])?\s?:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mail:
    """What of one mail matters here."""

    id: str
    """The Message-ID; where there is none, a hash of what says who sent what and when."""
    sender: str
    """The address in From, in small letters."""
    sent: datetime | None
    """The Date; None where there is none that can be read."""
    text: str
    """The subject in the first line, unless an earlier mail has chosen it, and the words."""
    is_bounce: bool
    """Whether it reports what became of another mail."""
    is_automatic: bool
    """Whether it says that a program sent it, or to many at once."""


def read_mail(raw: bytes) -> Mail:
    """A mail from its bytes, the end of which may be missing.

    Raises whatever the decoders raise for a broken one.
    """
    message = imap_tools.MailMessage.from_bytes(raw)
    headers = message.obj
    sender = parseaddr(_header(headers, "from"))[1].casefold()
    report = headers.get_content_type() == "multipart/report"
    words = own_words(_body(headers))
    return Mail(
        id=_id(headers),
        sender=sender,
        sent=_sent(headers),
        text="\n".join(part for part in (_subject(message), words) if part),
        is_bounce=report or sender.partition("@")[0] in _BOUNCERS,
        is_automatic=_is_automatic(headers),
    )


def _subject(message: imap_tools.MailMessage) -> str:
    try:
        subject = " ".join(message.subject.split())
    except (MessageError, ValueError):  # broken, and the words below matter more
        return ""
    return "" if _ANSWERS.match(subject) else subject


def _id(headers: Message) -> str:
    given = _header(headers, "message-id").strip("<> ")
    if 0 < len(given) <= _LONGEST_ID and not re.search(r"\s", given):
        return given
    said = [given, *(_header(headers, name) for name in ("date", "from", "subject"))]
    return "sha256:" + hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()


def _sent(headers: Message) -> datetime | None:
    try:
        sent = parsedate_to_datetime(_header(headers, "date"))
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_automatic(headers: Message) -> bool:
    """As RFC 3834 has it, and as Microsoft and mailing lists do."""
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
        if part.get_content_type() == "text/plain" and (text := _decoded(part)).strip():
            return unwrapped(text) if _flows(part) else text
    for part in _parts(message):
        if part.get_content_type() == "text/html" and (text := plain_text(_decoded(part))):
            return text
    return ""


def _parts(message: Message) -> Iterator[Message]:
    """The parts that are shown: neither attachments nor what is in them."""
    if message.is_multipart():
        if message.get_content_maintype() == "multipart":
            for part in message.get_payload():
                if isinstance(part, Message):
                    yield from _parts(part)
    elif not message.get_filename() and message.get_content_disposition() != "attachment":
        yield message


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return decode_value(payload, part.get_content_charset())
    except ValueError:  # of Python's codecs some are no charsets
        return payload.decode("utf-8", "ignore")


def _flows(part: Message) -> bool:
    return str(part.get_param("format", "")).casefold() == "flowed"
