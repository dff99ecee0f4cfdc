"""`feedback serve` as a process: its log, its end, and Kafka coming and going."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.local import LocalEngines, default_cache, down, up
from pipeline.kafka.admin import create_kafka_topics
from pipeline.settings import Settings
from tests.connectors.server.conftest import records_on
from tests.support.pipeline import wait_until

TOKEN = "planted-token-of-a-form"  # noqa: S105
WORDS = "Planted words of a patient"
_FILE = """
[form.ward]
score = "nps"

[form.portal]
api_token = { env = "PLANTED_TOKEN" }
"""


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
    return port


@contextmanager
def process(
    folder: Path, environment: Mapping[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client, Path]]:
    (folder / "feedback.toml").write_text(_FILE)
    port, log = free_port(), folder / "serve.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "serve", "--port", str(port), *arguments],
            env={**environment, "PLANTED_TOKEN": TOKEN, "PYTHONPATH": str(Path.cwd())},
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_until(lambda: b"server_started" in log.read_bytes(), seconds=60, what="serving")
            yield started, client, log
    finally:
        if started.poll() is None:
            started.kill()
        started.wait()


def is_ready(client: httpx.Client) -> bool:
    return client.get("/readyz").status_code == 200


def test_secrets_and_words_are_not_logged_and_it_ends_well(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with process(tmp_path, environment) as (started, client, log):
        wait_until(lambda: is_ready(client), seconds=30, what="ready")
        authorization = {"Authorization": f"Bearer {TOKEN}"}
        for path, headers, body in (
            ("/feedback/portal", authorization, {"text": WORDS}),
            ("/feedback/portal", authorization, {WORDS: TOKEN}),
            ("/feedback/portal", {"Authorization": f"Bearer {TOKEN}x"}, {"text": WORDS}),
            (f"/webhooks/form/portal/{TOKEN}?token={TOKEN}", {}, {"text": WORDS}),
            (f"/webhooks/{TOKEN}/{TOKEN}", {}, {"text": WORDS}),
        ):
            client.post(path, headers=headers, json=body)
        client.post(f"/form/ward?{TOKEN}", data={"text_1": WORDS, "contact": WORDS})
        started.send_signal(signal.SIGTERM)
        assert started.wait(30) == 0
    output = log.read_text()
    assert '"records": 1' in output
    assert TOKEN not in output and WORDS not in output and "127.0.0.1:" in output


def test_it_outlives_kafka(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(kafka_bootstrap_servers=f"127.0.0.1:{port}")
    home = Path(tempfile.mkdtemp(prefix="feedback-tests-"))
    home.chmod(0o755)  # as root the engines run as another user
    engines = LocalEngines(
        home=home / "engines", cache=default_cache(), kafka_port=port, elasticsearch_port=0
    )
    environment = {
        **os.environ,
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
    }
    taken: list[int] = []

    def is_taken(client: httpx.Client, number: int) -> bool:
        body = {"text": f"Good, as on day {number}."}
        answer = client.post("/feedback/ward", json=body)
        if answer.status_code == 202:
            taken.append(number)
            return True
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        return False

    arguments = ("--kafka-timeout", "1", "--form-rate", "1000")
    try:
        with process(tmp_path, environment, *arguments) as (started, client, _):
            assert client.get("/healthz").status_code == 200
            assert not is_ready(client)
            assert not is_taken(client, 0)
            pid = up(engines).kafka.pid
            assert pid is not None
            create_kafka_topics(settings)
            wait_until(lambda: is_taken(client, 1), seconds=30, what="taken")
            assert is_ready(client)
            os.kill(pid, signal.SIGKILL)
            before = time.monotonic()
            assert not is_taken(client, 2)
            assert not is_taken(client, 3)
            assert time.monotonic() - before < 15
            assert not is_ready(client)
            assert client.get("/healthz").status_code == 200
            up(engines)
            wait_until(lambda: is_taken(client, 4), seconds=60, what="taken again")
            started.terminate()
            assert started.wait(30) == 0
        published = {record.text for record in records_on(settings, "form", "ward/")}
        assert published >= {f"Good, as on day {number}." for number in taken}
    finally:
        down(engines)
        shutil.rmtree(home, ignore_errors=True)
