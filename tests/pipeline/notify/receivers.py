"""External services: a webhook receiver and a mail server, on the loopback address."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, no less").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!!!").decode()


@dataclass
class Hooks:
    """Requests to a receiver; it sends ``answers`` in turn, and repeats the last."""

    url: str
    answers: list[tuple[int, dict[str, str]]]
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def answer(self) -> tuple[int, dict[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.got]

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.got]


@contextmanager
def receiver(
    answers: Sequence[tuple[int, dict[str, str]]] = ((204, {}),),
    *,
    port: int = 0,
    tls: Any = None,
) -> Iterator[Hooks]:
    """Run a webhook receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hooks.got.append((self.path, headers, body))
            hooks.at.append(time.time())
            status, more = hooks.answer()
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    scheme = "http"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    hooks = Hooks(f"{scheme}://127.0.0.1:{server.server_port}/hook", list(answers))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mails:
    """Mails that a mail server accepted."""

    port: int = 0
    got: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    def url(self, **more: str) -> str:
        options = "".join(f"&{name}={value}" for name, value in more.items())
        return (
            f"mailto://127.0.0.1:{self.port}?from=feedback@example.org&to=ops@example.org{options}"
        )


@contextmanager
def mail_server() -> Iterator[Mails]:
    """Run a real SMTP server."""
    mails = Mails()

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            mails.got.append(message_from_bytes(envelope.content, policy=default))
            mails.recipients.append(envelope.rcpt_tos)
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    controller.start()
    mails.port = controller.port
    try:
        yield mails
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
