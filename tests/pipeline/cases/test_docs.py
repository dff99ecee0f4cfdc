"""The page about cases: its examples are read, and it tells all there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cases.conditions import RuleConditions
from pipeline.cases.options import CasesOptions, RuleOptions, build_cases_settings
from pipeline.cases.rules import DEFAULTS
from pipeline.cli import app
from tests.pipeline.notify.receivers import SECRET

PAGE = (Path(__file__).parents[3] / "docs" / "cases.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(r"^\$ (feedback cases .*)$", PAGE, re.M)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_is_read(example: str) -> None:
    options = build_cases_settings(tomllib.loads(example), lambda name: SECRET)
    assert options.rules.rules


def test_the_example_has_every_kind_of_tracker() -> None:
    options = build_cases_settings(tomllib.loads(EXAMPLES[-1]), lambda name: SECRET)
    assert [tracker.kind for tracker in options.trackers] == ["jira", "zendesk", "webhook"]


def test_every_setting_and_rule_is_on_the_page() -> None:
    names = {*RuleConditions.model_fields, *RuleOptions.model_fields, *CasesOptions.model_fields}
    names |= {rule.name for rule in DEFAULTS}
    missing = {name for name in names if f"`{name}" not in PAGE and f"cases.{name}" not in PAGE}
    assert missing == set()


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_exists(line: str) -> None:
    words = line.split()
    result = CliRunner().invoke(app, [*words[1:3], "--help"])
    assert result.exit_code == 0
    help_text = re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    options = {word for word in words if word.startswith("--")}
    assert {option for option in options if option not in help_text} == set()
