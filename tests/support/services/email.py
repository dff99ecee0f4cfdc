"""A mailbox on a real IMAP server, with mail as people and programs send it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.support.dovecot import PASSWORD, USER, dovecot
from tests.support.fake_service import FakeService, Served, moment, sentence
from tests.support.mails import parse_mail


class FakeEmail(FakeService):
    name: ClassVar[str] = "email"
    secrets: ClassVar = (PASSWORD,)
    http: ClassVar[bool] = False
    faults: ClassVar = ()

    def __init__(self) -> None:
        self.mails = [mail(number) for number in range(35)]
        self.texts = {identify(number): text_of(number) for number in range(35)}

    def add(self) -> None:
        number = self.next_number()
        self.server.deliver(mail(number))
        self.texts[identify(number)] = text_of(number)

    @property
    def app(self) -> Any:
        return None

    @contextmanager
    def serving(self) -> Iterator[Served]:
        with dovecot() as server:
            server.deliver(*self.mails)
            self.server = server
            service = Served(self.app)
            service.url = f"imap://127.0.0.1:{server.port}"
            yield service

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": urlsplit(url).port,
            "user": USER,
            "password": PASSWORD,
            "tls": "off",
            "per_page": 10,
        }


def identify(number: int) -> str:
    """The native id of a mail, which hides its Message-ID."""
    raw, at = mail(number)
    return parse_mail(raw, at).native_id


def text_of(number: int) -> str:
    return f"Visit {number}\n{sentence(number)}"


def mail(number: int) -> tuple[bytes, datetime]:
    """A mail as people write them, and when it came."""
    at = moment(number)
    message = EmailMessage()
    message["From"] = "Jo Bloggs <Jo.Bloggs@mail.example>"
    message["To"] = USER
    message["Subject"] = f"Visit {number}"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<visit-{number}@mail.example>"
    message.set_content(f"{sentence(number)}\n\nKind regards,\nJo Bloggs\n")
    return message.as_bytes(), at
