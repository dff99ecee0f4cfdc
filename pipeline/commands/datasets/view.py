"""Output of `feedback datasets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from pipeline.search.imports import Import

_SHOWN_SITES = 3


def imports_table(imports: Sequence[Import]) -> Table:
    """Return a table with one row per import."""
    table = Table("id", "name", box=None, padding=(0, 2, 0, 0))
    table.add_column("records", justify="right")
    for heading in ("comments from", "to", "imported (UTC)", "sites"):
        table.add_column(heading)
    for each in imports:
        table.add_row(
            each.import_id,
            escape(each.name),
            f"{each.records:,}",
            *(f"{day:%Y-%m-%d}" for day in each.dates),
            f"{each.imported[1]:%Y-%m-%d %H:%M}",
            escape(_list_names(each.sites)),
        )
    return table


def import_page(each: Import) -> Table:
    """Return all that is known of one import."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    rows = {
        "id": each.import_id,
        "name": each.name,
        "records": f"{each.records:,}",
        "comments from": f"{each.dates[0]:%Y-%m-%d %H:%M} UTC",
        "to": f"{each.dates[1]:%Y-%m-%d %H:%M} UTC",
        "imported": _describe_span(each.imported),
        "sites": _list_counts(each.sites),
        "services": _list_counts(each.services),
        "sentiment": _list_counts(each.labels),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, escape(value))
    return table


def import_json(each: Import) -> dict[str, Any]:
    """Return an import as JSON."""
    return {
        "id": each.import_id,
        "name": each.name,
        "records": each.records,
        "given": [time.isoformat() for time in each.dates],
        "imported": [time.isoformat() for time in each.imported],
        "sites": each.sites,
        "services": each.services,
        "sentiment": each.labels,
    }


def _describe_span(times: tuple[datetime, datetime]) -> str:
    first, last = (f"{time:%Y-%m-%d %H:%M} UTC" for time in times)
    return first if first == last else f"{first} to {last}"


def _list_names(counts: Mapping[str, int]) -> str:
    names = list(counts)
    more = f" and {len(names) - _SHOWN_SITES} more" if len(names) > _SHOWN_SITES else ""
    return ", ".join(names[:_SHOWN_SITES]) + more


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
