"""Webhooks are in the coverage too: their results, and the time since they are silent."""

from __future__ import annotations

from datetime import timedelta

import httpx

from connectors.forms.form.connector import Form
from connectors.runtime.coverage import load_coverage
from connectors.runtime.instances import Instance, build_instance
from connectors.server.application import build_application
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.kafka.request_publisher import KafkaRequestPublisher
from pipeline.settings import Settings
from schemas.coverage import State
from tests.connectors.server.conftest import running
from tests.support.pipeline import wait_until


def build_form_instance(name: str) -> Instance:
    return build_instance(
        Form, name, {"silent_after": "1d", "site": "Eastgate"}, lambda value, action: value
    )


def test_what_a_form_was_sent_is_in_the_ledger_when_the_server_stops(settings: Settings) -> None:
    broker = ConnectorBroker(settings.kafka)
    instances = [build_form_instance("ledger-busy"), build_form_instance("ledger-idle")]
    forms = [instance.build(b"") for instance in instances]
    app = build_application(
        forms, KafkaRequestPublisher(settings.kafka), broker, instances=instances
    )  # type: ignore[arg-type]
    with running(app) as url:
        wait_until(
            lambda: httpx.get(f"{url}/readyz").status_code == 200, seconds=30, what="readiness"
        )
        for number in range(2):
            answer = httpx.post(
                f"{url}/feedback/ledger-busy", json={"text": f"Lovely nurses, visit {number}."}
            )
            assert answer.status_code == 202
    ledger = load_coverage(broker)
    busy, idle = ledger["form", "ledger-busy"], ledger["form", "ledger-idle"]
    assert (busy.published, busy.site, busy.backfill, busy.every_s) == (2, "Eastgate", False, None)
    assert (idle.published, idle.state(idle.finished_at)) == (0, State.OK)
    assert idle.state(idle.finished_at + timedelta(days=2)) is State.SILENT
