from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.runtime.registry import sources
from pipeline.cases.options import load_cases_settings
from pipeline.errors import CommandError
from pipeline.notify.routes import load_routes
from pipeline.settings import Settings
from pipeline.settings_file import (
    SettingsFileError,
    find_unknown_sections,
    name_file,
    read_connector_sections,
    read_sections,
    resolve_secret,
)
from pipeline.translate.settings import load_translate_settings
from pipeline.watch.settings import watch_settings


def test_the_sections_of_connectors_are_those_that_are_not_the_pipelines(tmp_path: Path) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text("[rss.news]\nurl = 'x'\n[hours.desk]\n[notify.ops]\n[cases]\n[alerts]\n")
    assert set(read_sections(path)) == {"rss", "hours", "notify", "cases", "alerts"}
    assert read_connector_sections(path) == {"rss": {"news": {"url": "x"}}}


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError, match="No such file"):
        read_sections(tmp_path / "nowhere.toml")
    (tmp_path / "broken.toml").write_text("[x\n")
    with pytest.raises(SettingsFileError, match=r"reading .*broken\.toml: "):
        read_sections(tmp_path / "broken.toml")


def test_a_secret_is_read_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    resolve = {"TOKEN": "from the environment"}.get
    assert resolve_secret("plain", "reading x", resolve) == "plain"
    assert resolve_secret({"env": "TOKEN"}, "reading x", resolve) == "from the environment"
    assert resolve_secret({"file": str(tmp_path / "token")}, "reading x", resolve) == "from a file"
    several = {"visits": {"env": "TOKEN"}, "births": "plain"}
    resolved = {"visits": "from the environment", "births": "plain"}
    assert resolve_secret(several, "reading x", resolve) == resolved
    other = {"env": "TOKEN", "file": "x"}
    assert resolve_secret(other, "reading x", resolve) == other


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"env": "NONE"}, "reading x: the environment variable NONE is not set"),
        ({"env": 3}, "reading x: env must be a text"),
        ({"a": {"env": "NONE"}}, "reading x.a: the environment variable NONE is not set"),
        ({"file": "/nowhere/token"}, "reading x: reading /nowhere/token: FileNotFoundError"),
    ],
)
def test_a_secret_that_is_missing_is_one_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(SettingsFileError) as raised:
        resolve_secret(value, "reading x", {}.get)
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[notification.x]\n", "there is no section [notification]; did you mean [notify]?"),
        ("[mastodn.x]\n", "there is no section [mastodn]; did you mean [mastodon]?"),
        ("[case]\n", "there is no section [case]; did you mean [cases]?"),
        ("[xyz]\n", "there is no section [xyz]"),
        ("token = 's3cret'\n", "token: it stands outside of any section"),
    ],
)
def test_no_reader_accepts_an_unknown_section(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(
        f"{text}[notify.board]\napprise = 'json://127.0.0.1:9'\n" if text[0] == "[" else text
    )
    settings = Settings(config=path)
    readers: list[Callable[[], object]] = [
        lambda: read_connector_sections(path),
        lambda: load_routes(settings),
        lambda: load_cases_settings(settings),
        lambda: load_translate_settings(settings),
        lambda: watch_settings(path),
    ]
    for reader in readers:
        with pytest.raises((SettingsFileError, CommandError)) as raised:
            reader()
        assert str(raised.value) == f"reading {path}: {fault}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[notify.ops]\nsite = ['x']\n",
            "[notify.ops] site: there is no such setting; did you mean sites?",
        ),
        ("[cases]\nhour = 'x'\n", "[cases]: hour: there is no such setting; did you mean hours?"),
        (
            "[translate]\nservise = 'deepl'\n",
            "[translate]: servise: there is no such setting; did you mean service?",
        ),
        (
            "[alerts]\nzones = 'UTC'\n",
            "[alerts] zones: there is no such setting; did you mean zone?",
        ),
    ],
)
def test_an_unknown_setting_names_file_section_and_the_likely_one(
    tmp_path: Path, text: str, fault: str
) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(text)
    settings = Settings(config=path)
    readers = {
        "[notify": load_routes,
        "[cases]": load_cases_settings,
        "[transl": load_translate_settings,
        "[alerts": load_routes,
    }
    with pytest.raises((SettingsFileError, CommandError)) as raised:
        readers[text[:7]](settings)
    assert str(raised.value) == f"reading {path}: {fault}"


def test_every_connector_may_have_a_section() -> None:
    assert find_unknown_sections({name: {} for name in sources()}) == {}


def test_an_error_names_the_file_once() -> None:
    with (
        pytest.raises(SettingsFileError, match=r"^reading a\.toml: \[x\] y$"),
        name_file(Path("a.toml")),
    ):
        raise SettingsFileError("reading [x] y")
