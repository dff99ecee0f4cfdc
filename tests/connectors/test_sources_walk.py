"""Every source, through every fault, edit and delete, to the index of a real Elasticsearch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors._registry import sources
from connectors._source import Brings
from pipeline.settings import Settings
from pipeline.sinks.elasticsearch_client import connect
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import KAFKA_TOPICS
from tests.connectors.fake_service import FakeService, Served, served
from tests.connectors.fakes import SERVICES
from tests.walk import messages_on, run_feedback, wait_until


def toml_of(fakes: Running) -> str:
    """A settings file with one instance of each; JSON's values are TOML's, but for null."""
    lines = []
    for name, (fake, service) in fakes.items():
        lines.append(f"[{name}.walk]")
        lines += [f"{key} = {_toml(value)}" for key, value in fake.settings(service.url).items()]
        lines += ['site = "Walk"', ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f'"{key}" = {_toml(one)}' for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return orjson.dumps(value).decode()


def texts_of(settings: Settings, name: str) -> dict[str, str]:
    """What the index holds of a source, by native id; fails where one stands twice."""
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        found = client.search(
            index=READ_ALIAS,
            size=1_000,
            query={
                "bool": {
                    "filter": [
                        {"term": {"event.dataset": name}},
                        {"term": {"feedback.site": "Walk"}},
                    ]
                }
            },
        )["hits"]["hits"]
    ids = [hit["_source"]["feedback"]["native_id"] for hit in found]
    assert len(ids) == len(set(ids)), f"{name}: a document stands twice"
    return {hit["_source"]["feedback"]["native_id"]: hit["_source"]["message"] for hit in found}


Running = dict[str, tuple[FakeService, Served]]


@pytest.fixture
def running() -> Iterator[Running]:
    """Every fake by its connector's name, served and about to fail in every way."""
    with ExitStack() as stack:
        found: Running = {}
        for name, kind in SERVICES.items():
            fake = kind()
            try:
                service = stack.enter_context(served(fake))
            except pytest.skip.Exception:  # a program that the fake needs is not installed
                continue
            service.faults.extend(fake.faults)
            found[name] = (fake, service)
        yield found


@pytest.mark.timeout(900)
def test_every_item_of_every_source_arrives_exactly_once_and_follows_its_source(
    running: Running,
    settings: Settings,
    environment: dict[str, str],
    start_worker: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    (tmp_path / "feedback.toml").write_text(toml_of(running), encoding="utf-8")
    start_worker()
    collect = "feedback connect --all --once --json"
    first = run_feedback(collect, environment, tmp_path)
    assert first.returncode == 0, first.stderr
    told = {one["source"].partition(".")[0]: one for one in orjson.loads(first.stdout)}
    assert told.keys() == running.keys()
    assert all(one["backfill"] and one["state"] == "ok" for one in told.values())
    expect(running, settings)
    for name, (fake, _) in running.items():
        brings = sources()[name].brings
        if Brings.EDITS in brings:
            fake.edit()
        if Brings.DELETES in brings:
            fake.delete()
    # What is looked for once a day is looked for at once when the cursor's day is over; here the
    # day is over for nobody, so everything is read again.
    second = run_feedback(f"{collect} --again", environment, tmp_path)
    assert second.returncode == 0, second.stderr
    expect(running, settings)
    for _, service in running.values():
        service.faults.extend(["403"] * 5)
    refused = run_feedback(collect.replace("connect", "--debug connect"), environment, tmp_path)
    assert refused.returncode != 0
    assert_unseen(running, settings, [first, second, refused])


def assert_unseen(
    running: Running,
    settings: Settings,
    runs: list[subprocess.CompletedProcess[str]],
) -> None:
    """No secret is in what was said, nor in any record, header or key on any Kafka topic."""
    said = "".join(run.stdout + run.stderr for run in runs).encode()
    for kafka_topic in KAFKA_TOPICS:
        for message in messages_on(kafka_topic, settings):
            headers = b"".join(value for _, value in message.headers)
            said += b"\n".join((message.key or b"", message.value or b"", headers))
    secrets = [secret for fake, _ in running.values() for secret in fake.secrets]
    assert len(secrets) >= 10
    assert [secret for secret in secrets if secret.encode() in said] == []


def expect(running: Running, settings: Settings) -> None:
    """Wait until the index holds exactly what the services do."""
    for name, (fake, _) in running.items():
        holds = {native_id: _indexed(text) for native_id, text in fake.texts.items()}

        def same(name: str = name, holds: dict[str, str] = holds) -> bool:
            found = texts_of(settings, name)
            return {key: _indexed(text) for key, text in found.items()} == holds

        wait_until(same, seconds=60, what=f"{name}: {len(holds)} documents as at the service")


def _indexed(text: str) -> str:
    """A text as far as redaction leaves it alone."""
    return text.partition("[")[0][:40]
