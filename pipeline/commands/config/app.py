"""`feedback config`: shows the settings that are in force, and where each comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from pipeline.commands.config.collect import (
    Configuration,
    Origin,
    Setting,
    list_settings,
    read_valid_settings,
)
from pipeline.commands.config.sections import find_problems, list_sections
from pipeline.commands.config.view import configuration_json, settings_table
from pipeline.commands.shared.context import unknown_variables
from pipeline.commands.shared.options import ConfigFile, Json
from pipeline.errors import ExitStatus
from pipeline.settings import PREFIX, Settings, environment_variables
from pipeline.settings_file import SettingsFileError, parse_sections
from pipeline.terminal import out, print_json, print_note
from pipeline.unknown_variables import describe_unknown_variables

app = typer.Typer(
    help="Show the settings in force and where each comes from.", no_args_is_help=True
)


@app.callback()
def _root() -> None:
    """Keep `show` a subcommand of its own."""


@app.command()
def show(config: ConfigFile = None, json: Json = False) -> None:
    """Show each setting in force and where it comes from; secrets are hidden.

    Shows the variables FEEDBACK_…, then the sections of the settings file. Exits with 2 if a value
    is invalid, or if a variable, section or setting is unknown.
    """
    configuration = collect_configuration(config)
    if json:
        print_json(configuration_json(configuration))
    else:
        _print(configuration)
    for problem in configuration.problems:
        print_note(f"error: {problem}", "red")
    if configuration.problems:
        raise typer.Exit(ExitStatus.USAGE)


def collect_configuration(config: Path | None) -> Configuration:
    """Return all settings, sections and problems; ``config`` is the value of ``--config``."""
    settings, invalid = read_valid_settings()
    variables = environment_variables()
    rows = [*list_settings(settings, variables, invalid)]
    arguments = [] if config is None else ["--config", str(config)]
    problems = [
        *(f"reading {PREFIX}{name.upper()}: {fault}" for name, fault in invalid.items()),
        *describe_unknown_variables(unknown_variables(arguments)),
    ]
    file = config or settings.config
    if config is not None:
        rows = [_override(each, config) for each in rows]
    try:
        tables = _read(file)
    except SettingsFileError as error:
        return Configuration(rows, file, problems=[*problems, str(error)])
    problems += find_problems(tables, file)
    return Configuration(rows, file, [*list_sections(tables, file)], [*dict.fromkeys(problems)])


def _override(setting: Setting, config: Path) -> Setting:
    if setting.name != f"{PREFIX}CONFIG":
        return setting
    return replace(setting, value=str(config), origin=Origin.OPTION, place=None, hidden=False)


def _read(file: Path) -> dict[str, Any]:
    """Return the file's tables; the default file need not exist."""
    if file == Settings.model_fields["config"].default and not file.exists():
        return {}
    return parse_sections(file)


def _print(configuration: Configuration) -> None:
    out.print(settings_table(configuration.settings))
    for section in configuration.sections:
        title = f"\n\\[{section.name}]"
        out.print(title if section.connector is None else f"{title} {section.connector}")
        out.print(settings_table(section.settings))
