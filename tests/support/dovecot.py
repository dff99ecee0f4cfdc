"""A real IMAP server, Dovecot, as this test's own processes on a loopback port."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.support.programs import require

USER: Final = "feedback@eastgate.example"
PASSWORD: Final = "imap-pass-4711"  # noqa: S105
_START_S: Final = 20

_CONFIG: Final = """\
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{home}/mail
auth_mechanisms = plain xoauth2
passdb {{
  driver = static
  mechanisms = plain
  args = password={password}
}}
{oauth2}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{tls}
"""


# Dovecot asks the issuer whether a token is valid (RFC 7662).
_OAUTH2: Final = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {file}
}}
"""
_INTROSPECTION: Final = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server: one user, one Maildir."""

    port: int
    tls_port: int
    """Port that speaks TLS from the first byte; 0 if none."""

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """A session of a user who may change things."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def deliver(self, *mails: tuple[bytes, datetime], folder: str = "INBOX") -> None:
        """Put mails into a folder, with the times at which they came."""
        with self.client() as client:
            client.create(folder)
            for raw, at in mails:
                status, said = client.append(
                    folder, "", imaplib.Time2Internaldate(at.timestamp()), raw
                )
                assert status == "OK", said

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """Each mail's flags, without changing them."""
        with self.client() as client:
            client.select(folder, readonly=True)
            return [each for each in client.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes)]


@contextmanager
def dovecot(
    certificate: Path | None = None, key: Path | None = None, *, introspection: str | None = None
) -> Iterator[Dovecot]:
    """Run it; with a certificate it speaks TLS too. Skips the test where there is none.

    ``introspection``: the address where it asks whether a token is good.
    """
    program = require("dovecot")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    if not version.stdout.startswith("2.3."):
        pytest.skip("this configuration is for Dovecot 2.3")
    ports = _free_ports(2)
    # pytest's own directories are closed to the user that Dovecot reads mail as
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    try:
        config = _write_settings(home, ports, certificate, key, introspection)
        process = subprocess.Popen([program, "-F", "-c", config], stderr=subprocess.DEVNULL)
        try:
            _await(process, ports[0], home)
            yield Dovecot(ports[0], ports[1] if certificate else 0)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _write_settings(
    home: Path,
    ports: list[int],
    certificate: Path | None,
    key: Path | None,
    introspection: str | None,
) -> Path:
    me = pwd.getpwuid(os.geteuid())
    root = me.pw_uid == 0
    owner = pwd.getpwnam("nobody") if root else me
    group = "dovecot" if root else grp.getgrgid(me.pw_gid).gr_name
    tls = f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}" if certificate else "ssl = no"
    oauth2 = home / "oauth2.conf"
    oauth2.write_text(_INTROSPECTION.format(url=introspection))
    text = _CONFIG.format(
        oauth2=_OAUTH2.format(file=oauth2) if introspection else "",
        home=home,
        user="dovecot" if root else me.pw_name,
        group=group,
        login="dovenull" if root else me.pw_name,
        password=PASSWORD,
        owner=owner.pw_uid,
        owner_group=owner.pw_gid,
        port=ports[0],
        tls_port=ports[1] if certificate else 0,
        tls=tls,
    )
    home.chmod(0o755)
    (home / "mail").mkdir()
    if root:
        os.chown(home, owner.pw_uid, owner.pw_gid)
        os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    config = home / "dovecot.conf"
    config.write_text(text)
    return config


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _await(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    end = time.monotonic() + _START_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as one:
            if one.recv(4) == b"* OK":
                return
        log = home / "log"
        text = log.read_text() if log.exists() else ""
        assert process.poll() is None, f"dovecot does not start: {text}"
        assert time.monotonic() < end, f"dovecot does not answer: {text}"
        time.sleep(0.02)
