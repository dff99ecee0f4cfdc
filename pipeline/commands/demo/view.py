"""How `feedback demo` draws what came in and what to type next."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from rich.columns import Columns
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from deploy.demo.comments import BadTurn
from pipeline.search.overview import Group, Overview
from schemas.feedback import Label

_BAR: Final = 24
_MOST_TOPICS: Final = 10
_STYLES: Final = {
    Label.POSITIVE: "green",
    Label.NEUTRAL: "yellow",
    Label.NEGATIVE: "red",
    Label.NOT_SCORED: "dim",
}
_HIGH: Final = 0.4


def tables(overview: Overview, turn: BadTurn) -> RenderableType:
    """What came in, by label, topic and site; what cannot wait and what was hidden."""
    facts = _facts(overview)
    return Lines(
        Text(f"\n{overview.total:,} comments found in Elasticsearch\n", "bold"),
        Columns([_labels(overview), facts], padding=(0, 4)),
        "",
        _urgent(overview),
        _hidden(overview),
        "",
        _topics(overview.topics),
        "",
        _sites(overview, turn),
        "",
    )


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="left" if not heading.strip() else "right")
    return table


def _labels(overview: Overview) -> Table:
    table = _table("label", "comments", " ")
    for label, style in _STYLES.items():
        count = overview.labels.get(label, 0)
        table.add_row(label.replace("_", " "), f"{count:,}", _bar(count, overview.total, style))
    return table


def _facts(overview: Overview) -> Table:
    table = _table("came in as", "comments")
    for family, count in overview.families.items():
        table.add_row(family, f"{count:,}")
    languages = " ".join(f"{code} {count:,}" for code, count in overview.languages.items())
    table.add_row("in", Text(languages, overflow="fold"))
    return table


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())


def _urgent(overview: Overview) -> Text:
    line = Text.assemble((f"{overview.urgent:,} cannot wait", "bold red"))
    return line.append(f": {_listed(overview.reasons)}" if overview.reasons else "")


def _hidden(overview: Overview) -> Text:
    line = Text(f"{sum(overview.hidden.values()):,} personal values are hidden")
    return line.append(f": {_listed(overview.hidden)}" if overview.hidden else "")


def _topics(topics: list[Group]) -> Table:
    table = _table("topic", "comments", "negative", " ")
    largest = max((group.count for group in topics), default=1)
    for group in topics[:_MOST_TOPICS]:
        table.add_row(
            group.name.replace("_", " "),
            f"{group.count:,}",
            _share(group),
            _bar(group.count, largest, "cyan"),
        )
    return table


def _sites(overview: Overview, turn: BadTurn) -> Table:
    table = _table("site", "comments", "negative", f"since {turn.since:%d %B}", "negative then")
    for group in overview.sites:
        late = overview.lately.get(group.name)
        table.add_row(
            group.name,
            f"{group.count:,}",
            _share(group),
            f"{late.count:,}" if late else "-",
            _share(late) if late else "-",
        )
    return table


def _share(group: Group) -> Text:
    share = group.share_negative
    if share is None:
        return Text("-")
    return Text(f"{share:.0%}", "bold red" if share >= _HIGH else "")


def _bar(count: int, of: int, style: str) -> Text:
    return Text("█" * round(_BAR * count / max(of, 1)), style)


def closing(seconds: dict[str, float], turn: BadTurn, *, stays: bool) -> RenderableType:
    """The time of each leg, and what to type next."""
    table = _table("leg", "seconds")
    for leg, took in seconds.items():
        table.add_row(leg, f"{took:.1f}")
    table.add_row("together", f"{sum(seconds.values()):.1f}", style="bold")
    first = (
        "The engines go on running; `feedback down` stops them."
        if stays
        else "The engines are stopped again, their data is kept: `feedback up` brings it back."
    )
    return Lines(
        table,
        "",
        first,
        *_where_commands_are(),
        f"{turn.site} went bad on {turn.since:%d %B}. See why:",
        Text(f"  feedback search --site '{turn.site}' --label negative --since 7d", "bold"),
        "Your own comments, while `feedback worker` runs beside:",
        Text("  feedback ingest comments.csv --map text=Comment --map created_at=Date", "bold"),
    )


def _where_commands_are() -> list[str]:
    """A hint for those whose shell does not find ``feedback``."""
    if shutil.which("feedback") is not None:
        return []
    activate = Path(sys.executable).parent / "activate"
    return [f"For your shell to find `feedback`: source {activate}"]
