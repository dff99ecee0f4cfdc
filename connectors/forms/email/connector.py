"""``email``: messages to a mailbox, read over IMAP (RFC 3501) without marking them as read."""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import imap_tools
import orjson
from pydantic import AwareDatetime, BaseModel, Field

from connectors.forms.email.mail import Mail, read_mail
from connectors.forms.email.mailbox import MailboxConfig, open_mailbox
from connectors.sdk import (
    BadRecord,
    Item,
    Misconfigured,
    Page,
    Polled,
    Retry,
    Skip,
    from_unix,
)
from schemas.feedback import EARLIEST_YEAR, Family, Feedback

_MAX_BYTES: Final = 1_000_000
_UID: Final = re.compile(rb"\bUID (\d+)")


class EmailConfig(MailboxConfig):
    """One folder of one mailbox, and which of its messages to exclude."""

    ours: tuple[str, ...] = Field(
        default=(),
        description="Domains and addresses whose messages are excluded, such as your own.",
    )
    keep_automatic: bool = Field(
        default=False,
        description="Include automatic and bulk messages, if a web form or a mailing list sends "
        "the feedback.",
    )
    per_page: int = Field(default=50, ge=1, le=500, description="Messages per request.")


class _Fetched(BaseModel):
    uid: int
    arrived: AwareDatetime
    raw: bytes


class Email(Polled[EmailConfig]):
    """Reads a folder by UID, which only increases, without changing anything in it."""

    name = "email"
    title = "E-mail (IMAP)"
    family = Family.FORM
    requirements = (
        "a mailbox with IMAP access. With a password, which Gmail and iCloud call an app password; "
        "or with OAuth 2.0 (XOAUTH2), which Microsoft 365 requires: register an app in Entra with "
        "the permission IMAP.AccessAsApp, grant it the mailbox with New-ServicePrincipal and "
        "Add-MailboxPermission, and set its `client_id` and `client_secret`, `scope` "
        "https://outlook.office365.com/.default and `token_url` "
        "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token. For Gmail, set "
        "`refresh_token` with the scope https://mail.google.com/ and `token_url` "
        "https://oauth2.googleapis.com/token."
    )
    limitations = (
        "The first megabyte of a message is read, and of that the sender's own text: quoted and "
        "forwarded messages, signatures and attachments are left out. Automatic replies, bounces "
        "and bulk messages are left out too. Deletes are not reported."
    )
    cursor_description = (
        "UIDVALIDITY and UID of the last message that was read; if UIDVALIDITY has changed, the "
        "folder is read again, with the same ids"
    )
    example = """\
host = "imap.example.org"
user = "feedback@example.org"
password = { env = "MAILBOX_PASSWORD" }
ours = ["example.org"]
site = "Eastgate"
"""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the messages after the cursor's, the oldest first."""
        action = f"reading mail on {self.config.host}"
        try:
            with open_mailbox(self.config) as mailbox:
                yield from self._pages(mailbox, cursor)
        except imap_tools.MailboxFolderSelectError:
            raise Misconfigured(
                f"{action}: the folder {self.config.folder!r} does not exist"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured(f"{action}: {error.verify_message}") from None
        except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
            raise Retry(f"{action}: {type(error).__name__}") from None

    def _pages(self, mailbox: imap_tools.BaseMailBox, cursor: str | None) -> Iterator[Page]:
        (value,) = mailbox.client.response("UIDVALIDITY")[1]
        validity = int(value or 0)
        last = 0
        if cursor is not None:
            state = orjson.loads(cursor)
            last = state["uid"] if state["uidvalidity"] == validity else 0
        listed_uids = map(int, mailbox.uids(f"UID {last + 1}:*", charset=None))
        # "n:*" always includes the last message, even if its UID is below n
        uids = sorted(uid for uid in listed_uids if uid > last)
        size = self.config.per_page
        for start in range(0, len(uids), size):
            first, last = uids[start], uids[start : start + size][-1]
            parts = f"(UID INTERNALDATE BODY.PEEK[]<0.{_MAX_BYTES}>)"
            status, response = mailbox.client.uid("FETCH", f"{first}:{last}", parts)
            if status != "OK":
                raise Retry(f"reading mail on {self.config.host}: FETCH returned {status}")
            items = [self._item(validity, mail) for mail in _parse_fetch(response)]
            yield Page(items, orjson.dumps({"uidvalidity": validity, "uid": last}).decode())

    def _item(self, validity: int, mail: dict[str, Any]) -> Item:
        return self.item(mail, origin=f"{validity}.{mail['uid']}", payload=mail["raw"])

    def parse(self, item: Item) -> Feedback:
        """Return the record of a message: its subject, unless it is a reply, and its own text."""
        fetched = self.validate(_Fetched, item.data)
        try:
            mail = read_mail(fetched.raw)
        except (
            Exception
        ) as error:  # messages can be malformed in any way, and decoders fail in any way
            raise BadRecord(f"parsing email: {type(error).__name__}") from None
        self._require_feedback(mail)
        return self.record(
            item,
            native_id=mail.id,
            created_at=_creation_time(mail, fetched.arrived),
            text=mail.text,
            author=mail.sender,
        )

    def _require_feedback(self, mail: Mail) -> None:
        """Raise ``Skip`` for a message that is not feedback."""
        if mail.is_bounce:
            raise Skip("a bounce")
        if mail.is_automatic and not self.config.keep_automatic:
            raise Skip("automatic or bulk mail")
        domain = mail.sender.rpartition("@")[2]
        if {mail.sender, domain} & {entry.strip().casefold() for entry in self.config.ours}:
            raise Skip("own account")
        if not mail.text:
            raise Skip("no text")


def _creation_time(mail: Mail, arrived: datetime) -> datetime:
    """Return when a message was sent, if plausible: moving it does not change that time."""
    sent = mail.sent
    plausible = sent is not None and sent.year >= EARLIEST_YEAR and (sent - arrived).days < 1
    return sent if sent is not None and plausible else arrived


def _parse_fetch(response: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a FETCH; other parts belong to the literal before, or are events."""
    parts = list(response)
    for part, after in zip(parts, [*parts[1:], b""], strict=True):
        if not isinstance(part, tuple):
            continue
        header = part[0] + (after if isinstance(after, bytes) and after[:1] in b" )" else b"")
        uid, arrived = _UID.search(header), imaplib.Internaldate2tuple(header)
        moment = from_unix(time.mktime(arrived)) if arrived else None
        yield {"uid": int(uid[1]) if uid else None, "arrived": moment, "raw": part[1]}
