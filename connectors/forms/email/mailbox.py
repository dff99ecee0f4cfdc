"""Access to a mailbox: its settings, TLS, password or OAuth 2.0."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

import imap_tools
from pydantic import Field, SecretStr, model_validator

from connectors.sdk import Fatal, Retry, SourceConfig, Unauthorized, request_access_token

_TIMEOUT_S: Final = 60
_UNAVAILABLE: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")
"""Response codes of a failed login that may succeed later (RFC 5530)."""


class MailboxConfig(SourceConfig):
    """One folder of one mailbox."""

    host: Annotated[str, Field(min_length=1, description="IMAP server.")]
    port: int | None = Field(
        default=None, ge=1, le=65_535, description="Port; default: 993, or 143 without `tls`."
    )
    user: Annotated[str, Field(min_length=1, description="User name.")]
    password: SecretStr | None = Field(
        default=None, description="The user's password, or an app password."
    )
    token_url: str | None = Field(
        default=None,
        min_length=1,
        description="Instead of a password: address that issues access tokens (OAuth 2.0).",
    )
    client_id: str | None = Field(
        default=None, min_length=1, description="Id of the OAuth 2.0 client."
    )
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        description="Refresh token of `user`; default: the client's own credentials.",
    )
    scope: str | None = Field(default=None, min_length=1, description="Scope of the token.")
    folder: str = Field(default="INBOX", min_length=1, description="Folder to read.")
    tls: Literal["on", "starttls", "off"] = Field(
        default="on", description='Security of the connection; "off" for loopback addresses only.'
    )
    ca_file: Path | None = Field(
        default=None, description="Trusted certificates, as PEM; default: those of the system."
    )

    @model_validator(mode="after")
    def _require_encryption(self) -> Self:
        if self.tls == "off" and not _is_loopback(self.host):
            raise ValueError('tls can be "off" for 127.0.0.1, ::1 and localhost only')
        if self.token_url is not None:
            url = urlsplit(self.token_url)
            if url.scheme != "https" and not _is_loopback(url.hostname or ""):
                raise ValueError("token_url must begin with https://")
        return self

    @model_validator(mode="after")
    def _require_one_login(self) -> Self:
        if (self.password is None) == (self.token_url is None):
            raise ValueError("either password or token_url is needed")
        grant = self.refresh_token or self.client_secret
        if self.token_url is not None and not (self.client_id and grant):
            raise ValueError(
                "token_url also needs client_id, and refresh_token, client_secret or both"
            )
        return self

    def request_token(self) -> SecretStr | None:
        """Return a new access token; None with a password. Raises ``Retry`` or ``Unauthorized``."""
        if self.token_url is None:
            return None
        secrets = {"client_secret": self.client_secret, "refresh_token": self.refresh_token}
        form = {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
        form["grant_type"] = "refresh_token" if self.refresh_token else "client_credentials"
        form["client_id"] = self.client_id or ""
        return request_access_token(
            self.token_url, form | ({"scope": self.scope} if self.scope else {})
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def open_mailbox(config: MailboxConfig) -> Iterator[imap_tools.BaseMailBox]:
    """Open a mailbox, with its folder in read-only mode.

    Raises ``Retry`` or ``Unauthorized`` if the login fails, and the errors of imap_tools and of the
    connection.
    """
    token = config.request_token()
    mailbox = _connect(config)
    try:
        _log_in(mailbox, config, token)
        mailbox.folder.set(config.folder, readonly=True)
        yield mailbox
    finally:
        for leave in (mailbox.logout, mailbox.client.shutdown):
            with suppress(Exception):  # all is read, or the connection is lost
                leave()


def _connect(config: MailboxConfig) -> imap_tools.BaseMailBox:
    if config.tls == "off":
        return imap_tools.MailBoxUnencrypted(config.host, config.port or 143, _TIMEOUT_S)
    trusted = ssl.create_default_context(cafile=config.ca_file)
    if config.tls == "starttls":
        return imap_tools.MailBoxStartTls(
            config.host, config.port or 143, _TIMEOUT_S, ssl_context=trusted
        )
    return imap_tools.MailBox(config.host, config.port or 993, _TIMEOUT_S, ssl_context=trusted)


def _log_in(
    mailbox: imap_tools.BaseMailBox, config: MailboxConfig, token: SecretStr | None
) -> None:
    try:
        if token is not None:
            _log_in_with_token(mailbox, config.user, token)
        elif config.password is not None:
            user, password = config.user, config.password.get_secret_value()
            plain = (user + password).isascii()
            (mailbox.login if plain else mailbox.login_utf8)(user, password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, imap_tools.MailboxLoginError) as error:
        raise _login_error(f"reading mail on {config.host}", str(error)) from None


def _log_in_with_token(mailbox: imap_tools.BaseMailBox, user: str, token: SecretStr) -> None:
    """Log in by https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.

    Microsoft uses the same protocol. imap_tools would send a refused token again, but the server
    then sends the reason and expects an empty response.
    """
    credentials = f"user={user}\1auth=Bearer {token.get_secret_value()}\1\1".encode()
    mailbox.client.authenticate("XOAUTH2", lambda challenge: b"" if challenge else credentials)


def _login_error(action: str, message: str) -> Retry | Fatal:
    if _UNAVAILABLE.search(message):
        return Retry(f"{action}: the login is not possible now", wait=30)
    return Unauthorized(f"{action}: the credentials are refused")
