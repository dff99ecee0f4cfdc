"""Header fields of a message, of which any may be malformed: what cannot be read is absent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final, NamedTuple

from connectors.forms.email.charsets import decode_bytes
from schemas.feedback import EARLIEST_YEAR

MAX_VALUE_CHARACTERS: Final = 10_000
_ENCODED_CHARSET: Final = re.compile(
    r"=\?([\w.:+-]{1,40})(?:\*[\w-]{1,20})?\?[bq]\?", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@[^\s@<>,;:\"()\[\]]{1,255}")
_TAG: Final = re.compile(
    r"\s*(?:[\[({](?:e-?mail )?(?:external?|extern[aeo]?|ext|outside|spam\??|suspected spam"
    r"|warning)"
    r"(?: (?:e-?mail|sender|message))?[\])}]|\*{2,}\s?(?:external?|extern|spam)\s?\*{2,}"
    r"|(?:external|extern):\s)\s*",
    re.IGNORECASE,
)
_REPLY: Final = re.compile(
    r"\s*(?:re|aw|sv|vs|antw(?:oord|ort)?|odp(?:ověď|owiedź)?|r[ée]p|réf|rif|r|res(?:p|posta)?"
    r"|respuesta|risposta|ynt|yanıt|cevap|odgovor|vá|válasz|απ|ατ|bls|ответ|ответить|відп|svar|ateb"
    r"|atb|回复|回覆|答复|返信|회신|답장|תשובה|הנ|השב|رد|ตอบ|trả lời)\.?\s?"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?[:：]",
    re.IGNORECASE,
)
_FORWARD: Final = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|i|enc|vb|vl|pd|fs|doorst|továbbítás|πρθ|προωθ|trs|i̇lt|ilt|пересл|вiдп"
    r"|videresendt|ymlaen|转发|轉寄|転送|전달|הועבר|إعادة توجيه)\.?\s?(?:\[\d{1,3}\])?\s?[:：]",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"\s*(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d")
_LABEL: Final = re.compile(r"\s*\[[^\[\]]{1,60}\]")
"""What helpdesks and lists write in front of the prefix of a reply."""
_MONTH: Final = timedelta(days=31)
_YEAR: Final = timedelta(days=366)
_DAY: Final = timedelta(days=1)


class Subject(NamedTuple):
    """A subject without the tags of servers and the prefixes of replies and forwards."""

    text: str
    is_reply: bool
    is_forward: bool
    may_forward: bool = False
    """True for a reply whose prefix means a forward in another language."""


def read_header(message: Message, name: str) -> str:
    """Return the first value of a header field, decoded, on one line; empty if absent."""
    return next(iter(read_headers(message, name)), "")


def read_headers(message: Message, name: str) -> list[str]:
    """Return all values of a header field, decoded, each on one line."""
    return [
        " ".join(_decode_value(str(value)).split())
        for field, value in message.raw_items()
        if field.casefold() == name
    ]


def header_charsets(message: Message) -> list[str]:
    """Return the charsets of the encoded words in a message's header."""
    fields = {"subject", "from", "to", "reply-to"}
    values = (str(value) for name, value in message.raw_items() if name.casefold() in fields)
    charsets = (_ENCODED_CHARSET.findall(value[:MAX_VALUE_CHARACTERS]) for value in values)
    return list(dict.fromkeys(charset for names in charsets for charset in names))


def read_address(message: Message, name: str) -> tuple[str, str]:
    """Return the name and the address, in lower case, of the first person in a header field."""
    return next(iter(read_addresses(message, name)), ("", ""))


def read_addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Return the names and the addresses, in lower case, of the people in a header field."""
    value = next((v for field, v in message.raw_items() if field.casefold() == name), "")
    value = str(value)[:MAX_VALUE_CHARACTERS]
    if not value.isascii():
        value = _decode_raw(value)
    try:
        pairs = getaddresses([" ".join(value.split())])
    except (ValueError, IndexError, RecursionError):  # comments in comments, and other damage
        pairs = []
    if not any("@" in address for _, address in pairs):
        match = _ADDRESS.search(_decode_value(value))
        person, address = next(iter(pairs), ("", ""))
        pairs = [(person, match[0] if match else address)]
    people = [pair for pair in pairs if "@" in pair[1]] or pairs
    return [
        (" ".join(_decode_value(person).split()), address.casefold()) for person, address in people
    ]


def find_address(text: str) -> str:
    """Return the first e-mail address in a text, in lower case; empty if it has none."""
    match = _ADDRESS.search(text)
    return match[0].strip(".'").casefold() if match else ""


def strip_tags(text: str) -> str:
    """Return a subject without the tags of servers in front of it."""
    while match := _TAG.match(text):
        text = text[match.end() :]
    return text


def parse_subject(text: str) -> Subject:
    """Return the parts of a subject; of several prefixes, the first says what the message is."""
    text = text[:MAX_VALUE_CHARACTERS]
    is_reply = is_forward = may_forward = False
    while True:
        label = _LABEL.match(text)
        if label and (_REPLY.match(text, label.end()) or _FORWARD.match(text, label.end())):
            text = text[label.end() :]
        elif tag := _TAG.match(text):
            text = text[tag.end() :]
        elif reply := _REPLY.match(text):
            may_forward |= not is_reply and reply[0].strip().casefold().startswith("vs")
            is_reply |= not is_forward
            text = text[reply.end() :]
        elif forward := _FORWARD.match(text):
            is_forward |= not is_reply
            text = text[forward.end() :]
        else:
            return Subject(text.strip(), is_reply, is_forward, may_forward)


def parse_date(value: str) -> datetime | None:
    """Return a date of RFC 5322 in UTC; None if it cannot be read."""
    try:
        sent = _parse_any(value)
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _parse_any(value: str) -> datetime:
    """Return a date of RFC 5322, or of ISO 8601, which scripts write."""
    if _ISO.match(value):
        return datetime.fromisoformat(value.strip().replace(" +", "+").replace(" -", "-"))
    return parsedate_to_datetime(value)


def read_arrival(message: Message, stored: datetime) -> tuple[datetime, bool]:
    """Return when a message came, and True if its own trace says so.

    The top Received field is written by the server that took the message in, so it stays true if
    the message is copied to another mailbox, whose time of storing is then that of the copy.
    """
    trace = read_header(message, "received").rpartition(";")[2]
    received = parse_date(trace) if trace else None
    if received is not None and received.year >= EARLIEST_YEAR and received < stored + _DAY:
        return received, True
    return stored, False


def select_time(message: Message, stored: datetime) -> tuple[datetime, bool]:
    """Return when a message was sent, and True if that is its arrival: its Date is implausible.

    A message takes days at most, so a Date that is a month from the arrival comes from a clock
    that is off. Without a trace the arrival may be that of a copy, and a year is allowed.
    """
    arrived, is_traced = read_arrival(message, stored)
    sent = parse_date(read_header(message, "date"))
    age = _MONTH if is_traced else _YEAR
    is_plausible = (
        sent is not None
        and sent.year >= EARLIEST_YEAR
        and arrived - age < sent < min(arrived, stored) + _DAY
    )
    return (sent, False) if sent is not None and is_plausible else (arrived, True)


def _decode_value(value: str) -> str:
    value = value[:MAX_VALUE_CHARACTERS]
    if not value.isascii():
        return _decode_raw(value)
    try:
        chunks = decode_header(value)
    except (MessageError, ValueError):  # malformed, and the body matters more
        return ""
    return "".join(
        chunk if isinstance(chunk, str) else decode_bytes(chunk, charset or "ascii").text
        for chunk, charset in chunks
    )


def _decode_raw(value: str) -> str:
    """Return a value with bytes above ASCII, which the parser keeps as surrogates."""
    return decode_bytes(value.encode("utf-8", "surrogateescape"), "").text
