"""The engines are started, found, killed and started again."""

from typing import Any

import httpx
import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.local import LocalEngines, Progress, Status, status, up
from deploy.local.artifacts import distribution
from deploy.local.processes import process_tree

pytestmark = pytest.mark.slow

KAFKA_TOPIC = "survives"
MEMORY_LIMIT = 1_600_000_000

Started = tuple[list[Status], list[Progress]]


def test_up_starts_both_pinned_versions_and_says_so(started: Started) -> None:
    now = started[0][0]
    assert now.running
    assert [engine.name for engine in now.engines] == ["kafka", "elasticsearch"]
    for engine in now.engines:
        assert distribution(engine.name).version == engine.version
        assert engine.log.read_text()
        assert engine.data.is_dir()


def test_two_ups_at_once_start_one_pair(started: Started) -> None:
    first, second = started[0]
    assert _pids(first) == _pids(second)
    assert "waiting" in [progress.stage for progress in started[1]]


def test_progress_counts_every_byte(started: Started) -> None:
    for engine in ("kafka", "elasticsearch"):
        counted = [p for p in started[1] if (p.stage, p.engine) == ("downloading", engine)]
        assert distribution(engine).size == counted[-1].done == counted[-1].total


def test_a_second_up_finds_what_runs(config: LocalEngines, started: Started) -> None:
    assert _pids(started[0][0]) == _pids(up(config))


def test_both_listen_on_the_loopback_address_only(started: Started) -> None:
    for engine in started[0][0].engines:
        listeners = [
            connection.laddr[0]
            for process in process_tree(psutil.Process(engine.pid))
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listeners
        assert {"127.0.0.1"} == {address.removeprefix("::ffff:") for address in listeners}


def test_both_fit_into_a_small_machine(config: LocalEngines, started: Started) -> None:
    assert sum(engine.rss_bytes or 0 for engine in status(config).engines) < MEMORY_LIMIT


def test_the_engines_do_not_run_as_root(started: Started) -> None:
    for engine in started[0][0].engines:
        assert psutil.Process(engine.pid).uids().real != 0


def test_data_survives_kill_9_of_both(config: LocalEngines, started: Started) -> None:
    before = started[0][0]
    _write(before)
    for engine in before.engines:
        members = process_tree(psutil.Process(engine.pid))
        for process in members:
            process.kill()
        psutil.wait_procs(members, timeout=10)
    assert [engine.state for engine in status(config).engines] == ["failed", "failed"]
    after = up(config)
    assert after.running
    assert [e.address for e in before.engines] == [e.address for e in after.engines]
    assert _read(after) == (b"a record", {"text": "a document"})


def _pids(of: Status) -> list[int | None]:
    return [engine.pid for engine in of.engines]


def _write(to: Status) -> None:
    admin = KafkaAdminClient(bootstrap_servers=to.kafka.address)
    admin.create_topics([NewTopic(KAFKA_TOPIC, 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=to.kafka.address)
    producer.send(KAFKA_TOPIC, b"a record").get(30)
    producer.close()
    url = f"{to.elasticsearch.address}/{KAFKA_TOPIC}/_doc/1"
    httpx.put(url, json={"text": "a document"}, timeout=30).raise_for_status()


def _read(from_: Status) -> tuple[bytes, Any]:
    consumer = KafkaConsumer(
        KAFKA_TOPIC,
        bootstrap_servers=from_.kafka.address,
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    )
    record = next(consumer).value
    consumer.close()
    url = f"{from_.elasticsearch.address}/{KAFKA_TOPIC}/_doc/1"
    return record, httpx.get(url, timeout=30).json()["_source"]
