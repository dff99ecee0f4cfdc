"""`feedback ingest` before it publishes: what it shows, asks and refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats, TimeRange
from connectors.runtime.runner import RunOutcome
from pipeline.commands.ingest import command
from pipeline.commands.ingest.view import print_resumed
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from schemas.cursor import Cursor

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    app.command()(command.ingest)
    monkeypatch.setattr(command, "settings", Settings)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, list(map(str, arguments)))

    return invoke


def write(folder: Path, *rows: str) -> Path:
    path = folder / "visits.csv"
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def failure(result: Result) -> tuple[ExitStatus, str]:
    assert isinstance(result.exception, CommandError), result.output
    return result.exception.status, str(result.exception)


def test_columns_taken_and_left_out_are_shown(run: Run, tmp_path: Path) -> None:
    path = write(
        tmp_path, "Date,Ref,Comment,Rating,Email", "2026-01-02,R-9,Long queue,2,jo@example.org"
    )
    result = run(path, "--dry-run")
    lines = [" ".join(line.split()) for line in result.stderr.splitlines()]
    assert "Date created_at 100% dates 2026-01-02" in lines
    assert "Ref left out 100% words R-9" in lines
    assert "jo@example.org" not in result.stderr
    assert any(line.startswith("stars from 1 to 5 (2: 1): guess") for line in lines)


def test_json_has_the_same(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Ref,Comment,Rating", "01/02/2026,R-9,Long queue,2")
    answer = orjson.loads(run(path, "--dry-run", "--json").stdout)
    assert answer["dates"]["certainty"] == "guess"
    assert answer["left_out"] == ["Ref"]
    assert answer["scores"]["stars"]["spread"] == {"2": 1}
    assert any("may be 2 January 2026" in note for note in answer["notes"])
    assert [column["field"] for column in answer["column_summaries"]] == [
        "created_at", None, "text", "stars",
    ]  # fmt: skip


def test_dates_that_nothing_tells_are_refused_with_both_commands(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Comment", "01/02/2026,Long queue", "03/02/2026,Short queue")
    status, sentence = failure(run(path))
    assert status == ExitStatus.USAGE
    assert "1 February 2026" in sentence and "--date-format dmy" in sentence
    assert "2 January 2026" in sentence and "--date-format mdy" in sentence


def test_more_than_a_tenth_of_dead_letters_is_a_failure_unless_allowed(
    run: Run, tmp_path: Path
) -> None:
    rows = [f"2026-01-{day:02},{'x' * (100_001 if day < 3 else 9)}" for day in range(1, 11)]
    path = write(tmp_path, "Date,Comment", *rows)
    status, sentence = failure(run(path, "--dry-run"))
    assert status == ExitStatus.BAD_INPUT
    assert "2 of 10 rows are dead-lettered" in sentence
    assert run(path, "--dry-run", "--allow-dead-letters").exit_code == 0


def test_several_columns_of_comments_can_be_stated(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, "Date,A,B", "2026-01-02,one thing,another")
    result = run(path, "--dry-run", "--json", "--map", "text=A", "--map", "text=B")
    answer = orjson.loads(result.stdout)
    assert (answer["texts"], answer["published"]) == (["A", "B"], 2)


def test_the_order_of_dates_is_asked_for_a_file_of_several_by_itself(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "Date,Comment", "01/02/2026,Late lunch")
    empty = tmp_path / "empty.csv"
    empty.touch()
    monkeypatch.setattr("sys.argv", ["feedback", "ingest", str(path), str(empty), "--news"])
    result = run(empty, path, "--news")
    _, sentence = failure(result)
    assert f"feedback ingest --news {path} --date-format dmy" in sentence


def test_rows_that_an_earlier_file_has_are_told(run: Run, tmp_path: Path) -> None:
    header, first, second = "Date,Comment", "2026-01-02,Long queue", "2026-01-03,Kind porter"
    write(tmp_path, header, first).rename(tmp_path / "week 1.csv")
    write(tmp_path, header, second, first).rename(tmp_path / "week 2.csv")
    result = run(tmp_path, "--dry-run")
    assert "1 of its records are in week 1.csv, too" in " ".join(result.stderr.split())
    answers = orjson.loads(run(tmp_path, "--dry-run", "--json").stdout)["files"]
    assert [answer["also_in"] for answer in answers] == [
        None, {"file": "week 1.csv", "records": 1},
    ]  # fmt: skip


def test_the_name_is_told_under_which_the_same_content_came_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "Date,Comment", "2026-01-02,Long queue")
    *_, last = FileConnector(FileConfig(path=path)).fetch(None)
    other = path.rename(tmp_path / "visits (1).csv")
    connector = FileConnector(FileConfig(path=other))
    cursor = Cursor(
        source="file", instance="x", position=last.cursor or "", stored_at=datetime.now(UTC)
    )
    assert connector.find_other_name(cursor.position) == "visits"
    stats = RunStats(read=1, already_published=1)
    print_resumed(connector, RunOutcome(stats, cursor, TimeRange()))
    shown = " ".join(capsys.readouterr().err.split())
    assert "already ingested: 1 rows" in shown
    assert "when the same content was called 'visits'" in shown
