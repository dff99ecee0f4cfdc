"""A server on a loopback port, in a thread of this process, with the real Kafka behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from connectors.forms.form.connector import Form
from connectors.sdk.source import Context, Webhook
from connectors.server.application import build_application
from connectors.server.webhook_handler import ServeConfig
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.kafka.request_publisher import KafkaRequestPublisher
from pipeline.settings import KafkaConnection, Settings
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback
from schemas.kafka_topics import DEAD, RAW
from tests.support.kafka import read_all


@dataclass(frozen=True)
class Live:
    """A running server, and a client of it."""

    url: str
    client: httpx.Client

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.client.post(path, **request)

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.client.get(path, **request)


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Run an application on a free loopback port; yield its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", proxy_headers=False, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < end and thread.is_alive(), "the server does not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
    assert not thread.is_alive()


@contextmanager
def serving(
    kafka: KafkaConnection,
    sources: Sequence[Webhook],
    config: ServeConfig | None = None,
    *,
    ready: bool = True,
) -> Iterator[Live]:
    """Run a server for these sources; yield it once Kafka answers it."""
    app = build_application(
        sources,
        KafkaRequestPublisher(kafka),
        ConnectorBroker(kafka),
        config or ServeConfig(form_rate=1_000),
    )
    with running(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        live = Live(url, client)
        end = time.monotonic() + 30
        while ready and live.get("/readyz").status_code != 200:
            assert time.monotonic() < end, "the server does not become ready"
            time.sleep(0.05)
        yield live


Serve = Callable[..., Live]


@pytest.fixture
def serve(settings: Settings) -> Iterator[Serve]:
    """Return a function that starts a server for sources; all are stopped at the end."""
    with ExitStack() as stack:

        def start(*sources: Webhook, config: ServeConfig | None = None) -> Live:
            return stack.enter_context(serving(settings.kafka, sources, config))

        yield start


def form(instance: str, **settings: Any) -> Form:
    """Return a form with these settings."""
    return Form(Form.Config.model_validate(settings), Context(instance))


def records_on(settings: Settings, source: str, prefix: str = "") -> list[Feedback]:
    """Return the records of a source on the raw Kafka topics, sorted by native id."""
    mark = f'"source":"{source}"'.encode()  # other tests publish what is not even JSON
    records = [
        record
        for kafka_topic in RAW.values()
        for message in read_all(settings, kafka_topic)
        if mark in message.value
        and (record := Feedback.from_payload(message.value)).source == source
        and record.native_id.startswith(prefix)
    ]
    return sorted(records, key=lambda record: record.native_id)


def dead_letters_on(settings: Settings, origin: str) -> list[DeadLetter]:
    """Return the dead letters whose origin starts with this."""
    letters = [DeadLetter.from_payload(message.value) for message in read_all(settings, DEAD)]
    return [letter for letter in letters if letter.origin.startswith(origin)]
