"""`feedback connectors`: lists the connectors, describes one, or creates a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markdown import Markdown
from rich.table import Table
from typer.core import TyperGroup

from connectors.runtime.catalogue import (
    capability_names,
    declaration,
    render_source,
)
from connectors.runtime.instances import get_source
from connectors.runtime.registry import sources
from connectors.runtime.scaffold import FamilyName, find_checkout, new_scaffold
from connectors.sdk import Source
from pipeline.commands.shared.options import Json
from pipeline.commands.sources.select import translate_errors
from pipeline.settings_file import RESERVED
from pipeline.terminal import out, print_json


class _NameOrCommand(TyperGroup):
    """Accepts the name of a connector in place of a command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args and args[0] not in self.commands:
            return "show", self.commands["show"], args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    help="List the connectors, describe one, or create a new one.",
    cls=_NameOrCommand,
    invoke_without_command=True,
    subcommand_metavar="[NAME | COMMAND [ARGS]...]",
)


@app.callback()
def list_connectors(context: typer.Context, json: Json = False) -> None:
    """List the connectors, describe one, or create a new one."""
    if context.invoked_subcommand is not None:
        return
    if json:
        print_json([declaration(source) for source in sources().values()])
    else:
        out.print(_table(list(sources().values())))


@app.command("show")
def show_connector(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Connector to describe.")],
    json: Json = False,
) -> None:
    """Describe a connector: requirements, limitations, settings. `show` may be omitted."""
    with translate_errors():
        source = get_source(name, "showing a connector")
    if json or (context.parent is not None and context.parent.params["json"]):
        print_json([declaration(source)])
    else:
        out.print(Markdown(render_source(source)))


@app.command("new")
def create_connector(
    name: Annotated[str, typer.Argument(help="Name of the module, in lower case.")],
    family: Annotated[FamilyName, typer.Option(help="Kind of feedback.")],
    title: Annotated[
        str | None, typer.Option(help="Name of the service.", show_default="the name")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Checkout to write to.", show_default="that of the current directory"),
    ] = None,
) -> None:
    """Create a connector from templates: its module, a fake of its service, and its test."""
    with translate_errors():
        scaffold = new_scaffold(name, family, title, reserved=RESERVED | _subcommands())
        checkout = find_checkout(Path.cwd() if into is None else into.resolve())
        for path in scaffold.write(checkout):
            out.print(f"created {path}", soft_wrap=True, markup=False)
    test = scaffold.paths["test"]
    out.print(
        "\nIt passes the conformance suite as it is. Next, make it speak the service's API, in the "
        "fake first:\n"
        f"  python -m pytest tests/connectors/test_conformance.py {test} -k {name}\n"
        "  make generate\n"
        "docs/writing-a-connector.md describes each step.",
        soft_wrap=True,
        markup=False,
    )


def _subcommands() -> set[str]:
    """Return the names that are commands here, so that no connector can be shown by them."""
    return {command.name for command in app.registered_commands if command.name}


def _table(listed: list[type[Source]]) -> Table:
    table = Table("name", "service", "family", "can", box=None)
    for source in listed:
        table.add_row(source.name, source.title, source.family, ", ".join(capability_names(source)))
    return table
