"""`feedback connect`, `connectors`, `reply` and the sources in `feedback status`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.runtime.coverage import load_coverage
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import Settings
from tests.support.cli import feedback_output, invoke_feedback
from tests.support.fake_service import Served, serve_fake
from tests.support.pipeline import feedback, wait_until
from tests.support.services.trustpilot import FakeTrustpilot

pytestmark = pytest.mark.slow

Line = Callable[..., str]


@pytest.fixture
def fake() -> FakeTrustpilot:
    return FakeTrustpilot()


@pytest.fixture
def service(fake: FakeTrustpilot) -> Iterator[Served]:
    with serve_fake(fake) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, fake: FakeTrustpilot, service: Served, name: str) -> Path:
    """A folder with a settings file of one instance."""
    settings = fake.settings(service.url)
    lines = [f"{key} = {orjson.dumps(value).decode()}" for key, value in settings.items()]
    text = "\n".join(
        [f"[trustpilot.{name}]", *lines, 'site = "Ward 7"', 'every = "1s"', "reply_as = 'u1'"]
    )
    (tmp_path / "feedback.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An instance of the test's own: tests share Kafka, and so cursors."""
    return request.node.name.replace("test_", "").replace("_", "-")[:60]


@pytest.fixture
def line(environment: dict[str, str], folder: Path) -> Line:
    def run(text: str, status: int = 0) -> str:
        return feedback_output(text, environment, folder, status=status)

    return run


def get_entry(settings: Settings, name: str) -> Any:
    return load_coverage(ConnectorBroker(settings.kafka))["trustpilot", name]


def test_a_source_is_collected_once_and_then_only_what_is_new(
    line: Line, fake: FakeTrustpilot, name: str
) -> None:
    (first,) = orjson.loads(line("feedback connect --all --json"))
    assert (first["published"], first["backfill"], first["state"]) == (35, True, "ok")
    assert (first["site"], first["family"]) == ("Ward 7", "review")
    (second,) = orjson.loads(line(f"feedback connect trustpilot.{name} --json"))
    assert (second["read"], second["backfill"]) == (0, False)
    fake.reviews.append(fake._review(36))
    assert "1" in line("feedback connect trustpilot")
    (again,) = orjson.loads(line("feedback connect trustpilot --again --json"))
    assert again["published"] == 36


def test_status_shows_how_sources_fare(line: Line, service: Served, name: str) -> None:
    line("feedback connect --all")
    assert "Ward 7" in status(line)
    service.faults.extend(["403"])
    line("feedback connect --all", status=4)
    sources = {item["instance"]: item for item in orjson.loads(status(line, "--json"))["sources"]}
    assert (sources[name]["state"], sources[name]["failures"]) == ("failed", 1)
    assert sources[name]["succeeded_at"] < sources[name]["finished_at"]
    line("feedback connect --all")
    sources = {item["instance"]: item for item in orjson.loads(status(line, "--json"))["sources"]}
    assert (sources[name]["state"], sources[name]["failures"]) == ("ok", 0)


def status(line: Line, *options: str) -> str:
    """`feedback status`; local engines that a user of this machine may run do not matter."""
    return line(" ".join(["feedback status", *options]))


def test_a_dry_run_shows_records_and_publishes_nothing(
    line: Line, settings: Settings, name: str
) -> None:
    shown = orjson.loads(line("feedback connect trustpilot --dry-run --json"))
    assert [item["stars"]["value"] for item in shown] == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert ("trustpilot", name) not in load_coverage(ConnectorBroker(settings.kafka))


def test_a_source_is_tried_out_without_a_file(
    service: Served, fake: FakeTrustpilot, environment: dict[str, str], tmp_path: Path
) -> None:
    options = [f"--set {key}={value}" for key, value in fake.settings(service.url).items()]
    text = f"feedback connect trustpilot --dry-run --json {' '.join(options)}"
    assert len(orjson.loads(feedback(text, environment, tmp_path))) == 5


def test_following_runs_by_the_schedule_until_it_is_stopped(
    fake: FakeTrustpilot,
    folder: Path,
    settings: Settings,
    environment: dict[str, str],
    name: str,
) -> None:
    command = [sys.executable, "-m", "pipeline.cli", "connect", "--all", "--follow"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=log)
        try:
            broker = ConnectorBroker(settings.kafka)
            key = ("trustpilot", name)
            wait_until(lambda: key in load_coverage(broker), seconds=60, what="a run")
            fake.reviews.append(fake._review(37))
            newest = fake.reviews[-1]["createdAt"]
            wait_until(
                lambda: newest[:19] in str(get_entry(settings, name).newest_at).replace(" ", "T"),
                seconds=60,
                what="the new review's time in the ledger",
            )
            process.terminate()
            assert process.wait(30) == 0
        finally:
            if process.poll() is None:
                process.kill()
    text = (folder / "log").read_text("utf-8")
    assert "collected" in text
    assert not any(secret in text for secret in fake.secrets)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("connect", "name some, or use --all"),
        ("connect mastodn", "there is no connector 'mastodn'"),
        ("connect --all --config nowhere.toml", "reading nowhere.toml: No such file"),
        ("connect --all", "`feedback connectors NAME` shows the section of one"),
        ("connect trustpilot --set business_unit", "it must be KEY=VALUE"),
        ("connect trustpilot --set site=x", "business_unit: Field required"),
        ("connect rss --set url=https://x.example", "did you mean urls?"),
        ("connect rss --set urls=[] --config a.toml", "--set is used instead of a settings file"),
        ("connect rss --follow --json", "reading --json: it belongs to a single run"),
        ("connect rss --follow --again", "reading --again: it belongs to a single run"),
        ("connect rss --follow --dry-run", "reading --dry-run: it belongs to a single run"),
        ("connectors nothing", "there is no connector 'nothing'"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: str, sentence: str, environment: dict[str, str], tmp_path: Path
) -> None:
    done = invoke_feedback(f"feedback {arguments}", environment, tmp_path)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "section", "sentence"),
    [
        ("connect --all", "[typeform.d]", "(typeform.d); use `feedback serve`"),
        ("connect --all", "[typeform.d]\nenabled = false", "it has no enabled source"),
        (
            "connect typeform.d --dry-run",
            "[typeform.d]",
            "running typeform.d: it receives webhooks",
        ),
        ("serve", "[rss.blog]\nurls = ['https://x.example/feed']", "no enabled webhook or form"),
    ],
)
def test_a_source_that_the_command_cannot_run_is_wrong_usage(
    arguments: str, section: str, sentence: str, environment: dict[str, str], tmp_path: Path
) -> None:
    secret = "\nwebhook_secret = 'made up'" if "typeform" in section else ""
    (tmp_path / "feedback.toml").write_text(section + secret, "utf-8")
    done = invoke_feedback(f"feedback {arguments}", environment, tmp_path)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


def test_connectors_are_listed_with_what_they_need(
    environment: dict[str, str], tmp_path: Path
) -> None:
    result = orjson.loads(feedback_output("feedback connectors --json", environment, tmp_path))
    (item,) = [each for each in result if each["name"] == "trustpilot"]
    assert item["family"] == "review"
    assert item["capabilities"] == ["polled", "reply", "edits"]
    secrets = {field["name"] for field in item["fields"] if field["secret"]}
    assert secrets == {"api_key", "api_secret"}
    assert all(each["cursor"] and each["fields"] for each in result)
    assert "business_unit" in feedback_output(
        "feedback connectors trustpilot", environment, tmp_path
    )
    assert "Trustpilot" in feedback("feedback connectors", environment, tmp_path)


def test_a_reply_is_shown_and_sent_only_when_told_to(
    line: Line, fake: FakeTrustpilot, environment: dict[str, str], folder: Path
) -> None:
    review = fake.reviews[0]["id"]
    shown = line(f"feedback reply trustpilot {review} 'Thank you, we will look into it.'")
    assert "not sent" in shown and fake.replies == {}
    sending = f"feedback reply trustpilot {review} 'Thank you.' --send --json"
    reply = orjson.loads(feedback(sending, environment, folder))
    assert (reply["sent"], fake.replies) == (True, {review: "Thank you."})
