"""`feedback dead list` on a real Kafka."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.commands import dead
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.acknowledged_producer import AcknowledgedProducer
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from schemas.message import dead_letter_message

NOW = datetime.now(UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(dead, "settings", lambda: settings)
    return lambda *arguments: CliRunner().invoke(dead.app, ["list", *arguments])


@pytest.fixture(scope="module", autouse=True)
def letters(settings: Settings) -> None:
    """Letters of a source of their own, a minute apart, and older ones before them."""
    with AcknowledgedProducer(settings.kafka) as producer:
        for number in range(300):
            producer.send(
                dead_letter_message(
                    DeadLetter.create(
                        stage="listing" if number % 2 else "other listing",
                        origin=f"listed:line {number}",
                        reason="reading text: too [long]"
                        if number % 3 == 0
                        else "reading stars: no number",
                        payload=b"secret",
                        error="BadRecord",
                        source="listed",
                        failed_at=NOW - timedelta(minutes=300 - number),
                    )
                )
            )
        producer.wait_for_acks(producer.flush())


def origins(result: Result) -> list[int]:
    return [int(letter["origin"].split()[-1]) for letter in orjson.loads(result.stdout)["letters"]]


def test_the_newest_come_first(run: Run) -> None:
    assert origins(run("--source", "listed", "--limit", "3", "--json")) == [299, 298, 297]


def test_filters_reach_back_as_far_as_they_need(run: Run) -> None:
    wanted = ["--source", "listed", "--stage", "listing", "--reason", "TOO", "--json"]
    assert origins(run(*wanted, "--limit", "200")) == list(range(297, 0, -6))


def test_since_leaves_the_older_ones_out(run: Run) -> None:
    since = (NOW - timedelta(minutes=5, seconds=30)).isoformat()
    shown_origins = origins(run("--source", "listed", "--since", since, "--limit", "99", "--json"))
    assert shown_origins == [299, 298, 297, 296, 295]


def test_reasons_are_counted_and_payloads_stay_hidden(run: Run) -> None:
    plain = run("--source", "listed", "--limit", "30")
    assert "reading text: too [long]" in plain.stdout
    assert "20 reading stars: no number" in " ".join(plain.stdout.split())
    assert "secret" not in plain.stdout
    assert "secret" in run("--source", "listed", "--limit", "1", "--payload").stdout


def test_none_is_said_and_is_no_failure(run: Run) -> None:
    result = run("--source", "nobody")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no matching dead letters\n"


def test_a_wrong_time_is_a_usage_error(run: Run) -> None:
    result = run("--since", "yesterday")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status == ExitStatus.USAGE
