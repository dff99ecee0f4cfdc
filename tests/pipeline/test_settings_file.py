from pathlib import Path
from typing import Any

import pytest

from pipeline.settings_file import (
    SettingsFileError,
    read_connector_sections,
    read_sections,
    resolve_secret,
)


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
