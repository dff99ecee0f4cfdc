"""``email``: what people write to a mailbox, read over IMAP (RFC 3501) and never marked as read."""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import imap_tools
import orjson
from pydantic import AwareDatetime, BaseModel, Field, SecretStr, ValidationError, model_validator

from connectors._base import Item, Page
from connectors._errors import BadRecord, Fatal, Misconfigured, Retry, Skip, Unauthorized
from connectors._moments import from_seconds
from connectors._source import Polled, SourceConfig
from connectors.forms._mail import Mail, read_mail
from schemas.feedback import EARLIEST_YEAR, Family, Feedback

_TIMEOUT_S: Final = 60
_MOST_BYTES: Final = 1_000_000
_UID: Final = re.compile(rb"\bUID (\d+)")
_NOT_NOW: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")
"""What a server says beside a login that may succeed later (RFC 5530)."""


class EmailConfig(SourceConfig):
    """One folder of one mailbox."""

    host: Annotated[str, Field(min_length=1, description="The IMAP server.")]
    port: int | None = Field(
        default=None, ge=1, le=65_535, description="Its port; none: 993, or 143 without `tls`."
    )
    user: Annotated[str, Field(min_length=1, description="Who logs in.")]
    password: Annotated[SecretStr, Field(description="Their password, or an app password.")]
    folder: str = Field(default="INBOX", min_length=1, description="The folder that is read.")
    tls: Literal["on", "starttls", "off"] = Field(
        default="on", description='How the connection is secured; "off" only on this machine.'
    )
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust, as PEM; none: those of the system."
    )
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

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.tls == "off" and not _is_loopback(self.host):
            raise ValueError('tls can be "off" for 127.0.0.1, ::1 and localhost only')
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Fetched(BaseModel):
    uid: int
    arrived: AwareDatetime
    raw: bytes


class Email(Polled):
    """Reads a folder by its UIDs, which only grow, and without changing anything in it."""

    name: ClassVar[str] = "email"
    title: ClassVar[str] = "E-mail (IMAP)"
    family: ClassVar[Family] = Family.FORM
    Config: ClassVar[type[SourceConfig]] = EmailConfig
    needs: ClassVar[str] = (
        "a mailbox that is read over IMAP with a password; Gmail and iCloud call it an app "
        "password, Microsoft 365 allows none."
    )
    limits: ClassVar[str] = (
        "Read are the first megabyte of a mail and, of that, the words of whoever sent it: quoted "
        "and forwarded mails, signatures and attachments are left out. Left out are automatic "
        "replies, bounces and bulk mail too. A deleted mail is not told of."
    )
    cursor_is: ClassVar[str] = (
        "UIDVALIDITY and UID of the last mail that was read; a folder whose UIDVALIDITY has "
        "changed is read anew, under the same ids"
    )
    example: ClassVar[str] = """\
host = "imap.example.org"
user = "feedback@example.org"
password = { env = "MAILBOX_PASSWORD" }
ours = ["example.org"]
site = "Eastgate"
"""

    config: EmailConfig

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what came after the cursor's mail, the oldest first."""
        doing = f"reading mail on {self.config.host}"
        try:
            with self._mailbox() as mailbox:
                yield from self._pages(mailbox, cursor)
        except imap_tools.MailboxLoginError as error:
            raise _refused(doing, str(error)) from None
        except imap_tools.MailboxFolderSelectError:
            raise Misconfigured(f"{doing}: there is no folder {self.config.folder!r}") from None
        except ssl.SSLCertVerificationError as error:
            raise Misconfigured(f"{doing}: {error.verify_message}") from None
        except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
            raise Retry(f"{doing}: {type(error).__name__}") from None

    @contextmanager
    def _mailbox(self) -> Iterator[imap_tools.BaseMailBox]:
        mailbox = self._connected()
        try:
            self._log_in(mailbox)
            mailbox.folder.set(self.config.folder, readonly=True)
            yield mailbox
        finally:
            for leave in (mailbox.logout, mailbox.client.shutdown):
                with suppress(Exception):  # all was read, or the connection is lost already
                    leave()

    def _connected(self) -> imap_tools.BaseMailBox:
        config = self.config
        if config.tls == "off":
            return imap_tools.MailBoxUnencrypted(config.host, config.port or 143, _TIMEOUT_S)
        trusted = ssl.create_default_context(cafile=config.ca_file)
        if config.tls == "starttls":
            return imap_tools.MailBoxStartTls(
                config.host, config.port or 143, _TIMEOUT_S, ssl_context=trusted
            )
        return imap_tools.MailBox(config.host, config.port or 993, _TIMEOUT_S, ssl_context=trusted)

    def _log_in(self, mailbox: imap_tools.BaseMailBox) -> None:
        user, password = self.config.user, self.config.password.get_secret_value()
        if (user + password).isascii():
            mailbox.login(user, password, initial_folder=None)
            return
        try:
            mailbox.login_utf8(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise _refused(f"reading mail on {self.config.host}", str(error)) from None

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
        try:
            fetched = _Fetched.model_validate(item.data)
        except ValidationError as error:
            raise BadRecord.of(self.name, error) from None
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


def _refused(doing: str, said: str) -> Retry | Fatal:
    if _NOT_NOW.search(said):
        return Retry(f"{doing}: it can't be logged in now", wait=30)
    return Unauthorized(f"{doing}: the credentials are refused")


def _taken_apart(answer: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The mails of a FETCH; what is no literal belongs to the one before, or to another client."""
    parts = list(answer)
    for part, after in zip(parts, [*parts[1:], b""], strict=True):
        if not isinstance(part, tuple):
            continue
        said = part[0] + (after if isinstance(after, bytes) and after[:1] in b" )" else b"")
        uid, arrived = _UID.search(said), imaplib.Internaldate2tuple(said)
        moment = from_seconds(time.mktime(arrived)) if arrived else None
        yield {"uid": int(uid[1]) if uid else None, "arrived": moment, "raw": part[1]}
