"""``[translate]``: what it needs, and what it refuses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError
from pipeline.streams.roles import Role, configured_roles
from pipeline.translate.settings import TranslateSettings, build_translate_settings
from tests.support.pipeline import ROOT
from tests.support.settings_tables import setting_rows

DEEPL = {"service": "deepl", "key": "a:fx", "characters_per_month": 1_000}
LIBRE = {"service": "libretranslate", "url": "https://translate.example.org/"}


def build(table: Any) -> TranslateSettings:
    settings = build_translate_settings({"translate": table}, {"KEY": "secret-4711"}.get)
    assert settings is not None
    return settings


@pytest.mark.parametrize(
    ("table", "address"),
    [
        (DEEPL, "https://api-free.deepl.com"),
        ({**DEEPL, "key": "a"}, "https://api.deepl.com"),
        ({**DEEPL, "key": "a:fx\n"}, "https://api-free.deepl.com"),
        ({**DEEPL, "service": "azure"}, "https://api.cognitive.microsofttranslator.com"),
        (LIBRE, "https://translate.example.org"),
        ({**DEEPL, "url": "http://10.0.0.7:1188", "allow_private": True}, "http://10.0.0.7:1188"),
    ],
)
def test_the_address_follows_from_service_and_key(table: dict[str, Any], address: str) -> None:
    assert build(table).address == address


def test_the_key_comes_from_the_environment_and_is_never_shown() -> None:
    settings = build({**DEEPL, "key": {"env": "KEY"}})
    assert settings.key is not None
    assert settings.key.get_secret_value() == "secret-4711"
    assert "secret-4711" not in repr(settings)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"service": "google"}, "service: "),
        ({"service": "libretranslate"}, "url is missing"),
        ({"service": "deepl", "characters_per_day": 9}, "key is missing"),
        ({"service": "azure", "key": "a"}, "bills by characters"),
        ({**LIBRE, "url": "http://translate.example.org"}, "url must be https"),
        ({**LIBRE, "url": "https://user:password@example.org"}, "url: "),
        ({"service": "azure", "key": " ", "characters_per_day": 9}, "key is missing"),
        ({**LIBRE, "give_up_after": "4d"}, "give_up_after: "),
        ({**LIBRE, "give_up_after": "0s"}, "give_up_after: "),
        ({**LIBRE, "languages": ["German"]}, "languages.0: "),
        ({**LIBRE, "langauges": ["de"]}, "did you mean languages?"),
        ({**DEEPL, "key": {"env": "NO_KEY"}}, "NO_KEY is not set"),
        ("deepl", "expected a section"),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_sentence(table: Any, reason: str) -> None:
    with pytest.raises(SettingsFileError, match=r"reading \[translate\]") as raised:
        build(table)
    assert reason in str(raised.value)
    assert "password" not in str(raised.value)


def test_a_comment_must_fit_the_budget() -> None:
    assert build({**DEEPL, "characters_per_day": 300}).max_length == 300
    assert build(LIBRE).max_length == 5_000


def test_without_translate_the_worker_has_the_roles_it_had(tmp_path: Path) -> None:
    file = tmp_path / "feedback.toml"
    settings = Settings(config=file)
    usual = tuple(role for role in Role if role is not Role.TRANSLATE)
    assert configured_roles(settings) == usual
    file.write_text("[cases]\n")
    assert configured_roles(settings) == usual
    file.write_text('[translate]\nservice = "deepl"\n')
    assert configured_roles(settings) == (*usual, Role.TRANSLATE)


def test_the_example_loads_and_the_table_is_current() -> None:
    page = (ROOT / "docs" / "understanding.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[translate\].*?)```", page, re.DOTALL)
    settings = build_translate_settings(tomllib.loads(example), {"TRANSLATE_KEY": "k"}.get)
    assert settings is not None
    assert settings.characters_per_day == 200_000
    (table,) = re.findall(r"<!-- translate -->\n(.*?)<!-- /translate -->", page, re.DOTALL)
    assert table.splitlines()[2:] == setting_rows(TranslateSettings)
