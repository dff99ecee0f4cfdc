"""A table of records, for commands that preview what they would publish."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from schemas.feedback import Feedback


def records_table(records: list[Feedback]) -> Table:
    """Return a table with one row per record."""
    table = Table("created_at", "native_id", "measures", "organization, site, service", "text")
    for record in records:
        measures = [
            f"{name} {measure.value:g}"
            for name in ("stars", "nps", "csat", "ces", "fft")
            if (measure := getattr(record, name)) is not None
        ]
        places = [place for place in (record.organization, record.site, record.service) if place]
        text = record.text if len(record.text) <= 160 else record.text[:159] + "…"
        cells = (record.native_id, ", ".join(measures), ", ".join(places), text)
        table.add_row(f"{record.created_at:%Y-%m-%d %H:%M}", *map(escape, cells))
    return table
