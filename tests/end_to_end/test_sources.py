"""Every source, through every fault, edit and delete, to the index of a real Elasticsearch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.runtime.collect import RunResult, run_once
from connectors.runtime.instances import build_instances
from connectors.runtime.registry import sources
from connectors.runtime.scheduler import build_polled, load_previous_state
from connectors.sdk.source import Capability
from pipeline.elasticsearch.client import connect
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import Settings
from pipeline.settings_file import read_connector_sections, resolve_secret
from pipeline.streams.roles import Role
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import KAFKA_TOPICS
from tests.support.engines import engine_environment, running_engines, set_up
from tests.support.fake_service import NOW, FakeService, Served, serve_fake
from tests.support.fakes import SERVICES
from tests.support.kafka import read_all
from tests.support.mails import KEY
from tests.support.pipeline import run_feedback
from tests.support.worker import running_roles

pytestmark = pytest.mark.slow


def settings_toml(fakes: Running) -> str:
    """A settings file with one instance of each; JSON's values are TOML's, but for null."""
    lines = []
    for name, (fake, service) in fakes.items():
        lines.append(f"[{name}.walk]")
        lines += [f"{key} = {_toml(value)}" for key, value in fake.settings(service.url).items()]
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return orjson.dumps(value).decode()


def read_texts(settings: Settings, name: str) -> dict[str, str]:
    """Return the indexed texts of a source by native id; fail on a duplicate."""
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        hits = client.search(
            index=READ_ALIAS,
            ignore_unavailable=True,
            size=1_000,
            query={"term": {"event.dataset": name}},
        )["hits"]["hits"]
    ids = [hit["_source"]["feedback"]["native_id"] for hit in hits]
    assert len(ids) == len(set(ids)), f"{name}: a document stands twice"
    return {hit["_source"]["feedback"]["native_id"]: hit["_source"]["message"] for hit in hits}


Running = dict[str, tuple[FakeService, Served]]


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Engines of its own: other tests bring the same fakes' feedback by other ways."""
    with running_engines() as engines:
        yield set_up(engines)


@pytest.fixture(scope="module")
def environment(settings: Settings) -> dict[str, str]:
    return engine_environment(settings)


@pytest.fixture
def worker(settings: Settings) -> Iterator[None]:
    with running_roles(settings, Role.ENRICH, Role.INDEX):
        yield


@pytest.fixture
def running() -> Iterator[Running]:
    """Every fake by its connector's name, served and about to fail in every way."""
    with ExitStack() as stack:
        services: Running = {}
        for name, kind in SERVICES.items():
            fake = kind()
            try:
                service = stack.enter_context(serve_fake(fake))
            except pytest.skip.Exception:  # a program that the fake needs is not installed
                continue
            service.faults.extend(fake.faults)
            services[name] = (fake, service)
        yield services


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("worker")
def test_every_item_of_every_source_arrives_exactly_once_and_follows_its_source(
    running: Running,
    settings: Settings,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(settings_toml(running), encoding="utf-8")
    first = collect(path, settings, NOW)
    assert first.keys() == running.keys()
    assert failures(first) == {}
    assert all(result.coverage.backfill for result in first.values())
    expect(running, settings)
    for name, (fake, _) in running.items():
        brings = sources()[name].capabilities
        if Capability.EDITS in brings:
            fake.edit()
        if Capability.DELETES in brings:
            fake.delete()
    # Two days later, since some edits are looked for once a day.
    second = collect(path, settings, NOW + timedelta(days=2))
    assert failures(second) == {}
    assert not any(result.coverage.backfill for result in second.values())
    expect(running, settings)
    for _, service in running.values():
        service.faults.extend(["403"] * 5)
    refused = run_feedback("feedback --debug connect --all --json", environment, tmp_path)
    assert refused.returncode != 0
    assert_unseen(running, settings, refused.stdout + refused.stderr)


def collect(path: Path, settings: Settings, now: datetime) -> dict[str, RunResult]:
    """Every instance of the settings file, run once at some time; by the connector's name."""
    resolve = partial(resolve_secret, resolve=lambda name: None)
    instances = build_instances(read_connector_sections(path), resolve, f"reading {path}")
    built = [build_polled(instance, KEY) for instance in instances]
    done = {}
    with ConnectorBroker(settings.kafka) as broker:
        states = load_previous_state(instances, built, broker)
        for instance, source, state in zip(instances, built, states, strict=True):
            source.context = replace(source.context, now=lambda: now, sleep=lambda seconds: None)
            with source:
                done[source.name] = run_once(instance, source, broker, state)
    return done


def failures(done: dict[str, RunResult]) -> dict[str, str]:
    """Return the reason of each failure by connector."""
    return {name: str(run.failure) for name, run in done.items() if run.failure is not None}


def assert_unseen(
    running: Running,
    settings: Settings,
    output: str,
) -> None:
    """No secret is in what was said, nor in any record, header or key on any Kafka topic."""
    said = output.encode()
    for kafka_topic in KAFKA_TOPICS:
        for message in read_all(settings, kafka_topic):
            headers = b"".join(value for _, value in message.headers)
            said += b"\n".join((message.key or b"", message.value or b"", headers))
    secrets = [secret for fake, _ in running.values() for secret in fake.secrets]
    assert len(secrets) >= 10
    assert [secret for secret in secrets if secret.encode() in said] == []


def expect(running: Running, settings: Settings) -> None:
    """Wait until the index holds exactly what the services do."""
    held = {
        name: {native_id: _unredacted_part(text) for native_id, text in fake.texts.items()}
        for name, (fake, _) in running.items()
    }
    end = time.monotonic() + 60
    while (services := read_index(running, settings)) != held and time.monotonic() < end:
        time.sleep(0.5)
    assert services == held


def read_index(running: Running, settings: Settings) -> dict[str, dict[str, str]]:
    """Return the indexed texts of each source."""
    return {
        name: {
            native_id: _unredacted_part(text)
            for native_id, text in read_texts(settings, name).items()
        }
        for name in running
    }


def _unredacted_part(text: str) -> str:
    """A text as far as redaction leaves it alone."""
    return text.partition("[")[0][:40]
