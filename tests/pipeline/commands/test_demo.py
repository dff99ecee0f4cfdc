"""`feedback up`, `demo`, `status` and `down`, on engines of their own."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.support.pipeline import feedback

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def alone() -> Iterator[dict[str, str]]:
    """The environment of a user with engines of their own, which are stopped at the end."""
    home = Path(tempfile.mkdtemp(prefix="feedback-demo-"))
    home.chmod(0o755)  # as root the engines run as another user
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        ports = (first.getsockname()[1], second.getsockname()[1])
    environment = {
        **os.environ,
        "FEEDBACK_LOCAL_HOME": str(home / "engines"),
        "FEEDBACK_LOCAL_KAFKA_PORT": str(ports[0]),
        "FEEDBACK_LOCAL_ELASTICSEARCH_PORT": str(ports[1]),
    }
    yield environment
    feedback("feedback down", environment, home)
    shutil.rmtree(home)


def states(environment: dict[str, str], folder: Path, *, status: int = 0) -> list[str]:
    result = orjson.loads(feedback("feedback status --json", environment, folder, status=status))
    return [engine["state"] for engine in result["engines"]]


def test_the_demo_finds_what_it_made_and_leaves_the_engines_as_found(
    alone: dict[str, str], tmp_path: Path
) -> None:
    first = orjson.loads(feedback("feedback demo --json", alone, tmp_path))
    assert first["documents"] == first["published"] >= 2_000
    bad = first["sites"][first["bad_turn"]["site"]]
    assert bad["share_negative_lately"] > 1.5 * bad["share_negative"]
    assert first["urgent"]["comments"] > 0
    assert first["hidden"]["email"] > 0
    assert states(alone, tmp_path, status=3) == ["stopped", "stopped"]

    feedback("feedback up", alone, tmp_path)
    again = feedback("feedback demo", alone, tmp_path)
    assert f"{first['documents']:,} comments found" in again
    assert f"{first['urgent']['comments']:,} urgent: " in again
    assert f"{sum(first['hidden'].values()):,} personal values redacted: " in again
    assert "$ feedback search --urgent" in again
    assert "$ feedback search 'waiting' --label negative" in again
    assert states(alone, tmp_path) == ["running", "running"]

    hint = next(line for line in again.splitlines() if line.startswith("  feedback search"))
    assert "found in" in feedback(hint.strip(), alone, tmp_path)
