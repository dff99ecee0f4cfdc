"""Messages that no person wrote, by the marks of the standards that programs set.

RFC 3834 (Auto-Submitted), RFC 3464 (delivery reports), RFC 5546 (answers to invitations), RFC 2919
and 2369 (lists). No rule is one that a person's message can meet: X-Auto-Response-Suppress, for
one, asks that nothing be answered automatically, and does not say who wrote.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from email.message import Message
from enum import StrEnum
from typing import Final

from connectors.forms.email.automatic_subjects import (
    is_absence,
    is_failure,
    is_receipt,
    is_response,
)
from connectors.forms.email.headers import (
    find_address,
    read_address,
    read_header,
    read_headers,
    strip_tags,
)

_RESPONDER_FIELD: Final = re.compile(
    r"x-(?:mail-)?auto-?(?:repl(?:y|ied)|respond(?:er)?|generated)(?:-\w+)*|x-auto-?response"
    r"|x-vacation"
)
_RESPONDER: Final = re.compile(r"\b(?:auto-?respond(?:er)?|vacation)\b", re.IGNORECASE)
_PROGRAM_FIELDS: Final = ("x-mailer", "user-agent", "x-post-messageclass")
_AUTOMATIC: Final = frozenset(
    {"auto_reply", "auto-reply", "autoreply", "auto_replied", "auto-replied", "auto-generated"}
)
_CONTENT_CLASS: Final = "urn:content-classes:"
_PROGRAM_CLASSES: Final = frozenset({"calendarmessage", "mdn", "dsn", "recallmessage"})
"""Content classes of Exchange for what its programs write."""
_COMMENT: Final = re.compile(r"\([^()]*\)")
_CAMPAIGN_FIELDS: Final = ("x-csa-complaints", "x-campaign", "x-campaign-id", "x-campaignid")
"""Fields that only senders of newsletters set."""
_VIA: Final = re.compile(r"\w['\"]? via \w")
"""The author of a message that a list sends in its own name: "Jo Bloggs via Complaints"."""
_BULK: Final = frozenset({"bulk", "junk", "list"})
_REPORTS: Final = ("multipart/report", "message/delivery-status")
_SCHEDULING: Final = frozenset(
    {"request", "reply", "cancel", "counter", "declinecounter", "refresh", "add"}
)
_METHOD: Final = re.compile(rb"^METHOD:([A-Za-z]{3,20})\s*$", re.MULTILINE)
_CALENDAR_BYTES: Final = 4_000
_EXCHANGE: Final = re.compile(r"microsoftexchange[0-9a-f]{32}")


class Origin(StrEnum):
    """The kind of author of a message."""

    PERSON = "a person"
    BOUNCE = "a bounce"
    AUTOMATIC = "automatic"
    BULK = "bulk mail"


def classify_origin(message: Message, own_lists: Collection[str], own: Collection[str]) -> Origin:
    """Return who or what wrote a message.

    ``own_lists`` are the ids, addresses or domains of lists by which people write to the mailbox;
    ``own`` the domains of the mailbox itself.
    """
    if _is_bounce(message):
        return Origin.BOUNCE
    if _is_response(message) or _is_scheduling(message):
        return Origin.AUTOMATIC
    return Origin.BULK if _is_bulk(message, own_lists, own) else Origin.PERSON


def displayed_parts(message: Message) -> Iterator[Message]:
    """Yield the leaves that are not attached, and not inside an attached message."""
    pending = [message]
    while pending:
        part = pending.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            children = [each for each in part.get_payload() if isinstance(each, Message)]
            pending += reversed(children)
        elif part.get_content_disposition() != "attachment":
            yield part


def _is_bounce(message: Message) -> bool:
    types = {part.get_content_type() for part in displayed_parts(message)}
    if message.get_content_type() in _REPORTS or types & {*_REPORTS}:
        return True
    if read_header(message, "x-failed-recipients"):
        return True
    name, address = read_address(message, "from")
    account = (address or name).casefold().partition("@")[0].strip()
    subject = read_header(message, "subject")
    if _EXCHANGE.fullmatch(account):
        return True
    is_nameless = account == "postmaster" or "@" not in address
    return account == "mailer-daemon" or (is_nameless and is_failure(subject))


def _is_response(message: Message) -> bool:
    submitted = _COMMENT.sub("", read_header(message, "auto-submitted")).partition(";")[0]
    if submitted.strip().casefold() not in {"", "no"}:
        return True
    if read_header(message, "precedence").casefold() in _AUTOMATIC:
        return True
    if re.fullmatch(r"<\s*>", read_header(message, "return-path")):
        return True
    return _names_responder(message) or _has_response_subject(message)


def _names_responder(message: Message) -> bool:
    """Return True if a field of a program that answers by itself is set."""
    names = {name.casefold() for name in message if _RESPONDER_FIELD.fullmatch(name.lower())}
    if any(read_header(message, name).casefold() not in {"", "no"} for name in names):
        return True
    if read_header(message, "delivered-to").casefold() == "autoresponder":
        return True
    content_class = read_header(message, "content-class").casefold()
    if content_class.removeprefix(_CONTENT_CLASS) in _PROGRAM_CLASSES:
        return True
    return any(_RESPONDER.search(read_header(message, name)) for name in _PROGRAM_FIELDS)


def _has_response_subject(message: Message) -> bool:
    """Return True for a subject that servers write, if need be confirmed by other fields."""
    subject = strip_tags(read_header(message, "subject"))
    is_answer = any(read_header(message, name) for name in ("in-reply-to", "references"))
    suppresses = bool(read_header(message, "x-auto-response-suppress"))
    return (
        is_response(subject)
        or (is_absence(subject) and (is_answer or suppresses))
        or (is_receipt(subject) and is_answer)
    )


def _is_scheduling(message: Message) -> bool:
    """Return True for an invitation or its answer; an attached calendar is a person's."""
    for part in displayed_parts(message):
        if part.get_content_type() in {"text/calendar", "application/ics"}:
            method = str(part.get_param("method") or "")
            if not method:
                body = part.get_payload(decode=True)
                match = _METHOD.search(body[:_CALENDAR_BYTES]) if isinstance(body, bytes) else None
                method = match[1].decode() if match else ""
            return method.casefold() in _SCHEDULING
    return False


def _is_bulk(message: Message, own_lists: Collection[str], own: Collection[str]) -> bool:
    marked = (
        read_header(message, "precedence").casefold() in _BULK
        or read_header(message, "list-id")
        or read_header(message, "list-unsubscribe")
        or any(read_header(message, name) for name in _CAMPAIGN_FIELDS)
    )
    return bool(marked) and not _is_by_own_list(message, own_lists, own)


def _is_by_own_list(message: Message, own_lists: Collection[str], own: Collection[str]) -> bool:
    """Return True if a list brought it that passes on what people write to the mailbox.

    That is one that the settings name, or one of the mailbox's own domain if the author is not of
    that domain: an organization's newsletter is written by itself.
    """
    names = set(_list_names(message))
    if names & {entry.strip().strip("<>").casefold() for entry in own_lists}:
        return True
    if not any(_is_within(name, own) for name in names):
        return False
    fields = ("x-original-sender", "x-original-from", "from", "reply-to")
    authors = [find_address(read_header(message, field)) for field in fields]
    person, address = read_address(message, "from")
    is_in_its_name = address in names and _VIA.search(person) is not None
    return is_in_its_name or any(author and not _is_within(author, own) for author in authors)


def _list_names(message: Message) -> Iterable[str]:
    """Yield the ids and addresses of the lists that brought a message, and their domains."""
    for value in read_headers(message, "list-id"):
        match = re.search(r"<([^<>]{1,255})>", value)
        name = (match[1] if match else value).strip().casefold()
        yield from (name, name.partition(".")[2], name.replace(".", "@", 1))
    for field in ("list-post", "list-unsubscribe", "mailing-list"):
        for value in read_headers(message, field):
            if address := find_address(value.replace("mailto:", " ")):
                yield from (address, address.rpartition("@")[2])


def _is_within(name: str, domains: Collection[str]) -> bool:
    name = name.rpartition("@")[2]
    return any(name == domain or name.endswith("." + domain) for domain in domains if domain)
