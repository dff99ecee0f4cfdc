"""A listener that is killed again and again while its service streams loses nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.settings import Settings
from schemas.feedback import Feedback
from schemas.kafka_topics import SOCIAL
from tests.support.fake_service import Served, serve_fake
from tests.support.kafka import Arrivals
from tests.support.pipeline import wait_until
from tests.support.services.mastodon import FakeMastodon, native_id

pytestmark = pytest.mark.slow

KILLS = 5
PAUSE_S = 0.05
EVERY_EDIT = 7

Revision = tuple[str, int]
"""Native id, and milliseconds of the last edit."""


class Talkative:
    """Writes a post each 50 milliseconds, edits every seventh, and sends both to the listeners."""

    def __init__(self, fake: FakeMastodon) -> None:
        self._fake = fake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.expected: set[Revision] = set()
        """Revisions that must arrive: each post once, with its last edit."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        number = 0
        while not self._stop.wait(PAUSE_S):
            now = datetime.now(UTC)
            status = self._fake.status(number, now)
            self._fake.statuses.append(status)
            self._fake.say("update", status)
            if number % EVERY_EDIT == 0:
                later = now + timedelta(milliseconds=5)
                text = later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                status = status | {"edited_at": text, "content": "<p>On second thought.</p>"}
                self._fake.statuses[-1] = status
                self._fake.say("status.update", status)
            self.expected.add(_revision(status["edited_at"] or status["created_at"], status))
            number += 1


def _revision(text: str, status: dict[str, object]) -> Revision:
    return native_id(status), round(datetime.fromisoformat(text).timestamp() * 1000)


@contextmanager
def listening(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """``feedback connect mastodon --follow``, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "connect", "mastodon", "--follow"],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(180)
def test_a_listener_killed_at_random_moments_brings_every_post_and_edit(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    fake = FakeMastodon()
    fake.statuses, fake.beat = [], 0.5  # a listener looks up when it hears something
    watch = Arrivals(settings, SOCIAL)
    writer = Talkative(fake)
    with serve_fake(fake) as service:
        _configure(tmp_path, fake, service)
        writer.start()
        for _ in range(KILLS):
            before, calls = len(service.requests), fake.calls
            with listening(tmp_path, environment):
                wait_until(lambda b=before: len(service.requests) > b, seconds=60, what="a request")
                if random.random() < 0.7:  # most of them while it listens
                    wait_until(lambda c=calls: fake.calls > c, seconds=60, what="a listener")
                time.sleep(random.uniform(0, 1.0))
        calls = fake.calls
        with listening(tmp_path, environment) as process:
            wait_until(lambda: fake.calls > calls, seconds=60, what="a listener")
            time.sleep(1)
            writer.stop()
            revisions: set[Revision] = set()

            def is_whole() -> bool:
                revisions.update(_revisions(watch))
                return revisions >= writer.expected

            wait_until(is_whole, seconds=60, what="every post with its last edit")
            process.terminate()
            assert process.wait(30) == 0
    assert {event_id for event_id, _ in revisions} == {event_id for event_id, _ in writer.expected}


def _configure(folder: Path, fake: FakeMastodon, service: Served) -> None:
    values = fake.settings(service.url) | {"per_page": 40, "remember": 2_000, "every": "1s"}
    lines = [f"{key} = {value!r}" for key, value in values.items()]
    text = "\n".join(["[mastodon.killed]", *lines])
    (folder / "feedback.toml").write_text(text, encoding="utf-8")


def _revisions(watch: Arrivals) -> set[Revision]:
    records = [Feedback.from_payload(message.value) for message in watch.read()]
    return {(record.native_id, record.revision) for record in records}
