"""`feedback ingest` on real engines: every row accounted for, a second run adds nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands.ingest import command
from pipeline.commands.ingest.result import is_worker_running
from pipeline.elasticsearch.client import connect
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.streams.roles import configured_roles
from schemas.documents import READ_ALIAS
from schemas.feedback import Feedback, Label
from schemas.kafka_topics import FORMS
from schemas.record import deterministic_id
from tests.support.kafka import read_all
from tests.support.pipeline import wait_until
from tests.support.worker import running_roles

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    app.command()(command.ingest)
    current = settings

    def invoke(*arguments: str, input: bytes | None = None, **changes: Any) -> Result:  # noqa: A002
        configuration = current.model_copy(update=changes)
        monkeypatch.setattr(command, "settings", lambda: configuration)
        return CliRunner().invoke(app, list(map(str, arguments)), input=input)

    return invoke


def failure(result: Result) -> tuple[ExitStatus, str]:
    assert isinstance(result.exception, CommandError), result.output
    return result.exception.status, str(result.exception)


ROWS = (
    "id,text,date,rating\n1,Kind nurses,2026-05-06,5\n2,,2026-05-06,1\n3,Slow,never,2\n"
    "4,Waited for hours,2026-05-07,1\n4,Waited for hours,2026-05-07,1\n5,,2026-05-08,\n"
)


OWN = ("--dataset", "followed", "--map", "id=id")


def test_a_dry_run_shows_records_and_counts_and_needs_no_server(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dry.csv"
    path.write_text(ROWS)
    nowhere = {"kafka_bootstrap_servers": "127.0.0.1:1", "elasticsearch_url": "http://127.0.0.1:1"}
    result = run(path, "--dry-run", **nowhere)
    assert result.exit_code == 0
    assert "Kind nurses" in result.stdout
    assert "rows without a readable date, which get the date of the row before: 1" in result.stderr
    assert "no text and no score (dry:line 7)" in " ".join(result.stdout.split())


def test_without_a_worker_rows_wait_in_kafka_and_the_command_says_so(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "waiting.csv"
    path.write_text(ROWS)
    result = run(path, "--json")
    answer = orjson.loads(result.stdout)
    assert {
        name: answer[name]
        for name in ("rows_read", "published", "dead_lettered", "skipped", "repeated", "indexed")
    } == {
        "rows_read": 6, "published": 4, "dead_lettered": 0, "skipped": 1, "repeated": 1,
        "indexed": 0,
    }  # fmt: skip
    assert answer["skips"] == [
        {"reason": "no text and no score", "count": 1, "examples": ["waiting:line 7"]}
    ]
    assert "4 records are waiting in Kafka: start `feedback worker`" in result.stderr


def test_with_a_worker_every_row_is_followed_to_the_index_and_a_second_run_adds_none(
    run: Run, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "followed.csv"
    path.write_text(ROWS)
    with running_roles(settings, *configured_roles(settings)):
        wait_until(lambda: is_worker_running(_settings(run)), seconds=60, what="a worker")
        first, second = (orjson.loads(run(path, *OWN, "--json").stdout) for _ in range(2))
    assert (first["indexed"], first["waiting"], first["adds_up"]) == (4, 0, True)
    assert (second["indexed"], second["published_earlier_rows"]) == (4, 6)
    stderr = run(path, *OWN).stderr
    assert "already ingested: 6 rows" in stderr
    assert get_label("followed/2", settings) == Label.NOT_SCORED  # it has stars and no text


def get_label(native_id: str, settings: Settings) -> str:
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS)
        query = {"term": {"event.id": deterministic_id("file", native_id)}}
        (hit,) = client.search(index=READ_ALIAS, query=query)["hits"]["hits"]
    return str(hit["_source"]["feedback"]["sentiment"]["label"])


def _settings(run: Run) -> Settings:
    run("--help")
    return command.settings()


def test_standard_input_is_read_and_its_ids_stay_the_same(run: Run) -> None:
    content = b'{"id": 1, "text": "Fine", "date": "2026-05-06"}\n'
    answers = [
        orjson.loads(run("-", "--no-wait", "--json", input=content).stdout) for _ in range(2)
    ]
    assert [(a["dataset"], a["published"], a["indexed"]) for a in answers] == [
        ("stdin", 1, None)
    ] * 2


def test_a_file_is_history_unless_it_is_said_to_be_news(
    run: Run, tmp_path: Path, settings: Settings
) -> None:
    for name, options in (("history", []), ("news", ["--news"])):
        path = tmp_path / f"{name}.csv"
        path.write_text(ROWS)
        own = ("--dataset", name, "--map", "id=id")
        assert run(path, "--no-wait", *own, *options).exit_code == 0
    ours = [m.value for m in read_all(settings, FORMS) if b'/1"' in m.value]
    came = [Feedback.from_payload(value) for value in ours]
    backfills = {r.native_id: r.backfill for r in came if r.native_id in {"history/1", "news/1"}}
    assert backfills == {"history/1": True, "news/1": False}


def test_the_named_sheet_of_a_workbook_is_read(run: Run, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for number, (title, text) in enumerate([("Spring", "Kind"), ("Autumn", "Slow")], start=1):
        sheet = book.create_sheet(title)
        sheet.append(["id", "text", "date"])
        sheet.append([number, text, "2026-05-06"])
    del book["Sheet"]
    path = tmp_path / "visits.xlsx"
    book.save(path)
    named = run(path, "--dry-run", "--sheet", "autumn")
    assert "Slow" in named.stdout
    assert "Kind" not in named.stdout
    results = [
        orjson.loads(run(path, "--no-wait", "--json", *options).stdout)
        for options in ([], ["--sheet", "Autumn"])
    ]
    assert [(item["sheet"], item["dataset"], item["published"]) for item in results] == [
        (None, "visits", 2),
        ("Autumn", "visits/Autumn", 1),
    ]
    assert failure(run(path, "--sheet", "Autum")) == (
        ExitStatus.USAGE,
        "reading visits.xlsx: no sheet 'Autum'; did you mean 'Autumn'?",
    )


def test_no_kafka_is_one_sentence_and_its_status(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "alone.csv"
    path.write_text(ROWS)
    status, sentence = failure(run(path, kafka_bootstrap_servers="127.0.0.1:1"))
    assert status == ExitStatus.UNAVAILABLE
    assert sentence == (
        "connecting to Kafka at 127.0.0.1:1: no broker answers; start one with `feedback up`, or "
        "name yours in FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
    )


def test_no_elasticsearch_does_not_stop_the_ingest(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "unindexed.csv"
    path.write_text(ROWS)
    result = run(path, "--json", elasticsearch_url="http://127.0.0.1:1")
    assert result.exit_code == 0
    assert orjson.loads(result.stdout)["indexed"] is None
    assert "connecting to Elasticsearch" in result.stderr
    assert "the published records remain in Kafka" in result.stderr


@pytest.mark.parametrize(
    ("content", "arguments", "status", "words"),
    [
        (b"", [], ExitStatus.BAD_INPUT, "it is empty"),
        (b"PK\x03\x04", [], ExitStatus.BAD_INPUT, "Excel"),
        (b"id,text,date\n", [], ExitStatus.BAD_INPUT, "it has no rows after its header"),
        (
            b"text\n" + b"a" * 100_001 + b"\n",
            ["--dry-run"],
            ExitStatus.BAD_INPUT,
            "no row could be read",
        ),
        (b"text\na\n", ["--preset", "nsh-fft"], ExitStatus.USAGE, "did you mean nhs-fft?"),
        (b"text\na\n", ["--map", "text"], ExitStatus.USAGE, "it must be FIELD=COLUMN"),
        (b"text\na\n", ["--scale", "stars=5"], ExitStatus.USAGE, "MEASURE=WORST:BEST"),
        (b"text\na\n", ["--dataset", " "], ExitStatus.USAGE, "reading the option dataset"),
    ],
)
def test_what_cannot_be_read_ends_in_one_sentence(
    run: Run, tmp_path: Path, content: bytes, arguments: list[str], status: ExitStatus, words: str
) -> None:
    path = tmp_path / "unusable.csv"
    path.write_bytes(content)
    found, sentence = failure(run(path, *arguments))
    assert found == status
    assert words in sentence
