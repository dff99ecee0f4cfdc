"""Webhooks on a real Kafka: verified, acknowledged, then answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.form.connector import Form
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord
from connectors.sdk.source import Source, Webhook, WebhookRequest
from connectors.server.webhook_handler import ServeConfig
from pipeline.settings import Settings
from schemas.cloud_events import feedback_headers
from schemas.feedback import Feedback
from schemas.kafka_topics import FORMS
from tests.connectors.server.conftest import Live, Serve, dead_letters_on, form, records_on
from tests.support.fake_service import Delivery, FakeCaller, serve_fake
from tests.support.fakes import CALLERS, build_source
from tests.support.kafka import read_all
from tests.support.services.form import FakeForm

JSON = {"Content-Type": "application/json"}
TOKEN = "token-of-sixteen-characters"  # noqa: S105


@pytest.fixture(params=sorted(CALLERS))
def caller(request: pytest.FixtureRequest) -> FakeCaller:
    made: FakeCaller = CALLERS[request.param]()
    return made


@pytest.fixture
def address(caller: FakeCaller) -> Iterator[str]:
    if caller.app is None:
        yield "http://127.0.0.1:9"
    else:
        with serve_fake(caller) as service:
            yield service.url


def hook(caller: FakeCaller, instance: str, url: str = "http://127.0.0.1:9") -> Webhook:
    source = build_source(caller, url, instance)
    assert isinstance(source, Webhook)
    return source


def send(live: Live, source: Source, delivery: Delivery) -> Any:
    room = "/feedback" if isinstance(source, Form) else f"/webhooks/{source.name}"
    path = f"{room}/{source.context.instance}"
    if delivery.path_secret is not None:
        path += f"/{delivery.path_secret}"
    return live.post(path, content=delivery.body, headers=dict(delivery.headers))


def test_every_delivery_is_on_kafka_once_it_is_answered(
    caller: FakeCaller, address: str, serve: Serve, settings: Settings
) -> None:
    source = hook(caller, f"served-{caller.name}", address)
    live = serve(source)
    answers = [send(live, source, delivery) for delivery in caller.deliveries(datetime.now(UTC))]
    accepted = 202 if isinstance(source, Form) else 200
    assert [answer.status_code for answer in answers] == [accepted] * len(answers)
    records = records_on(settings, caller.name)
    assert {record.text for record in records} >= set(caller.texts.values())
    if source.acknowledgement is None:
        sent = sum(answer.json()["records"] for answer in answers)
        assert len(records) >= sent >= len(caller.texts)
    else:
        responses = {(answer.headers["content-type"], answer.content) for answer in answers}
        assert responses == {("text/xml; charset=utf-8", source.acknowledgement[1])}


def test_forged_stale_and_malformed_deliveries_are_refused(
    caller: FakeCaller, address: str, serve: Serve
) -> None:
    now = datetime.now(UTC)
    source = hook(caller, "refused", address)
    live = serve(source)
    good = caller.deliveries(now)[0]
    secret = None if good.path_secret is None else "x" + good.path_secret
    assert send(live, source, Delivery(good.body, JSON, secret)).status_code == 401
    assert send(live, source, caller.malformed(now)).status_code == 400
    if stale := caller.stale(now):
        assert send(live, source, stale).status_code == 400


def test_a_message_has_the_key_and_headers_of_every_connector(
    serve: Serve, settings: Settings
) -> None:
    source = hook(FakeForm(), "headers")
    send(serve(source), source, FakeForm().deliveries(datetime.now(UTC))[0])
    message = next(
        message
        for message in read_all(settings, FORMS)
        if b'"headers/submission-0"' in message.value
    )
    record = Feedback.from_payload(message.value)
    assert message.key == record.event_id.encode()
    assert message.headers == feedback_headers(record, FORMS.ce_type)


class Picky(Form):
    """Understands nothing."""

    def parse(self, item: Item) -> Feedback:
        raise BadRecord("parsing form: it is picky")


def test_what_is_not_understood_is_a_dead_letter_and_taken(
    serve: Serve, settings: Settings
) -> None:
    picky = Picky(Form.Config(), form("picky").context)
    answer = serve(picky).post(
        "/feedback/picky", json={"text": "No complaints.", "submission_id": "picky-0001"}
    )
    assert (answer.status_code, answer.json()) == (202, {"records": 0, "dead_letters": 1})
    (letter,) = dead_letters_on(settings, "form/picky:")
    assert (letter.reason, letter.stage, letter.error) == (
        "parsing form: it is picky",
        "form",
        "BadRecord",
    )
    assert b"No complaints." in letter.payload


def test_unknown_addresses_are_not_found(serve: Serve) -> None:
    live = serve(form("known"))
    for path in (
        "/webhooks/form/known",
        "/webhooks/form/other",
        "/webhooks/other/known",
        "/webhooks/form/known/secret",
        "/feedback/other",
        "/elsewhere",
    ):
        answer = live.post(path, json={"text": "No complaints."})
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_service_may_ask_whether_the_address_is_there(serve: Serve) -> None:
    live = serve(hook(CALLERS["tally"](), "asked"), form("asked"))
    assert live.client.head("/webhooks/tally/asked").status_code == 200
    for path in ("/webhooks/tally/other", "/webhooks/form/asked"):
        assert live.client.head(path).status_code == 404


def test_a_large_body_is_refused_while_it_arrives(serve: Serve) -> None:
    live = serve(form("large"), config=ServeConfig(max_bytes=10_000))
    body = b'{"text":"' + b"x" * 10_000 + b'"}'
    assert live.post("/feedback/large", content=body, headers=JSON).status_code == 413

    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100_000):
            read += 1
            yield b"x" * 1_000

    try:
        assert live.post("/feedback/large", content=endless(), headers=JSON).status_code == 413
    except OSError:
        pass  # the server hung up while the client was still sending
    except Exception as error:
        assert type(error).__name__ in {"WriteError", "ReadError", "RemoteProtocolError"}
    assert read < 100_000


def test_a_client_over_its_rate_is_told_when_to_come_back(serve: Serve) -> None:
    config = ServeConfig(rate=1)
    live = serve(form("often", api_token=TOKEN), form("seldom", api_token=TOKEN), config=config)
    answers = [live.post("/feedback/often", json={}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
    assert live.post("/feedback/seldom", json={}).status_code == 401


def test_too_much_at_once_is_refused_until_there_is_room(serve: Serve) -> None:
    live = serve(form("room"), config=ServeConfig(max_pending_bytes=5_000, max_bytes=100_000))
    answer = live.post("/feedback/room", json={"text": "x" * 2_000})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert live.post("/feedback/room", json={"text": "x" * 10}).status_code == 202


class Asking(Form):
    """Asks its service back, and fails as asked to."""

    makes_requests = True
    fault: Exception | None = None

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        if self.fault is not None:
            raise self.fault
        return super().handle(request)


def test_a_fault_of_ours_is_said_without_what_it_was_about(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    source = Asking(Form.Config(), form("asking").context)
    live = serve(source)
    assert live.post("/feedback/asking", json={"text": "Good."}).status_code == 202
    source.fault = RuntimeError("Mrs Miller said so")
    answer = live.post("/feedback/asking", json={"text": "Good."})
    assert answer.status_code == 500
    assert "Miller" not in answer.text + caplog.text
