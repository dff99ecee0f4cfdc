"""A connector that is killed again and again in its first run loses nothing and doubles nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from schemas.documents import READ_ALIAS
from tests.support.fake_service import serve_fake
from tests.support.pipeline import feedback, wait_until
from tests.support.services.trustpilot import FakeTrustpilot
from tests.support.worker import running_roles

COUNT = 5_000
KILLS = 10


@pytest.mark.timeout(600)
def test_a_backfill_killed_at_ten_random_moments_is_whole_and_not_doubled(
    settings: Settings,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    fake = FakeTrustpilot(COUNT)
    with serve_fake(fake) as service, running_roles(settings, Role.ENRICH, Role.INDEX):
        lines = [
            f"{key} = {orjson.dumps(value).decode()}"
            for key, value in (fake.settings(service.url) | {"per_page": 100}).items()
        ]
        text = "\n".join(["[trustpilot.killed]", *lines, 'site = "Killed"'])
        (tmp_path / "feedback.toml").write_text(text, encoding="utf-8")
        killed = 0
        while killed < KILLS:
            before = len(service.requests)
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "connect", "trustpilot"],
                env=environment,
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            wait_until(lambda b=before: len(service.requests) > b, seconds=60, what="a request")
            time.sleep(random.uniform(0, 2.5))
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            killed += 1
        feedback("feedback connect trustpilot", environment, tmp_path)
        assert killed == KILLS, "the backfill was over before it was killed ten times"
        expected = {review["id"] for review in fake.reviews}
        wait_until(
            lambda: read_native_ids(settings) == expected, seconds=120, what=f"{COUNT} documents"
        )


def read_native_ids(settings: Settings) -> set[str]:
    """The native ids that the index holds; fails where one stands twice."""
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        hits = client.search(
            index=READ_ALIAS,
            size=10_000,
            source=["feedback.native_id"],
            query={"term": {"feedback.site": "Killed"}},
        )["hits"]["hits"]
    ids = [hit["_source"]["feedback"]["native_id"] for hit in hits]
    assert len(ids) == len(set(ids))
    return set(ids)
