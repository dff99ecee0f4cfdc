"""`feedback alerts test` against a real receiver of webhooks; needs no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import orjson
import pytest
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner, Result

from pipeline.commands.alerts import app, send_test
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings

SECRET = "whsec_" + "dGVzdA" * 6
ROUTES = """
[notify.duty]
webhook = "{url}/duty"
secret = "{secret}"
allow_private = true

[notify.north]
webhook = "{url}/refused"
secret = "{secret}"
allow_private = true
sites = ["North*"]
min_urgency = "critical"
digest = "daily"
"""
Run = Callable[..., Result]


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; refuses what is posted to /refused."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, dict[str, str], bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, dict(self.headers.items()), body))
        self.send_response(404 if self.path == "/refused" else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def run(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    path = tmp_path / "feedback.toml"
    url = f"http://127.0.0.1:{receiver.server_port}"
    path.write_text(ROUTES.format(url=url, secret=SECRET), encoding="utf-8")
    monkeypatch.setattr(send_test, "settings", lambda: Settings(config=path))
    return lambda *arguments: CliRunner().invoke(
        app.app, ["test", *arguments], env={"COLUMNS": "200"}
    )


def test_a_route_is_told_that_it_is_a_test_and_nothing_else(run: Run, receiver: Receiver) -> None:
    result = run("--to", "duty", "--json")
    assert result.exit_code == 0, result.exception
    assert orjson.loads(result.stdout) == [
        {"to": "duty", "service": "webhook", "status": "delivered", "reason": ""}
    ]
    ((path, headers, body),) = receiver.received
    payload = Webhook(SECRET).verify(body.decode(), headers)
    assert (path, payload["type"], payload["data"]) == ("/duty", "test", {"test": True})


def test_every_route_is_told_whatever_it_filters_and_failures_are_an_exit_status(
    run: Run, receiver: Receiver
) -> None:
    result = run()
    assert isinstance(result.exception, CommandError)
    assert str(result.exception) == "notifying north: not delivered"
    assert result.exception.status is ExitStatus.FAILED
    assert sorted(path for path, *_ in receiver.received) == ["/duty", "/refused"]
    _, duty, north = (" ".join(line.split()) for line in result.stdout.splitlines())
    assert duty == "duty webhook everything delivered"
    assert north.startswith(
        "north webhook sites North*; min_urgency critical; digest daily transient: "
    )
    assert "404" in north


def test_a_dry_run_shows_who_would_be_told_and_tells_nobody(run: Run, receiver: Receiver) -> None:
    result = run("--dry-run")
    assert result.exit_code == 0, result.exception
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["to", "duty", "north"]
    assert receiver.received == []
    assert not {SECRET, "127.0.0.1"} & set(result.stdout.split())
    assert SECRET not in run("--dry-run", "--json").stdout


def test_a_route_that_is_not_there_is_wrong_usage(run: Run) -> None:
    error = run("--to", "nobody").exception
    assert isinstance(error, CommandError)
    assert str(error) == "reading --to nobody: expected one of duty, north"
    assert error.status is ExitStatus.USAGE


def test_without_routes_a_sentence_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feedback.toml"
    path.touch()
    monkeypatch.setattr(send_test, "settings", lambda: Settings(config=path))
    error = CliRunner().invoke(app.app, ["test"]).exception
    assert str(error) == f"reading {path}: it has no route; a section [notify.NAME] makes one"
