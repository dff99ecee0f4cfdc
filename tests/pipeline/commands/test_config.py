"""`feedback config show`: every setting in force, its origin, what is wrong, and never a secret."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from connectors.runtime.registry import sources
from pipeline.commands.config.app import app
from pipeline.commands.config.collect import list_section
from pipeline.commands.config.secrecy import may_be_secret, to_shown
from pipeline.settings import Settings

NEVER_SHOWN = "s3cret"
SECTIONS = f"""
[rss.news]
urls = ["https://me:{NEVER_SHOWN}@news.example.org/feed?key={NEVER_SHOWN}"]
site = "North"

[redcap.main]
url = "https://redcap.example.org/api/"
tokens = {{ visits = {{ env = "VISITS" }}, births = {{ env = "BIRTHS" }} }}

[notify.ops]
apprise = {{ file = "{{file}}" }}

[alerts]
kibana = "https://me:{NEVER_SHOWN}@kibana.example.org"

[cases.rules.complaint]
owner = "PALS"

[cases.trackers.jira]
kind = "webhook"
url = "https://example.org/{NEVER_SHOWN}"
secret = "whsec_{"dGVzdA" * 6}"
"""
Show = Callable[..., Result]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Run the command in an empty folder, with no other variable FEEDBACK_…, and VISITS set."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("FEEDBACK_"):
            monkeypatch.delenv(name)
    for name in ("VISITS", "BIRTHS"):
        monkeypatch.setenv(name, f"{NEVER_SHOWN}-of-32-hexadecimal-digits-00")

    def run(*arguments: str, text: str = "", **variables: str) -> Result:
        (tmp_path / "address").write_text(f"json://u:{NEVER_SHOWN}@127.0.0.1:9")
        (tmp_path / "feedback.toml").write_text(text.replace("{file}", str(tmp_path / "address")))
        return CliRunner().invoke(
            app, ["show", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1", **variables}
        )

    return run


def rows(document: dict[str, Any], section: str | None = None) -> dict[str, dict[str, Any]]:
    settings = document["settings"]
    if section is not None:
        (settings,) = [each["settings"] for each in document["sections"] if each["name"] == section]
    return {row["name"]: row for row in settings}


def test_each_setting_has_its_value_and_origin(show: Show) -> None:
    done = show("--json", FEEDBACK_LOCAL_KAFKA_PORT="9999", feedback_log_level="debug")
    assert done.exit_code == 0, done.stderr
    found = rows(orjson.loads(done.stdout))
    assert {*found} == {f"FEEDBACK_{name.upper()}" for name in Settings.model_fields}
    port = found["FEEDBACK_LOCAL_KAFKA_PORT"]
    assert (port["value"], port["origin"]) == (9999, "environment")
    assert found["FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"]["value"] == "127.0.0.1:9999"
    assert found["FEEDBACK_LOG_LEVEL"]["place"] == "FEEDBACK_LOG_LEVEL"
    model = found["FEEDBACK_MODEL"]
    assert (model["value"], model["origin"], model["hidden"]) == (None, "default", False)


def test_sections_have_theirs_and_connectors_their_names(show: Show) -> None:
    done = show("--json", text=SECTIONS)
    assert done.exit_code == 0, done.stderr
    document = orjson.loads(done.stdout)
    connectors = {each["name"]: each["connector"] for each in document["sections"]}
    assert (connectors["redcap.main"], connectors["notify.ops"]) == ("REDCap", None)
    news = rows(document, "rss.news")
    assert (news["site"]["value"], news["site"]["origin"]) == ("North", "settings file")
    assert (news["every"]["value"], news["every"]["origin"]) == ("15m", "default")
    tokens = rows(document, "redcap.main")["tokens"]
    assert (tokens["origin"], tokens["place"]) == ("environment", "VISITS, BIRTHS")
    apprise = rows(document, "notify.ops")["apprise"]
    assert (apprise["origin"], apprise["hidden"]) == ("file", True)
    assert rows(document, "cases.rules.complaint")["owner"]["value"] == "PALS"
    assert rows(document, "alerts")["watch"]["value"] is True


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown_whatever_is_wrong(show: Show, form: tuple[str, ...]) -> None:
    variables = {
        "FEEDBACK_AUTHOR_KEY": NEVER_SHOWN,
        "FEEDBACK_ELASTICSEARCH_API_KEY": NEVER_SHOWN,
        "FEEDBACK_ELASTICSEARCH_URL": f"https://me:{NEVER_SHOWN}@a:9200,https://me:{NEVER_SHOWN}@b:9200",
        "FEEDBACK_ENRICH_BATCH": NEVER_SHOWN,
        "FEEDBACK_LOG_FORMAT": NEVER_SHOWN,
        "FEEDBACK_AUTOR_KEY": NEVER_SHOWN,
    }
    wrong = f"""
[translate]
service = "deepl"
kee = "{NEVER_SHOWN}"
[mastodn.x]
access_token = "{NEVER_SHOWN}"
[trustpilot.x]
api_key = ["{NEVER_SHOWN}"]
api_secert = "{NEVER_SHOWN}"
"""
    done = show(*form, text=SECTIONS + wrong, **variables)
    assert done.exit_code == 2
    assert NEVER_SHOWN not in done.output
    sentences = [
        "reading FEEDBACK_ENRICH_BATCH: ",
        "reading FEEDBACK_LOG_FORMAT: ",
        "FEEDBACK_AUTOR_KEY is not a setting; did you mean FEEDBACK_AUTHOR_KEY?",
        "there is no section [mastodn]; did you mean [mastodon]?",
        "[translate]: kee: there is no such setting; did you mean key?",
        "[trustpilot.x] api_secert: there is no such setting; did you mean api_secret?",
    ]
    assert [each for each in sentences if each not in done.stderr] == []


def test_people_see_tables(show: Show) -> None:
    done = show(text=SECTIONS, FEEDBACK_AUTHOR_KEY=NEVER_SHOWN)
    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "FEEDBACK_AUTHOR_KEY (hidden) environment variable FEEDBACK_AUTHOR_KEY" in lines
    assert "FEEDBACK_INDEX_BATCH 2000 default" in lines
    assert "[rss.news] RSS and Atom feeds" in lines
    assert "site North feedback.toml" in lines


def test_a_missing_secret_and_a_missing_or_broken_file_are_errors(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BIRTHS")
    done = show(text=SECTIONS)
    assert done.exit_code == 2
    assert "the environment variable BIRTHS is not set" in done.stderr
    assert "No such file" in show("--config", str(tmp_path / "none.toml")).stderr
    assert show(text="[broken").exit_code == 2
    (tmp_path / "feedback.toml").unlink()
    assert CliRunner().invoke(app, ["show"]).exit_code == 0


def test_an_option_in_place_of_the_variable_is_named_as_such(show: Show, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[hours.desk]\nzone = 'UTC'\ntimes = '09:00-17:00'\n")
    done = show("--config", "other.toml", "--json")
    document = orjson.loads(done.stdout)
    assert rows(document)["FEEDBACK_CONFIG"]["origin"] == "option"
    assert rows(document, "hours.desk")["zone"]["value"] == "UTC"


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_connector_is_shown_without_its_secrets(name: str) -> None:
    fields = sources()[name].Config.model_fields
    table = dict.fromkeys(fields, NEVER_SHOWN)
    shown = {row.name: row for row in list_section(table, fields, Path("feedback.toml"))}
    for field, info in fields.items():
        if "Secret" in repr(info.annotation):
            assert shown[field].hidden
            assert shown[field].value is None
    assert {row.name for row in list_section({}, fields, Path("feedback.toml"))} == {*fields}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://u:p@ss@h/x?key=k", "https://…@h/x?…"),
        (["https://u:p@h"], ["https://…@h"]),
        ({"a": "https://h?k"}, {"a": "https://h?…"}),
        ("why?", "why?"),
        (timedelta(hours=36), "36h"),
        (timedelta(seconds=0.5), "0.5s"),
        (timedelta(0), "0s"),
        (SecretStr(NEVER_SHOWN), "**********"),
        (Path("/etc/ca.pem"), "/etc/ca.pem"),
    ],
)
def test_values_are_shown_without_logins(value: Any, shown: Any) -> None:
    assert to_shown(value) == shown


def test_what_anything_may_be_in_is_hidden() -> None:
    assert may_be_secret("fields", dict[str, Any])
    assert may_be_secret("api_key", str)
    assert not may_be_secret("keywords", tuple[str, ...])
