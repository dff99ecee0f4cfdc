"""``email``: what people write to a mailbox, read over IMAP (RFC 3501) and never marked as read."""

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

_MOST_BYTES: Final = 1_000_000
_UID: Final = re.compile(rb"\bUID (\d+)")


class EmailConfig(MailboxConfig):
    """One folder of one mailbox, and what in it is no feedback."""

    ours: tuple[str, ...] = Field(
        default=(),
        description="Domains and addresses whose mail is no feedback, such as your own.",
    )
    keep_automatic: bool = Field(
        default=False,
        description="Whether mail that calls itself automatic or bulk is taken: where a web form "
        "or a mailing list sends the feedback.",
    )
    per_page: int = Field(default=50, ge=1, le=500, description="Mails a request.")


class _Fetched(BaseModel):
    uid: int
    arrived: AwareDatetime
    raw: bytes


class Email(Polled[EmailConfig]):
    """Reads a folder by its UIDs, which only grow, and without changing anything in it."""

    name = "email"
    title = "E-mail (IMAP)"
    family = Family.FORM
    requirements = (
        "a mailbox that is read over IMAP: with a password, which Gmail and iCloud call an app "
        "password, or with OAuth 2.0 (XOAUTH2), which Microsoft 365 demands. There, register an "
        "app in Entra with the permission IMAP.AccessAsApp, let it into the mailbox with "
        "New-ServicePrincipal and Add-MailboxPermission, and state its `client_id` and "
        "`client_secret`, `scope` https://outlook.office365.com/.default and `token_url` "
        "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token. For Gmail, `refresh_token` is "
        "one of the scope https://mail.google.com/, `token_url` "
        "https://oauth2.googleapis.com/token."
    )
    limitations = (
        "Read are the first megabyte of a mail and, of that, the words of whoever sent it: quoted "
        "and forwarded mails, signatures and attachments are left out. Left out are automatic "
        "replies, bounces and bulk mail too. A deleted mail is not told of."
    )
    cursor_description = (
        "UIDVALIDITY and UID of the last mail that was read; a folder whose UIDVALIDITY has "
        "changed is read anew, under the same ids"
    )
    example = """\
host = "imap.example.org"
user = "feedback@example.org"
password = { env = "MAILBOX_PASSWORD" }
ours = ["example.org"]
site = "Eastgate"
"""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what came after the cursor's mail, the oldest first."""
        doing = f"reading mail on {self.config.host}"
        try:
            with open_mailbox(self.config) as mailbox:
                yield from self._pages(mailbox, cursor)
        except imap_tools.MailboxFolderSelectError:
            raise Misconfigured(f"{doing}: there is no folder {self.config.folder!r}") from None
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured(f"{doing}: {error.verify_message}") from None
        except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
            raise Retry(f"{doing}: {type(error).__name__}") from None

    def _pages(self, mailbox: imap_tools.BaseMailBox, cursor: str | None) -> Iterator[Page]:
        (said,) = mailbox.client.response("UIDVALIDITY")[1]
        validity = int(said or 0)
        last = 0
        if cursor is not None:
            state = orjson.loads(cursor)
            last = state["uid"] if state["uidvalidity"] == validity else 0
        found = map(int, mailbox.uids(f"UID {last + 1}:*", charset=None))
        # "n:*" always names the last mail, even where its UID is below n
        uids = sorted(uid for uid in found if uid > last)
        size = self.config.per_page
        for start in range(0, len(uids), size):
            first, last = uids[start], uids[start : start + size][-1]
            parts = f"(UID INTERNALDATE BODY.PEEK[]<0.{_MOST_BYTES}>)"
            status, answer = mailbox.client.uid("FETCH", f"{first}:{last}", parts)
            if status != "OK":
                raise Retry(f"reading mail on {self.config.host}: FETCH answers {status}")
            items = [self._item(validity, mail) for mail in _taken_apart(answer)]
            yield Page(items, orjson.dumps({"uidvalidity": validity, "uid": last}).decode())

    def _item(self, validity: int, mail: dict[str, Any]) -> Item:
        return self.item(mail, origin=f"{validity}.{mail['uid']}", payload=mail["raw"])

    def parse(self, item: Item) -> Feedback:
        """Read one mail: the subject, unless it is a reply's, and what was written above quotes."""
        fetched = self.validate(_Fetched, item.data)
        try:
            mail = read_mail(fetched.raw)
        except Exception as error:  # mails can be broken in any way, and so can their reading
            raise BadRecord(f"parsing email: {type(error).__name__}") from None
        self._want(mail)
        return self.record(
            item,
            native_id=mail.id,
            created_at=_sent(mail, fetched.arrived),
            text=mail.text,
            author=mail.sender,
        )

    def _want(self, mail: Mail) -> None:
        """Raise ``Skip`` for what nobody wrote to us."""
        if mail.is_bounce:
            raise Skip("a bounce")
        if mail.is_automatic and not self.config.keep_automatic:
            raise Skip("automatic or bulk mail")
        domain = mail.sender.rpartition("@")[2]
        if {mail.sender, domain} & {one.strip().casefold() for one in self.config.ours}:
            raise Skip("our own mail")
        if not mail.text:
            raise Skip("no text")


def _sent(mail: Mail, arrived: datetime) -> datetime:
    """When it was sent, if that can be: it stays the same wherever the mail is moved."""
    sent = mail.sent
    plausible = sent is not None and sent.year >= EARLIEST_YEAR and (sent - arrived).days < 1
    return sent if sent is not None and plausible else arrived


def _taken_apart(answer: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The mails of a FETCH; what is no literal belongs to the one before, or to another client."""
    parts = list(answer)
    for part, after in zip(parts, [*parts[1:], b""], strict=True):
        if not isinstance(part, tuple):
            continue
        said = part[0] + (after if isinstance(after, bytes) and after[:1] in b" )" else b"")
        uid, arrived = _UID.search(said), imaplib.Internaldate2tuple(said)
        moment = from_unix(time.mktime(arrived)) if arrived else None
        yield {"uid": int(uid[1]) if uid else None, "arrived": moment, "raw": part[1]}
