"""``email``: messages to a mailbox, read over IMAP (RFC 3501) without marking them as read."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cached_property
from typing import Final

import imap_tools
import orjson
from pydantic import AwareDatetime, BaseModel, Field

from connectors.forms.email.automatic import Origin
from connectors.forms.email.fetching import FetchedMail, fetch_mails
from connectors.forms.email.mail import Mail, Reading, is_ours, read_mail
from connectors.forms.email.mailbox import MailboxConfig, open_mailbox
from connectors.forms.email.reply_parser import QUOTE
from connectors.sdk import (
    BadRecord,
    Item,
    Misconfigured,
    Page,
    Polled,
    Retry,
    Skip,
)
from connectors.sdk.pseudonyms import pseudonym
from schemas.feedback import Family, Feedback
from schemas.record import deterministic_id

_MAX_NAMED_TYPES: Final = 5


class EmailConfig(MailboxConfig):
    """One folder of one mailbox, and which of its messages to exclude."""

    ours: tuple[str, ...] = Field(
        default=(),
        description="Your own domains and addresses: their messages are excluded, unless they "
        "forward a person's.",
    )
    own_lists: tuple[str, ...] = Field(
        default=(),
        description="Mailing lists and groups by which people write to this mailbox, by List-Id, "
        "address or domain: their messages are a person's. Lists of the mailbox's own domain are "
        "recognised.",
    )
    boilerplate: tuple[str, ...] = Field(
        default=(),
        description="Beginnings of paragraphs that mail servers add, such as warnings about "
        "outside senders and disclaimers, to leave out in addition to those that are recognised.",
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
    is_cut: bool = False


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
        "The sender's own text is read, whatever is attached: marked quotes, signatures, "
        "disclaimers and attachments are left out, and named in the attributes. A forwarded "
        "message is read with its own author and date. A message whose words are only in an "
        "attachment, or encrypted, is a dead letter. Automatic replies, bounces and bulk messages "
        "are left out. Deletes are not reported."
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
            items = [self._item(validity, mail) for mail in fetch_mails(mailbox, first, last)]
            yield Page(items, orjson.dumps({"uidvalidity": validity, "uid": last}).decode())

    def _item(self, validity: int, mail: FetchedMail) -> Item:
        return self.item(asdict(mail), origin=f"{validity}.{mail.uid}", payload=mail.raw)

    def parse(self, item: Item) -> Feedback:
        """Return the record of a message: its subject, unless it is a reply, and its own text."""
        fetched = self.validate(_Fetched, item.data)
        try:
            mail = read_mail(fetched.raw, fetched.arrived, self._reading)
        except (
            Exception
        ) as error:  # messages can be malformed in any way, and decoders fail in any way
            raise BadRecord(f"parsing email: {type(error).__name__}") from None
        self._require_feedback(mail, is_cut=fetched.is_cut)
        key = self.context.author_key
        return self.record(
            item,
            native_id=pseudonym(key, mail.identity) or deterministic_id(mail.identity),
            created_at=mail.sent,
            text=mail.text,
            author=mail.author,
            attributes={**mail.notes, **({"cut": "yes"} if fetched.is_cut else {})},
        )

    @cached_property
    def _reading(self) -> Reading:
        return Reading(
            ours=_normalize(self.config.ours),
            own_lists=_normalize(self.config.own_lists),
            boilerplate=self.config.boilerplate,
            mailbox=self.config.user.casefold(),
        )

    def _require_feedback(self, mail: Mail, *, is_cut: bool) -> None:
        """Raise ``Skip`` for a message without feedback, ``BadRecord`` for an unreadable one."""
        if mail.origin is Origin.BOUNCE:
            raise Skip("a bounce")
        if mail.origin is not Origin.PERSON and not self.config.keep_automatic:
            raise Skip("automatic or bulk mail")
        if is_ours(mail.author, self._reading.ours):
            if mail.unread_forwards:
                raise BadRecord("reading email: forwarded, and the forwarded words are not read")
            raise Skip("own account")
        if mail.text:
            return
        if mail.is_encrypted:
            raise BadRecord("reading email: it is encrypted, or its signed content is damaged")
        if mail.attachments:
            kinds = ", ".join(sorted(set(mail.attachments))[:_MAX_NAMED_TYPES])
            raise BadRecord(f"reading email: no text, and attachments are not read: {kinds}")
        if is_cut:
            raise BadRecord("reading email: no text in the part of it that was read")
        raise Skip("only a quote" if QUOTE in mail.left_out else "no text")


def _normalize(entries: Iterable[str]) -> frozenset[str]:
    return frozenset(entry.strip().casefold() for entry in entries)
