"""Messages from a mailbox, without the attachments of large ones.

A small message is fetched whole. Of a larger one, the server says which parts it has, and only
those that can hold the writer's words are fetched; the others stand empty in the message that is
put together here. So a picture of any size does not hide the words below it.
"""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from typing import Any, Final

import imap_tools

from connectors.forms.email.body_structure import Part, parse_structure
from connectors.sdk import Retry, from_unix

_MAX_WHOLE_BYTES: Final = 1_000_000
_MAX_TEXT_BYTES: Final = 2_000_000
_MAX_READ_BYTES: Final = 10_000_000
_MAX_HEADER_BYTES: Final = 256_000
_MAX_PARTS: Final = 400
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_SECTION: Final = re.compile(rb"BODY\[([\w.]*)\](?:<\d+>)? \{\d+\}\s*$")
_QUOTED: Final = re.compile(rb'BODY\[([\w.]*)\](?:<\d+>)? "((?:[^"\\]|\\.)*+)"')
_READ: Final = (
    "text/",
    "message/rfc822",
    "message/global",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
)

Response = Sequence[Any]


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One message as it was fetched."""

    uid: int | None
    arrived: datetime | None
    raw: bytes
    is_cut: bool = False
    """True if words may be missing because the message is too large."""


def fetch_mails(mailbox: imap_tools.BaseMailBox, first: int, last: int) -> Iterator[FetchedMail]:
    """Yield the messages with these UIDs. Raises ``Retry`` and the errors of imaplib."""
    lines = _fetch(mailbox, f"{first}:{last}", "(UID RFC822.SIZE)")
    sizes = {}
    for line in (part[0] if isinstance(part, tuple) else part for part in lines):
        number, size = _UID.search(line), _SIZE.search(line)
        if number and size and first <= int(number[1]) <= last:
            sizes[int(number[1])] = int(size[1])
    small = [uid for uid, size in sizes.items() if size <= _MAX_WHOLE_BYTES]
    whole = {mail.uid: mail for mail in _fetch_whole(mailbox, small)}
    for uid in sorted(sizes):
        if uid in whole:
            yield whole[uid]
        elif uid not in small:
            yield from _fetch_large(mailbox, uid)


def _fetch(mailbox: imap_tools.BaseMailBox, uids: str, what: str) -> Response:
    status, response = mailbox.client.uid("FETCH", uids, what)
    if status != "OK":
        raise Retry(f"reading mail: FETCH returned {status}")
    return [part for part in response if part is not None]


def _fetch_whole(mailbox: imap_tools.BaseMailBox, uids: list[int]) -> Iterator[FetchedMail]:
    if uids:
        uid_set = ",".join(map(str, uids))
        yield from _parse_mails(_fetch(mailbox, uid_set, "(UID INTERNALDATE BODY.PEEK[])"))


def _parse_mails(response: Response) -> Iterator[FetchedMail]:
    """Yield the messages of a FETCH; other parts belong to the literal before, or are events."""
    for part, after in zip(response, [*response[1:], b""], strict=True):
        if isinstance(part, tuple):
            header = part[0] + (after if isinstance(after, bytes) and after[:1] in b" )" else b"")
            uid = _UID.search(header)
            yield FetchedMail(int(uid[1]) if uid else None, _parse_arrival(header), part[1])


def _parse_arrival(header: bytes) -> datetime | None:
    arrived = imaplib.Internaldate2tuple(header)
    return from_unix(time.mktime(arrived)) if arrived else None


def _fetch_large(mailbox: imap_tools.BaseMailBox, uid: int) -> Iterator[FetchedMail]:
    response = _fetch(mailbox, str(uid), "(UID INTERNALDATE BODYSTRUCTURE)")
    if not response:  # deleted in the meantime
        return
    texts = [part[0] if isinstance(part, tuple) else part for part in response]
    arrived = next((moment for text in texts if (moment := _parse_arrival(text))), None)
    try:
        parts = parse_structure(response)
        if len(parts) > _MAX_PARTS:
            raise ValueError("too many parts")
        plan = [part for part in parts if not part.is_container]
        wanted = _select_parts(plan)
        sections = _fetch_sections(mailbox, uid, parts, wanted)
        raw = _assemble(sections, parts)
    except (ValueError, LookupError, TypeError, RecursionError):  # headers can be malformed
        pieces = _fetch(mailbox, str(uid), f"(UID BODY.PEEK[]<0.{_MAX_WHOLE_BYTES}>)")
        raw = b"".join(part[1] for part in pieces if isinstance(part, tuple))
        yield FetchedMail(uid, arrived, raw, is_cut=True)
        return
    is_cut = any(_may_hold_words(part) and part.size > wanted.get(part.section, 0) for part in plan)
    yield FetchedMail(uid, arrived, raw, is_cut)


def _may_hold_words(part: Part) -> bool:
    return part.kind.startswith(_READ)


def _select_parts(parts: Sequence[Part]) -> dict[str, int]:
    """Return the sections to fetch, and how many bytes of each."""
    wanted: dict[str, int] = {}
    rest = _MAX_READ_BYTES
    for part in parts:
        if _may_hold_words(part):
            is_text = part.kind.startswith("text/")
            size = min(part.size, _MAX_TEXT_BYTES) if is_text else part.size
            if size <= rest:
                wanted[part.section] = size
                rest -= size
    return wanted


def _fetch_sections(
    mailbox: imap_tools.BaseMailBox, uid: int, parts: Sequence[Part], wanted: dict[str, int]
) -> dict[str, bytes]:
    """Return the header, and the wanted bodies with their own headers, by section."""
    asked = [f"BODY.PEEK[HEADER]<0.{_MAX_HEADER_BYTES}>"]
    asked += [
        f"BODY.PEEK[{part.section}.MIME]<0.{_MAX_HEADER_BYTES}>"
        for part in parts
        if part.is_container or part.section in wanted
    ]
    asked += [f"BODY.PEEK[{section}]<0.{size}>" for section, size in wanted.items() if size]
    sections: dict[str, bytes] = {}
    for piece in _fetch(mailbox, str(uid), f"(UID {' '.join(asked)})"):
        text, literal = piece if isinstance(piece, tuple) else (piece, b"")
        sections |= {
            match[1].decode().upper(): re.sub(rb"\\(.)", rb"\1", match[2])
            for match in _QUOTED.finditer(text)
        }
        if match := _SECTION.search(text):
            sections[match[1].decode().upper()] = literal
    if any(size and section not in sections for section, size in wanted.items()):
        raise ValueError("a part is missing")
    return sections


def _assemble(sections: dict[str, bytes], parts: Sequence[Part]) -> bytes:
    """Return a message of these sections; the bodies that are absent are empty.

    Raises ``ValueError`` if the header does not fit the structure.
    """
    children: dict[str, list[Part]] = {}
    for part in parts:
        children.setdefault(part.parent, []).append(part)

    def build(header: bytes, section: str) -> bytes:
        boundary = message_from_bytes(header).get_boundary()
        if boundary is None:
            raise ValueError("a multipart without a boundary")
        edge = b"--" + boundary.encode("ascii", "surrogateescape")
        pieces = [header]
        for part in children.get(section, ()):
            kind = f"Content-Type: {part.kind}\r\n\r\n".encode()
            own = sections.get(f"{part.section}.MIME", kind)
            if part.is_container:
                pieces += (edge, b"\r\n", build(own, part.section), b"\r\n")
            else:
                pieces += (edge, b"\r\n", own, sections.get(part.section, b""), b"\r\n")
        return b"".join([*pieces, edge, b"--\r\n"])

    top = sections.get("HEADER", b"")
    if message_from_bytes(top).get_content_maintype() == "multipart":
        return build(top, "")
    return top + sections.get("1", b"")
