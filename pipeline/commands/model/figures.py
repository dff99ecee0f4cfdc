"""Output of `feedback train` and `evaluate`: the figures of a model as tables."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def figures_tables(figures: dict[str, Any]) -> RenderableType:
    """Return the tables of topics and sentiment, and the time per comment."""
    parts: list[RenderableType] = []
    if figures["topics"]["n"]:
        parts.append(_topics(figures["topics"]))
    if figures["sentiment"]["n"]:
        parts.append(_sentiment(figures["sentiment"], figures["vader"]))
    groups = figures.get("sentiment_by") or {
        **{f"{length} words": row for length, row in figures.get("by_length", {}).items()},
        "text alone": figures.get("text_alone", {}),
        **{f"unseen corpus {name}": row for name, row in figures.get("corpora", {}).items()},
    }
    if groups := {name: row for name, row in groups.items() if row.get("n")}:
        parts.append(_groups(groups))
    if "microseconds_per_comment" in figures:
        times = figures["microseconds_per_comment"]
        parts.append(
            f"CPU time per comment: median {times['median']:,.0f} µs, "
            f"99th percentile {times['p99']:,.0f} µs"
        )
    return Group(*parts)


def _topics(topics: dict[str, Any]) -> Table:
    title = (
        f"topics of {topics['n']:,} comments: micro-F1 {topics['micro_f1']:.3f}, "
        f"macro-F1 {topics['macro_f1']:.3f}, samples-F1 {topics['samples_f1']:.3f}"
    )
    table = _table(title, "topic", "precision", "recall", "F1", "", "examples")
    rows = sorted(topics["topics"].items(), key=lambda item: -item[1]["n"])
    for name, row in rows:
        table.add_row(
            Text(name),
            f"{row['precision']:.2f}",
            f"{row['recall']:.2f}",
            f"{row['f1']:.2f}",
            "█" * round(row["f1"] * 10),
            f"{row['n']:,}",
        )
    return table


def _sentiment(sentiment: dict[str, Any], vader: dict[str, Any]) -> Table:
    table = _table(f"sentiment of {sentiment['n']:,} comments", "", "label", "VADER alone")
    for title, name in (
        ("accuracy, five levels", "accuracy_5"),
        ("macro-F1, five levels", "macro_f1_5"),
        ("macro-F1, three levels", "macro_f1_3"),
        ("F1 of negative", "f1_negative"),
    ):
        baseline = vader.get(name)
        table.add_row(
            title, f"{sentiment[name]:.3f}", "" if baseline is None else f"{baseline:.3f}"
        )
    return table


def _groups(groups: dict[str, Any]) -> Table:
    """Return the label's figures by group: families, heads, lengths, corpora."""
    table = _table(
        "label by group", "", "accuracy", "F1 of negative", "negative", "by readers",
        "calibration error", "comments",
    )  # fmt: skip
    for name, row in groups.items():
        shares = [f"{row[key]:.2f}" for key in ("negatives", "true_negatives")]
        error = f"{row['calibration_error']:.3f}"
        quality = [f"{row[key]:.3f}" for key in ("accuracy_3", "f1_negative")]
        table.add_row(Text(name), *quality, *shares, error, f"{row['n']:,}")
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if not name else "right", style="" if name else "dim")
    return table
