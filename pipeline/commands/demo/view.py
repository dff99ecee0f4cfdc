"""Output of `feedback demo`: an overview of the comments, and next steps."""

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
_MAX_TOPICS: Final = 10
_STYLES: Final = {
    Label.POSITIVE: "green",
    Label.NEUTRAL: "yellow",
    Label.NEGATIVE: "red",
    Label.NOT_SCORED: "dim",
}
_HIGH: Final = 0.4


def overview_tables(overview: Overview, turn: BadTurn) -> RenderableType:
    """Return the counts by label, topic and site, the urgent comments and the redactions."""
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
    table = _table("family", "comments")
    for family, count in overview.families.items():
        table.add_row(family, f"{count:,}")
    languages = " ".join(f"{code} {count:,}" for code, count in overview.languages.items())
    table.add_row("languages", Text(languages, overflow="fold"))
    return table


def _join_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())


def _urgent(overview: Overview) -> Text:
    line = Text.assemble((f"{overview.urgent:,} urgent", "bold red"))
    return line.append(f": {_join_counts(overview.reasons)}" if overview.reasons else "")


def _hidden(overview: Overview) -> Text:
    line = Text(f"{sum(overview.hidden.values()):,} personal values redacted")
    return line.append(f": {_join_counts(overview.hidden)}" if overview.hidden else "")


def _topics(topics: list[Group]) -> Table:
    table = _table("topic", "comments", "negative", " ")
    largest = max((group.count for group in topics), default=1)
    for group in topics[:_MAX_TOPICS]:
        table.add_row(
            Text(group.name.replace("_", " ")),
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
            Text(group.name),
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


def next_steps(seconds: dict[str, float], turn: BadTurn, *, stays: bool) -> RenderableType:
    """Return the duration of each step, and commands to try next."""
    table = _table("step", "seconds")
    for step, duration in seconds.items():
        table.add_row(step, f"{duration:.1f}")
    table.add_row("total", f"{sum(seconds.values()):.1f}", style="bold")
    first = (
        "The engines are still running; `feedback down` stops them."
        if stays
        else "The engines are stopped, their data is kept; `feedback up` starts them again."
    )
    return Lines(
        table,
        "",
        first,
        *_activation_hint(),
        f"{turn.site} has had more negative comments since {turn.since:%d %B}. To see why:",
        Text(f"  feedback search --site '{turn.site}' --label negative --since 7d", "bold"),
        "To import your own comments, while `feedback worker` is running:",
        Text("  feedback ingest comments.csv --map text=Comment --map created_at=Date", "bold"),
    )


def _activation_hint() -> list[str]:
    """Return a hint if the shell does not find ``feedback``."""
    if shutil.which("feedback") is not None:
        return []
    activate = Path(sys.executable).parent / "activate"
    return [f"To put `feedback` on your PATH: source {activate}"]
