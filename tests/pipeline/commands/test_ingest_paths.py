"""Several files and folders at once, without an engine."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands.ingest import command
from pipeline.commands.ingest.paths import expand_paths
from pipeline.errors import CommandError, ExitStatus

ROWS = "id,text,date\n{n},Calm {n},2026-05-0{n}\n"


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(command.ingest)
    return CliRunner().invoke(app, [*map(str, arguments), "--dry-run"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2):
        (tmp_path / f"week {number}.csv").write_text(ROWS.format(n=number))
    (tmp_path / "letter.docx").write_bytes(b"PK")
    (tmp_path / "~$week 1.xlsx").write_bytes(b"lock")
    return tmp_path


def test_a_folder_is_its_tables_by_name_and_the_others_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = expand_paths([str(folder), "-"])
    assert [Path(path).name for path in paths] == ["week 1.csv", "week 2.csv", "-"]
    assert "letter.docx" in capsys.readouterr().err


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no CSV, JSON or Excel file"):
        expand_paths([str(tmp_path)])


def test_each_file_has_an_answer_and_one_that_fails_stops_no_other(folder: Path) -> None:
    (folder / "week 0.csv").write_bytes(b"")
    result = run(folder, "--json")
    answers = orjson.loads(result.stdout)["files"]
    assert [(answer["file"], answer["rows_read"]) for answer in answers] == [
        ("week 1.csv", 1),
        ("week 2.csv", 1),
    ]
    assert isinstance(result.exception, CommandError)
    assert result.exception.status == ExitStatus.BAD_INPUT


def test_what_was_found_and_left_out_is_said_on_the_screen_and_in_json(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes("Ward report;\nComment;Rating\nCafé froid;2\nTotal;2\n".encode("cp1252"))
    result = run(path, "--json")
    answer = orjson.loads(result.stdout)
    assert (answer["written"]["encoding"], answer["written"]["header_line"]) == ("cp1252", 2)
    assert [(each["kind"], each["examples"]) for each in answer["oddities"]] == [
        ("title rows above the header", ["line 1"]),
        ("rows of totals and notes", ["line 4"]),
    ]
    assert "the encoding is cp1252" in result.stderr
    assert "rows of totals and notes: 1 (line 4)" in result.stderr
