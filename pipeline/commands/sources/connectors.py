"""`feedback connectors`: lists the connectors, or describes one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table

from connectors.runtime.catalogue import capabilities, declaration, page_of
from connectors.runtime.instances import source_named
from connectors.runtime.registry import sources
from connectors.sdk.source import Source
from pipeline.commands.shared.options import Json
from pipeline.commands.sources.select import translate_errors
from pipeline.terminal import out, print_json


def connectors(
    name: Annotated[str | None, typer.Argument(help="Connector to describe in full.")] = None,
    json: Json = False,
) -> None:
    """List the connectors, or show the settings of one."""
    selected = list(sources().values())
    if name is not None:
        with translate_errors():
            selected = [source_named(name, "showing a connector")]
    if json:
        print_json([declaration(source) for source in selected])
    elif name is not None:
        out.print(Markdown(page_of(selected[0])))
    else:
        out.print(_table(selected))


def _table(selected: list[type[Source]]) -> Table:
    table = Table(box=None)
    for column in ("name", "service", "family", "can"):
        table.add_column(column)
    for source in selected:
        table.add_row(source.name, source.title, source.family, ", ".join(capabilities(source)))
    return table
