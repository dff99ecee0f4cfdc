"""Messages as they are on the wire (RFC 5322), and their parts that are feedback."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.forms.email.automatic import Origin, classify_origin
from connectors.forms.email.forwards import Forward, find_forward
from connectors.forms.email.headers import (
    Subject,
    header_charsets,
    parse_subject,
    read_address,
    read_addresses,
    read_header,
    select_time,
)
from connectors.forms.email.lines import Line, count_letters
from connectors.forms.email.mailing_lists import mark_list_footer, read_list_addresses
from connectors.forms.email.parts import Body, parse_message, read_body
from connectors.forms.email.quote_heads import Thread
from connectors.forms.email.reply_parser import OwnText, extract_own_text
from schemas.feedback import EARLIEST_YEAR

_DAY: Final = timedelta(days=1)
_MAX_NAMED_TYPES: Final = 10
_AUTHOR_FIELDS: Final = ("reply-to", "x-original-sender", "x-original-from")
_NOTE: Final = "note"
_ALTERNATIVE: Final = "alternative"
_HEAD: Final = "head"
_HIDDEN: Final = "hidden"
_SUBJECT: Final = "subject"


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings with which messages to a mailbox are read."""

    ours: Collection[str] = ()
    """Domains and addresses of the organization, in lower case."""
    own_lists: Collection[str] = ()
    boilerplate: Sequence[str] = ()
    mailbox: str = ""
    """The mailbox's own address, if known."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The relevant parts of a message."""

    identity: str
    """Of this message alone: what it was given as an id, with a hash of its words. Personal."""
    author: str
    """The address, or the name if there is none, of who wrote the words."""
    sent: datetime
    text: str
    """The subject, unless it is a reply's, and the author's own text."""
    origin: Origin
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was guessed or left out."""
    is_encrypted: bool = False
    attachments: Sequence[str] = ()
    """Types of the parts that are not displayed as text."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    unread_forwards: int = 0
    """Messages of people in this one that were not read, although its own sender wrote none."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a message, and who wrote them."""

    own: OwnText
    subject: Subject
    author: str
    sent: datetime | None = None
    """None if they were written when the message was sent."""
    is_forwarded: bool = False
    unread_forwards: int = 0


def read_mail(raw: bytes, stored: datetime, reading: Reading = Reading()) -> Mail:
    """Return a message from its bytes. ``stored`` is when the server received it.

    Raises any exception of the decoders for a malformed one.
    """
    message = parse_message(raw)
    addressed = [read_address(message, name)[1] for name in ("delivered-to", "to")]
    body = read_body(message, header_charsets(message))
    words = _read_words(message, body, reading)
    sent, is_arrival = select_time(message, stored)
    dated_by = "arrival" if is_arrival else ""
    if words.sent is not None and words.sent < sent + _DAY:
        sent, dated_by = words.sent, ""
    elif words.is_forwarded:
        dated_by = dated_by or "forward"
    return Mail(
        identity=_identify(message, body, stored),
        author=words.author,
        sent=sent,
        text=_join(words),
        origin=classify_origin(
            message, reading.own_lists, _domains(reading.mailbox, *reading.ours, *addressed)
        ),
        notes=_list_notes(words, body, dated_by),
        is_encrypted=body.is_encrypted,
        attachments=body.attachments,
        left_out=words.own.left_out,
        unread_forwards=0 if words.is_forwarded else words.unread_forwards,
    )


def is_ours(address: str, ours: Collection[str]) -> bool:
    """Return True if an address, or its domain, is one of the organization's."""
    return bool(address) and bool({address, address.rpartition("@")[2]} & set(ours))


def _domains(*addresses: str) -> set[str]:
    domains = {address.rpartition("@")[2] for address in addresses}
    return {domain for domain in domains if "." in domain}


def _read_words(message: Message, body: Body, reading: Reading) -> _Words:
    """Return the words of the person who gives the feedback, who may have been forwarded."""
    subject = parse_subject(read_header(message, "subject"))
    author = _read_author(message, reading)
    has_parent = bool(read_header(message, "in-reply-to") or read_header(message, "references"))

    def is_own(address: str) -> bool:
        return is_ours(address, {*reading.ours, reading.mailbox})

    if subject.may_forward and is_own(author):
        subject = subject._replace(is_reply=False, is_forward=True)
    thread = Thread(subject.is_reply or has_parent, subject.is_forward, subject.text, author)
    lines = mark_list_footer(body.lines, message)
    forward = find_forward(lines, thread, _zone(message), is_own)
    if forward is not None:
        return _read_forward(forward, reading, is_own(author))
    own = extract_own_text(lines, thread, reading.boilerplate)
    people = _select_people(body.forwarded, reading)
    if len(people) == 1 and (not own.text or is_own(author)):
        attached = _read_attached(people[0], reading)
        if attached.own.text:
            note = {_NOTE: count_letters(own.text)}
            left_out = _sum(attached.own.left_out, own.left_out, note)
            return replace(attached, own=replace(attached.own, left_out=left_out))
    if not own.text and body.attached_texts:
        lines = [line for text in body.attached_texts for line in [*text, Line("")]]
        other = extract_own_text(lines, Thread(False, False, "", author))
        own = OwnText(other.text, _sum(own.left_out, other.left_out))
    unread = len(people) if body.forwarded else int(subject.is_forward)
    return _Words(own, subject, author, unread_forwards=unread)


def _select_people(messages: Sequence[Message], reading: Reading) -> list[Message]:
    """Return the messages that a person wrote."""
    own = _domains(reading.mailbox, *reading.ours)
    return [
        message
        for message in messages
        if classify_origin(message, reading.own_lists, own) is Origin.PERSON
    ]


def _read_forward(forward: Forward, reading: Reading, by_us: bool) -> _Words:
    """Return the words of a forwarded message, below the note of a sender who is not one of us."""
    own = extract_own_text(forward.lines, forward.thread, reading.boilerplate)
    note = extract_own_text(forward.note, Thread(False, True, "", ""), reading.boilerplate)
    left_out = _sum(own.left_out, note.left_out, {_HEAD: forward.head})
    text = own.text
    if by_us and own.text:
        left_out = _sum(left_out, {_NOTE: count_letters(note.text)})
    elif note.text:
        text = f"{note.text}\n\n{own.text}".strip()
    subject = parse_subject(forward.subject)
    words = OwnText(text, left_out, own.may_quote)
    return _Words(words, subject, forward.author, forward.sent, True)


def _read_attached(inner: Message, reading: Reading) -> _Words:
    """Return the words of an attached message, with its own author and date."""
    words = _read_words(inner, read_body(inner, header_charsets(inner)), reading)
    return replace(words, sent=words.sent or _parse_sent(inner), is_forwarded=True)


def _parse_sent(message: Message) -> datetime | None:
    try:
        sent = parsedate_to_datetime(read_header(message, "date"))
    except (ValueError, TypeError):
        return None
    sent = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
    return sent.astimezone(UTC) if sent.year > EARLIEST_YEAR else None


def _zone(message: Message) -> tzinfo:
    """Return the zone of the sender's clock."""
    try:
        return parsedate_to_datetime(read_header(message, "date")).tzinfo or UTC
    except (ValueError, TypeError):
        return UTC


def _read_author(message: Message, reading: Reading) -> str:
    """Return who wrote a message: whom to reply to, if that is neither a list nor one of us.

    A list may put its own address into From; then the author is in one of the fields to which
    lists move it, or only the name is left.
    """
    lists = read_list_addresses(message)
    name, sender = read_address(message, "from")
    fields: tuple[str, ...] = _AUTHOR_FIELDS
    if sender in lists:
        fields, sender = (*_AUTHOR_FIELDS, "cc"), ""
    for field_name in fields:
        for _, address in read_addresses(message, field_name):
            if "@" in address and not is_ours(address, {*reading.ours, *lists, reading.mailbox}):
                return address
    return sender or name or read_address(message, "sender")[1]


def _identify(message: Message, body: Body, stored: datetime) -> str:
    """Return what tells a message from all others, wherever and whenever it is read.

    The same Message-ID with other words is another message: scripts repeat them, and who received
    a message knows its id. Without an id and a date, the time of arrival stands for them.
    """
    names = ("message-id", "date", "from", "subject")
    values = [read_header(message, name) for name in names]
    if not values[0] and not values[1]:
        values.append(stored.isoformat())
    digest = hashlib.sha256()
    for payload in body.payloads:
        digest.update(b"".join(payload.split()) + b"\0")
    return "\n".join([*values, digest.hexdigest()])


def _join(words: _Words) -> str:
    shown = words.subject.text if _shows_subject(words) else ""
    return "\n".join(part for part in (shown, words.own.text) if part)


def _shows_subject(words: _Words) -> bool:
    """Return True for a subject of the author's own."""
    return not words.subject.is_reply and not words.subject.is_forward


def _sum(*counts: Mapping[str, int]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {kind: letters for kind, letters in total.items() if letters}


def _list_notes(words: _Words, body: Body, dated_by: str) -> dict[str, str]:
    left_out = dict(words.own.left_out)
    left_out |= {
        kind: letters
        for kind, letters in (
            (_ALTERNATIVE, body.other_text),
            (_HIDDEN, body.hidden),
            (_SUBJECT, 0 if _shows_subject(words) else count_letters(words.subject.text)),
        )
        if letters
    }
    notes = {
        "left_out": ", ".join(f"{kind}: {n} letters" for kind, n in sorted(left_out.items())),
        "attachments": ", ".join(
            f"{n} {kind}" for kind, n in Counter(body.attachments).most_common(_MAX_NAMED_TYPES)
        ),
        "guessed_charset": ", ".join(sorted(set(body.charsets))),
        "dated_by": dated_by,
        "encrypted": "yes" if body.is_encrypted else "",
        "may_quote": "yes" if words.own.may_quote else "",
        "forwarded": "yes" if words.is_forwarded else "",
    }
    return {name: value for name, value in notes.items() if value}
