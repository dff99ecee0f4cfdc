"""Mails as people and programs send them, and what ``email`` makes of one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final

from connectors.forms.email.connector import Email, EmailConfig
from connectors.sdk.source import Context
from schemas.feedback import Feedback
from tests.support.dovecot import PASSWORD, USER

KEY: Final = b"key"
NOW: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
CAME: Final = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PATIENT: Final = "jo@mail.example"


def build_email(port: int = 1, /, **settings: object) -> Email:
    values = {"host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "tls": "off"}
    config = EmailConfig.model_validate(values | settings)
    return Email(config, Context("test", KEY, lambda: NOW))


def write_message(text: str = "It was clean.", **headers: str) -> EmailMessage:
    """A mail of a patient; a header that is empty is left out."""
    message = EmailMessage()
    values = {
        "From": PATIENT,
        "Subject": "Ward 4",
        "Date": "Fri, 20 Nov 2026 10:00:00 +0100",
        "Message-ID": "<1@mail.example>",
    }
    for name, value in values.items():
        if value := headers.pop(name.replace("-", "_"), value):
            message[name] = value
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def write_bytes(body: bytes, content_type: str, **headers: str) -> bytes:
    """A mail with a body that is sent as it is, in 8 bits."""
    message = write_message(**headers)
    fields = {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    lines = [f"{name}: {value}" for name, value in message.items() if name not in fields]
    lines += ["MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def write_html(html: str, **headers: str) -> bytes:
    return write_bytes(html.encode(), "text/html; charset=utf-8", **headers)


def parse_mail(
    message: EmailMessage | bytes, /, came: datetime = CAME, **settings: object
) -> Feedback:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    source = build_email(**settings)
    data = {"uid": 1, "arrived": came, "raw": raw}
    return source.parse(source.item(data, origin="1", payload=raw))
