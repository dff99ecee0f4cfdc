"""Variables that begin with FEEDBACK_: slips of the pen are errors, what is needed is not."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import PREFIX, Settings
from pipeline.unknown_variables import (
    describe_unknown_variables,
    find_unknown_variables,
    list_settings_files,
)

ROOT = Path(__file__).parents[2]
ALL_SETTINGS = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]


def find(*variables: str, text: str = "", arguments: tuple[str, ...] = ()) -> list[str]:
    return [*find_unknown_variables(variables, [], (*arguments, text))]


def test_the_settings_are_known_in_either_case() -> None:
    assert find(*ALL_SETTINGS, "feedback_model", "PATH", "MY_FEEDBACK_X") == []


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ("FEEDBACK_MODLE", "did you mean FEEDBACK_MODEL?"),
        ("feedback_modle", "did you mean FEEDBACK_MODEL?"),
        ("FEEDBACK_KAFKA_SERVERS", "did you mean FEEDBACK_KAFKA_BOOTSTRAP_SERVERS?"),
        ("FEEDBACK_ELASTICSEARCH_URLS", "did you mean FEEDBACK_ELASTICSEARCH_URL?"),
        ("FEEDBACK_KAFKA_PORT", "did you mean FEEDBACK_LOCAL_KAFKA_PORT?"),
        ("FEEDBACK_XYZ", "`feedback config show` lists those there are"),
    ],
)
def test_an_unknown_one_is_a_sentence_with_the_likely_one(variable: str, sentence: str) -> None:
    (described,) = describe_unknown_variables(find_unknown_variables([variable], []))
    name = variable.upper()
    assert described == f"reading the environment: {name} is not a setting; {sentence}"


@pytest.mark.parametrize(
    "reference",
    [
        'token = { env = "FEEDBACK_TOKEN" }',
        "token = {env='FEEDBACK_TOKEN'}",
        'token.env = "FEEDBACK_TOKEN"',
        'token = { "env" = "FEEDBACK_TOKEN" }',
        '# token = { env = "FEEDBACK_TOKEN" }',
        '[broken\ntoken = { env = "feedback_token" }',
    ],
)
def test_what_the_settings_file_refers_to_is_known(reference: str, tmp_path: Path) -> None:
    (tmp_path / "feedback.toml").write_text(reference, encoding="utf-8")
    files = [tmp_path / "feedback.toml", tmp_path / "none.toml"]
    assert find_unknown_variables(["FEEDBACK_TOKEN"], files) == {}
    assert find("FEEDBACK_TOKEN", arguments=("--set", reference)) == []
    assert find("FEEDBACK_TOKEN") == ["FEEDBACK_TOKEN"]


def test_the_files_are_the_default_one_and_those_of_options() -> None:
    arguments = ["connect", "--config", "a.toml", "--config=b.toml", "--config"]
    assert [*map(str, list_settings_files(arguments, Path("c.toml")))][:3] == [
        "c.toml",
        "a.toml",
        "b.toml",
    ]
    assert list_settings_files([], Path("c.toml")) == [Path("c.toml")]


def test_what_kubernetes_sets_for_a_service_is_known() -> None:
    service = [
        "FEEDBACK_FORM_SERVICE_HOST",
        "FEEDBACK_FORM_SERVICE_PORT",
        "FEEDBACK_FORM_SERVICE_PORT_HTTP",
        "FEEDBACK_FORM_PORT",
        "FEEDBACK_FORM_PORT_8080_TCP",
        "FEEDBACK_FORM_PORT_8080_TCP_ADDR",
    ]
    assert find(*service, "FEEDBACK_SERVICE_HOST", "FEEDBACK_PORT") == []
    assert find("FEEDBACK_FORM_PORT") == ["FEEDBACK_FORM_PORT"]


def test_what_this_checkout_names_is_known() -> None:
    """Tests, benchmarks, containers and documentation: none may set what the product refuses."""
    folders = ("bench", "deploy", "docs", "pipeline", "connectors", ".github", ".ci")
    files = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    paths = [path for path in files if path.is_file() and "__pycache__" not in path.parts]
    paths += [ROOT / name for name in ("Makefile", "docker-compose.yml", "README.md")]
    named = {
        name
        for path in paths
        for name in re.findall(r"(?<!\w)FEEDBACK_[A-Z_]*[A-Z](?!\w)", read(path))
    }
    for path in (ROOT / "tests").rglob("*.py"):
        named |= {*re.findall(r'environ(?:\.get\(|\[)"(FEEDBACK_\w+)"', read(path))}
    assert {"FEEDBACK_DATA", "FEEDBACK_EXAMPLES", "FEEDBACK_MODEL"} <= named
    assert find(*named) == []


def read(path: Path) -> str:
    return path.read_text("utf-8", errors="ignore")


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Exception | None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    error = CliRunner().invoke(app, arguments).exception
    return error if isinstance(error, CommandError) else None


@pytest.mark.parametrize(
    "arguments", [("connectors",), ("worker",), ("search", "rude"), ("alerts", "list"), ("up",)]
)
def test_every_command_refuses_an_unknown_variable(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    error = run(*arguments, monkeypatch=monkeypatch, FEEDBACK_MODLE="s3cret")
    assert isinstance(error, CommandError)
    assert error.status is ExitStatus.USAGE
    assert "FEEDBACK_MODEL?" in str(error)
    assert "s3cret" not in str(error)


def test_help_and_the_variables_of_another_settings_file_are_no_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("connectors", "--help", monkeypatch=monkeypatch, FEEDBACK_WARD="1") is None
    path = tmp_path / "sources.toml"
    path.write_text('[rss.news]\nurls = [{ env = "FEEDBACK_WARD" }]\n', encoding="utf-8")
    error = run("connect", "rss", "--config", str(path), monkeypatch=monkeypatch)
    assert "not a setting" not in str(error)
    monkeypatch.setenv("FEEDBACK_CONFIG", str(path))
    assert run("connectors", monkeypatch=monkeypatch) is None
