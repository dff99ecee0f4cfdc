"""The notify role on real engines: alerts become documents, webhooks and mails, and none is lost.

Each test has a site of its own, since they share the engines.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from pipeline.elasticsearch.client import connect, connect_async
from pipeline.kafka.producer import BatchProducer
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.alert_notices import create_alert_notice
from pipeline.notify.attempts import DeliveryAttempts
from pipeline.notify.delivery_queue import DeliveryQueue, create_deliveries
from pipeline.notify.delivery_topic import publish as publish_deliveries
from pipeline.notify.digest import DigestContent
from pipeline.notify.digest_schedule import _create_delivery
from pipeline.notify.routes import build_routes
from pipeline.notify.sender import Sender
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from pipeline.watch.alert_settings import AlertSettings
from pipeline.watch.silences import publish_silence
from schemas.alert import Alert, AlertState, Severity
from schemas.alert_documents import ALERTS_INDEX, alert_from_document
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import ALERTS, DEAD, DELIVERIES
from schemas.message import Message
from schemas.record import deterministic_id
from schemas.silence import Silence
from tests.pipeline.notify.receivers import SECRET, Hooks, free_port, mail_server, receiver
from tests.pipeline.notify.samples import an_alert
from tests.support.kafka import read_all
from tests.support.pipeline import wait_until
from tests.support.worker import WorkerThread

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

SITES = [
    "Alder",
    "Aspen",
    "Beech",
    "Cedar",
    "Elm",
    "Fir",
    "Furze",
    "Ginkgo",
    "Gorse",
    "Hazel",
    "Heath",
    "Ivy",
    "Juniper",
    "Larch",
]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module", autouse=True)
def left_as_found(settings: Settings) -> Iterator[None]:
    """The alerts of these tests are taken out again, since others count theirs."""
    yield
    with connect(settings) as client:
        client.indices.refresh(index=ALERTS_INDEX)
        response = client.search(
            index=ALERTS_INDEX, query={"terms": {"feedback.site": SITES}}, size=99
        )
        for hit in response["hits"]["hits"]:
            client.delete(index=ALERTS_INDEX, id=hit["_id"])
        client.indices.refresh(index=ALERTS_INDEX)


def put(settings: Settings, *messages: Message) -> None:
    async def send() -> None:
        sink = BatchProducer(settings.kafka)
        await sink.start()
        await sink.write(messages)
        await sink.stop()

    asyncio.run(send())


def publish(settings: Settings, *alerts: Alert) -> None:
    put(settings, *(Message(ALERTS, a.alert_id.encode(), a.to_payload(), []) for a in alerts))


def the_notice_id(alert: Alert) -> str:
    return create_alert_notice(alert, AlertSettings()).notice_id


@pytest.fixture
def start_process(start_worker: Start, tmp_path: Path) -> Start:
    """Start the role as a process with these routes, and wait until it owns the deliveries."""
    started = 0

    def begin(routes: str, **variables: str) -> subprocess.Popen[bytes]:
        nonlocal started
        config = tmp_path / "feedback.toml"
        config.write_text(routes)
        log = tmp_path / f"worker-{started}.log"
        started += 1
        variables = {"FEEDBACK_CONFIG": str(config), "HOOK_SECRET": SECRET, **variables}
        worker = start_worker("--role", "notify", **variables)
        wait_until(
            lambda: b'"deliveries_acquired"' in log.read_bytes(), seconds=40, what="the deliveries"
        )
        return worker

    return begin


@pytest.fixture
def start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], WorkerThread]]:
    """Start the role in a thread with these routes, and wait until it owns the deliveries."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    config = tmp_path / "feedback.toml"
    workers: list[WorkerThread] = []

    def begin(routes: str) -> WorkerThread:
        config.write_text(routes)
        worker = WorkerThread(settings.model_copy(update={"config": config}), Role.NOTIFY)
        workers.append(worker)
        with capture_logs() as log:
            worker.start()
            wait_until(
                lambda: any(line["event"] == "deliveries_acquired" for line in log),
                seconds=40,
                what="the deliveries",
            )
        return worker

    yield begin
    for worker in workers:
        worker.stop()


def to_hook(hooks: Hooks, site: str, more: str = "") -> str:
    return f"""
[notify.{site.lower()}]
webhook = "{hooks.url}"
secret = {{ env = "HOOK_SECRET" }}
allow_private = true
sites = ["{site}"]
{more}
"""


def waits(settings: Settings, site: str) -> list[bytes]:
    """The deliveries of a site that still wait."""
    latest: dict[bytes, bytes | None] = {m.key: m.value for m in read_all(settings, DELIVERIES)}
    return [v for v in latest.values() if v and orjson.loads(v)["notice"].get("site") == site]


def stop(worker: subprocess.Popen[bytes] | WorkerThread) -> None:
    if isinstance(worker, WorkerThread):
        worker.stop()
    else:
        worker.terminate()
        assert worker.wait(30) == 0


def test_an_alert_becomes_a_document_a_webhook_and_a_mail(settings: Settings, start: Any) -> None:
    alert = an_alert("Alder")
    with receiver() as hooks, mail_server() as mails:
        mail = f'[notify.mail]\napprise = "{mails.url()}"\nsites = ["Alder"]\n'
        worker = start(to_hook(hooks, "Alder") + mail)
        publish(settings, alert)
        wait_until(lambda: len(hooks.got) == 1 and len(mails.got) == 1, seconds=15, what="delivery")
        # A repeat, and a replay of the offset, cause no notification.
        publish(settings, alert, alert)
        over = an_alert("Alder", state=AlertState.RESOLVED)
        publish(settings, over)
        wait_until(lambda: len(hooks.got) == 2 and len(mails.got) == 2, seconds=15, what="delivery")
        stop(worker)
    body, headers = hooks.got[0][2], hooks.got[0][1]
    assert Webhook(SECRET).verify(body, headers) == {
        "type": "alert.firing",
        "timestamp": "2026-08-03T15:00:00Z",
        "data": orjson.loads(alert.to_payload()),
    }
    assert hooks.ids == [the_notice_id(alert), the_notice_id(over)]
    assert [mail["X-Notice-ID"] for mail in mails.got] == hooks.ids
    assert [mail["subject"] for mail in mails.got] == [
        "Alder, waiting time: 23 of 31 negative, usually 2 to 9",
        "Alder, waiting time: back to normal",
    ]
    with connect(settings) as client:
        document = client.get(index=ALERTS_INDEX, id=alert.alert_id)
    assert (document["_version"], alert_from_document(document["_source"])) == (2, over)
    assert waits(settings, "Alder") == []


def test_a_webhook_is_called_within_two_seconds_of_an_alert(settings: Settings, start: Any) -> None:
    """The best of five counts: what else the machine does delays some, but not all of them."""
    delays = []
    with receiver() as hooks:
        worker = start(to_hook(hooks, "Aspen"))
        for number in range(5):
            published = time.time()
            publish(settings, an_alert("Aspen", topic=f"topic {number}"))
            wait_until(lambda: len(hooks.got) == len(delays) + 1, seconds=15, what="delivery")
            delays.append(hooks.at[-1] - published)
        stop(worker)
    assert min(delays) < 2


def test_a_silenced_and_an_acknowledged_alert_stay_quiet(settings: Settings, start: Any) -> None:
    now = datetime.now(UTC)
    acknowledged, silenced = an_alert("Beech"), an_alert("Beech", topic="food")
    loud = an_alert("Beech", topic="parking")
    publish_silence(
        settings,
        Silence(silence_id=deterministic_id("ack"), alert_id=acknowledged.alert_id, starts_at=now),
    )
    publish_silence(
        settings,
        Silence(
            silence_id=deterministic_id("food"),
            site="Beech",
            topic="food",
            starts_at=now,
            ends_at=now + timedelta(hours=1),
        ),
    )
    with receiver() as hooks:
        worker = start(to_hook(hooks, "Beech"))
        over = an_alert("Beech", state=AlertState.RESOLVED)
        publish(settings, acknowledged, silenced, over)
        publish(settings, loud)
        wait_until(lambda: bool(hooks.got), seconds=15, what="the loud one is told")
        stop(worker)
    assert hooks.ids == [the_notice_id(loud)]
    with connect(settings) as client:
        client.indices.refresh(index=ALERTS_INDEX)
        count = client.count(index=ALERTS_INDEX, query={"term": {"feedback.site": "Beech"}})
    assert count["count"] == 3


def test_pending_deliveries_survive_a_kill_with_the_same_identifier(
    settings: Settings, start_process: Any
) -> None:
    alerts = [an_alert("Cedar", topic=f"topic {n}") for n in range(5)]
    with receiver([(500, {})]) as hooks:
        worker = start_process(to_hook(hooks, "Cedar"))
        publish(settings, *alerts)
        wait_until(lambda: len(set(hooks.ids)) == 5, seconds=15, what="each was tried")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        failed = set(hooks.ids)
        assert len(waits(settings, "Cedar")) == 5
        hooks.answers, delivered_before = [(204, {})], len(hooks.got)
        again = start_process(to_hook(hooks, "Cedar"))
        wait_until(
            lambda: len(hooks.got) >= delivered_before + 5, seconds=30, what="told after all"
        )
        stop(again)
    assert failed == set(hooks.ids[delivered_before:]) == {the_notice_id(alert) for alert in alerts}
    assert waits(settings, "Cedar") == []


def test_a_delivery_that_was_made_but_not_noted_is_repeated_with_the_same_identifier(
    settings: Settings, start_process: Any
) -> None:
    alert = an_alert("Elm")
    with receiver([(204, {})]) as hooks:
        worker = start_process(to_hook(hooks, "Elm"))
        answer = hooks.answer

        def kill_first() -> tuple[int, dict[str, str]]:
            os.kill(worker.pid, signal.SIGKILL)
            return answer()

        hooks.answer = kill_first  # type: ignore[method-assign]
        publish(settings, alert)
        worker.wait(15)
        hooks.answer = answer  # type: ignore[method-assign]
        again = start_process(to_hook(hooks, "Elm"))
        wait_until(lambda: len(hooks.got) == 2, seconds=30, what="told again")
        stop(again)
    assert hooks.ids == [the_notice_id(alert)] * 2


def test_a_destination_that_is_down_delays_no_other_and_is_notified_once_it_is_up(
    settings: Settings, start: Any
) -> None:
    alerts = [an_alert("Fir", topic=f"topic {n}") for n in range(3)]
    port = free_port()
    down = f"""
[notify.down]
webhook = "http://127.0.0.1:{port}/hook"
secret = {{ env = "HOOK_SECRET" }}
allow_private = true
sites = ["Fir"]
"""
    with receiver() as hooks:
        worker = start(to_hook(hooks, "Fir") + down)
        publish(settings, *alerts)
        wait_until(lambda: len(hooks.got) == 3, seconds=15, what="the others are told")
        # None waits for another's retries, which would set them apart by seconds.
        assert max(hooks.at) - min(hooks.at) < 3
    with receiver(port=port) as up:
        wait_until(lambda: len(up.got) == 3, seconds=30, what="it is told too")
        stop(worker)
    assert sorted(up.ids) == sorted(the_notice_id(alert) for alert in alerts)


def test_when_the_owner_of_the_deliveries_dies_another_worker_goes_on(
    settings: Settings, start_process: Any, start_worker: Start, tmp_path: Path
) -> None:
    alert = an_alert("Furze")
    with receiver([(500, {})]) as hooks:
        owner = start_process(to_hook(hooks, "Furze"))
        heir = start_worker(
            "--role",
            "notify",
            FEEDBACK_CONFIG=str(tmp_path / "feedback.toml"),
            HOOK_SECRET=SECRET,
        )
        log = tmp_path / "worker-1.log"
        wait_until(lambda: b"worker_ready" in log.read_bytes(), seconds=30, what="it is ready")
        time.sleep(4)  # the groups share out their partitions
        publish(settings, alert)
        wait_until(lambda: bool(hooks.got), seconds=15, what="it was tried")
        assert b'"deliveries_acquired"' not in log.read_bytes()
        os.kill(owner.pid, signal.SIGKILL)
        hooks.answers, delivered_before = [(204, {})], len(hooks.got)
        wait_until(lambda: len(hooks.got) > delivered_before, seconds=40, what="the heir tells it")
        stop(heir)
    assert hooks.ids[delivered_before:] == [the_notice_id(alert)]


def test_a_destination_that_asks_to_wait_is_left_alone_so_long(
    settings: Settings, start: Any
) -> None:
    alerts = [an_alert("Ginkgo", topic=f"topic {n}") for n in range(3)]
    with receiver([(429, {"Retry-After": "7"}), (204, {})]) as hooks:
        worker = start(to_hook(hooks, "Ginkgo"))
        publish(settings, *alerts)
        wait_until(lambda: len(hooks.got) == 4, seconds=20, what="all are told")
        stop(worker)
    assert hooks.at[1] - hooks.at[0] > 6.9
    assert set(hooks.ids[1:]) == {the_notice_id(alert) for alert in alerts}


async def test_after_the_last_attempt_it_is_a_dead_letter(settings: Settings) -> None:
    routes = build_routes(
        {"notify": {"heath": {"apprise": f"json://127.0.0.1:{free_port()}"}}}, lambda _: None
    )
    queue, kafka = DeliveryQueue(), BatchProducer(settings.kafka)
    notice = create_alert_notice(an_alert("Heath"), AlertSettings())
    (delivery,) = create_deliveries(notice, routes, datetime.now(UTC))
    await kafka.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(kafka.stop)
        client = connect_async(settings)
        stack.push_async_callback(client.close)
        sender = await stack.enter_async_context(Sender())
        documents = AlertIndex(client)
        attempts = DeliveryAttempts(
            queue, routes, kafka, sender, documents, no_silences, retries=()
        )
        await publish_deliveries(kafka, [delivery])
        queue.enqueue(delivery)
        await attempts.attempt(delivery)
    assert queue.next("heath") is None
    assert waits(settings, "Heath") == []
    assert dead_letter_reasons(settings, "heath") == {
        notice.notice_id: "notifying heath: the last attempt, number 1, failed: "
        "json: unreachable or rejected"
    }


async def no_silences() -> list[Silence]:
    return []


def test_a_destination_that_is_gone_gets_no_more_and_dead_letters_say_why(
    settings: Settings, start: Any
) -> None:
    first, second = an_alert("Gorse"), an_alert("Gorse", topic="food")
    with receiver([(410, {})]) as hooks:
        worker = start(to_hook(hooks, "Gorse"))
        publish(settings, first)
        wait_until(lambda: bool(hooks.got), seconds=15, what="tried")
        publish(settings, second)
        wait_until(
            lambda: len(dead_letter_reasons(settings, "gorse")) == 2,
            seconds=30,
            what="dead letters",
        )
        stop(worker)
    assert hooks.ids == [the_notice_id(first)]
    assert dead_letter_reasons(settings, "gorse") == {
        the_notice_id(first): "notifying gorse: status 410: gone",
        the_notice_id(second): "notifying gorse: the destination refused further deliveries",
    }
    assert waits(settings, "Gorse") == []


def test_alerts_are_sent_while_elasticsearch_is_away_and_indexed_when_it_is_back(
    settings: Settings, start_process: Any, tmp_path: Path
) -> None:
    alert = an_alert("Larch")
    with receiver() as hooks:
        away = {
            "FEEDBACK_ELASTICSEARCH_URL": f"http://127.0.0.1:{free_port()}",
            "FEEDBACK_LOG_LEVEL": "debug",
        }
        worker = start_process(to_hook(hooks, "Larch"), **away)
        publish(settings, alert)
        wait_until(lambda: bool(hooks.got), seconds=15, what="delivery")
        wait_until(lambda: bool(waits(settings, "Larch")), seconds=15, what="its document waits")
        stop(worker)
        worker = start_process(to_hook(hooks, "Larch"))
        wait_until(lambda: not waits(settings, "Larch"), seconds=30, what="it is written")
        stop(worker)
    assert hooks.ids == [the_notice_id(alert)]
    logged = (tmp_path / "worker-0.log").read_text()
    assert SECRET.removeprefix("whsec_") not in logged
    assert hooks.url not in logged
    with connect(settings) as client:
        document = client.get(index=ALERTS_INDEX, id=alert.alert_id)
    assert alert_from_document(document["_source"]) == alert


def dead_letter_reasons(settings: Settings, destination: str) -> dict[str, str]:
    letters = [DeadLetter.from_payload(message.value) for message in read_all(settings, DEAD)]
    own = [letter for letter in letters if letter.origin.startswith(f"{destination}:")]
    return {letter.origin.partition(":")[2]: letter.reason for letter in own}


def test_an_unreadable_alert_is_dead_lettered_and_the_next_is_sent(
    settings: Settings, start: Any
) -> None:
    with receiver() as hooks:
        worker = start(to_hook(hooks, "Hazel"))
        put(settings, Message(ALERTS, b"0" * 32, b'{"alert_id": 1}', []))
        publish(settings, an_alert("Hazel"))
        wait_until(lambda: len(hooks.got) == 1, seconds=15, what="delivery")
        stop(worker)
    letters = [DeadLetter.from_payload(message.value) for message in read_all(settings, DEAD)]
    (letter,) = [letter for letter in letters if letter.kafka_topic == ALERTS.name]
    assert (letter.stage, letter.payload) == ("notify", b'{"alert_id": 1}')


def test_outside_of_its_hours_a_route_holds_all_but_what_is_critical(
    settings: Settings, start: Any
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%A").lower()
    hours = f'[hours.office]\nzone = "UTC"\ndays = "{tomorrow}"\ntimes = "23:00-24:00"\n'
    quiet = an_alert("Ivy")
    loud = an_alert("Ivy", topic="food", severity=Severity.CRITICAL)
    with receiver() as hooks:
        worker = start(hours + to_hook(hooks, "Ivy", 'hours = "office"'))
        publish(settings, quiet, loud)
        wait_until(lambda: bool(hooks.got), seconds=15, what="the critical one is told")
        stop(worker)
    assert hooks.ids == [the_notice_id(loud)]
    (held,) = waits(settings, "Ivy")
    assert orjson.loads(held)["notice"]["notice_id"] == the_notice_id(quiet)


def test_a_digest_is_sent_once_per_period_and_single_notices_are_not(
    settings: Settings, start: Any
) -> None:
    with receiver() as hooks:
        routes = to_hook(hooks, "Juniper", 'digest = "daily"\nat = "00:00"')
        (route,) = build_routes(
            {"notify": {"juniper": {"webhook": "https://e.org", "secret": SECRET}}}, lambda _: None
        )
        delivered_before = datetime.now(UTC) - timedelta(days=2)
        before = _create_delivery(
            route.targets[0], DigestContent(delivered_before, delivered_before), delivered_before
        )
        marker = before.model_copy(update={"told_at": delivered_before})
        put(settings, Message(DELIVERIES, marker.delivery_id.encode(), marker.to_payload(), []))
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        alert = an_alert("Juniper", started_at=midnight - timedelta(hours=3), updated_at=midnight)
        with receiver() as singles:
            single = to_hook(singles, "Juniper").replace("[notify.juniper]", "[notify.single]")
            worker = start(single)
            publish(settings, alert)
            wait_until(lambda: bool(singles.got), seconds=15, what="the alert is indexed")
            stop(worker)
        for _ in range(2):
            worker = start(routes)
            publish(settings, an_alert("Juniper", topic="food"))
            wait_until(lambda: bool(hooks.got), seconds=20, what="the digest is told")
            time.sleep(1)
            stop(worker)
    (body,) = map(orjson.loads, hooks.bodies)
    assert (body["type"], body["timestamp"]) == ("digest", f"{midnight:%Y-%m-%dT%H:%M:%SZ}")
    assert [item["alert_id"] for item in body["data"]["alerts"]] == [alert.alert_id]
