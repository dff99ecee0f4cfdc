"""`feedback connectors`: what there is to collect from, and what each needs."""

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
from pipeline.commands.sources.select import sentences
from pipeline.terminal import out, print_json


def connectors(
    name: Annotated[str | None, typer.Argument(help="One connector, in full.")] = None,
    json: Json = False,
) -> None:
    """List the connectors, or show what one needs."""
    found = list(sources().values())
    if name is not None:
        with sentences():
            found = [source_named(name, "showing a connector")]
    if json:
        print_json([declaration(source) for source in found])
    elif name is not None:
        out.print(Markdown(page_of(found[0])))
    else:
        out.print(_table(found))


def _table(found: list[type[Source]]) -> Table:
    table = Table(box=None)
    for column in ("name", "service", "family", "can"):
        table.add_column(column)
    for source in found:
        table.add_row(source.name, source.title, source.family, ", ".join(capabilities(source)))
    return table
