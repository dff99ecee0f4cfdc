"""`feedback datasets` on real engines: what is listed, and an import that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands.datasets import app as datasets
from pipeline.commands.ingest import command
from pipeline.commands.ingest.result import is_worker_running
from pipeline.commands.sources import select
from pipeline.elasticsearch.client import connect
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from schemas.documents import READ_ALIAS
from tests.support.pipeline import wait_until
from tests.support.worker import drain, running_roles

Run = Callable[..., Result]

MARCH = (
    "Date,Site,Comments\n2026-03-04,Eastgate,The nurse explained every step to my father.\n"
    "2026-03-05,Eastgate,We waited for three hours without a word.\n"
    "2026-03-06,Westgate,Clean rooms and warm food on both days.\n"
)
APRIL = "Date,Site,Comments\n2026-04-01,Eastgate,The lift was broken and nobody knew why.\n"
NOTHING_TELLS = (
    "Date,Comments\n03/04/2026,The porter sang while he pushed my bed.\n"
    "05/04/2026,My letter came after the appointment that it was about.\n"
)


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    app.command()(command.ingest)
    app.add_typer(datasets.app, name="datasets")
    for module in (command, datasets, select):
        monkeypatch.setattr(module, "settings", lambda: settings)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@contextmanager
def running_worker(settings: Settings) -> Iterator[None]:
    with running_roles(settings, Role.ENRICH, Role.INDEX):
        wait_until(lambda: is_worker_running(settings), seconds=60, what="a worker")
        yield


def answer(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, (result.output, result.exception)
    document: dict[str, object] = orjson.loads(result.stdout)
    return document


def texts(settings: Settings, import_id: str) -> list[str]:
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS)
        found = client.search(
            index=READ_ALIAS,
            query={"term": {"feedback.attributes.import": import_id}},
            size=50,
        )
    return sorted(hit["_source"]["message"] for hit in found["hits"]["hits"])


def test_an_import_is_listed_shown_and_taken_back(
    run: Run, settings: Settings, tmp_path: Path
) -> None:
    march, april = tmp_path / "march.csv", tmp_path / "april.csv"
    march.write_text(MARCH)
    april.write_text(APRIL)
    with running_worker(settings):
        wrong = str(answer(run("ingest", march, "--json"))["import"])
        right = str(answer(run("ingest", april, "--json"))["import"])

        imports: Any = answer(run("datasets", "list", "--json"))["imports"]
        listed = {each["id"]: each for each in imports}
        assert (listed[wrong]["name"], listed[wrong]["records"]) == ("march", 3)
        assert listed[wrong]["sites"] == {"Eastgate": 2, "Westgate": 1}
        assert listed[wrong]["given"][0].startswith("2026-03-04")
        shown = run("datasets", "show", "march")
        assert "Eastgate 2, Westgate 1" in shown.stdout

        dry = answer(run("datasets", "remove", "march", "--json"))
        assert (dry["removed"], dry["remaining"]) == (False, 3)
        assert len(texts(settings, wrong)) == 3

        removed = answer(run("datasets", "remove", wrong, "--yes", "--json"))
        assert (removed["deletions"], removed["remaining"]) == (3, 0)
        assert texts(settings, wrong) == []
        assert len(texts(settings, right)) == 1

        # Its file is as new: it needs no --again.
        assert answer(run("ingest", march, "--json"))["published"] == 3
        assert len(texts(settings, wrong)) == 3


def test_a_corrected_import_takes_the_place_of_the_wrong_one(
    run: Run, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "ambiguous.csv"
    path.write_text(NOTHING_TELLS)
    with running_worker(settings):
        assert answer(run("ingest", path, "--date-format", "dmy", "--json"))["indexed"] == 2
        corrected = answer(run("ingest", path, "--date-format", "mdy", "--json"))
        assert corrected["indexed"] == 2
    with connect(settings) as client:
        client.indices.refresh(index=READ_ALIAS)
        found = client.search(
            index=READ_ALIAS,
            query={"term": {"feedback.attributes.import_name": "ambiguous"}},
            size=50,
        )
    dates = sorted(hit["_source"]["@timestamp"][:10] for hit in found["hits"]["hits"])
    assert dates == ["2026-03-04", "2026-05-04"]


def test_what_waits_to_be_indexed_is_said(run: Run, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "early.csv"
    path.write_text(APRIL.replace("lift", "door"))
    with running_worker(settings):
        found = answer(run("ingest", path, "--json"))["import"]
    second = tmp_path / "late.csv"
    second.write_text(APRIL.replace("lift", "window"))
    run("ingest", second, "--no-wait")
    result = run("datasets", "remove", found, "--yes")
    assert "1 records wait to be indexed" in result.stderr
    assert "1 records are still in the index: `feedback worker`" in result.stderr
    drain(settings, Role.ENRICH, Role.INDEX)
    assert texts(settings, str(found)) == []


def test_an_import_that_does_not_exist_is_an_error(run: Run) -> None:
    result = run("datasets", "show", "nothing of this name")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.FAILED
    assert "`feedback datasets list` shows all" in str(result.exception)


def test_an_import_is_found_by_the_name_of_its_file_and_the_latest_are_listed(
    run: Run, settings: Settings, tmp_path: Path
) -> None:
    folders = [tmp_path / "east", tmp_path / "west"]
    with running_worker(settings):
        for folder, word in zip(folders, ("ramp", "kiosk"), strict=True):
            folder.mkdir()
            (folder / "twins.csv").write_text(APRIL.replace("lift", word))
        first = str(answer(run("ingest", folders[0] / "twins.csv", "--json"))["import"])
        assert answer(run("datasets", "show", "exports/twins.csv", "--json"))["id"] == first
        second = str(answer(run("ingest", folders[1] / "twins.csv", "--json"))["import"])
    result = run("datasets", "remove", "twins")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.USAGE
    assert all(each in str(result.exception) for each in (first, second))
    assert answer(run("datasets", "show", second[:8], "--json"))["records"] == 1
    listed: Any = answer(run("datasets", "list", "--limit", "1", "--json"))
    assert ([each["id"] for each in listed["imports"]], listed["more"]) == ([second], True)
    assert "these are the latest 1" in run("datasets", "list", "--limit", "1").stderr


@pytest.mark.parametrize("wanted", ["", "i", ".csv"])
def test_what_names_no_import_finds_none(run: Run, wanted: str) -> None:
    assert "not found" in str(run("datasets", "show", wanted).exception)
