"""The results for people."""

from __future__ import annotations

from statistics import median

from rich.console import Console
from rich.table import Table

from bench.figures import (
    NOT_INSTALLED,
    PROJECT,
    QUIET_CPUS,
    Outcome,
    Results,
    bars,
    cpu_parts_us,
    to_document,
)

_HEADINGS = (
    "events/s",
    "of the project",
    "CPU µs/event",
    "Kafka µs",
    "Elasticsearch µs",
    "peak MB",
)


def show(results: Results, console: Console) -> None:
    """Print the table, latency and the bars."""
    table = Table(box=None, pad_edge=False)
    table.add_column("raw to enriched and indexed", overflow="fold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    for name, outcome in results.contestants.items():
        table.add_row(outcome.title, *_cells(name, outcome, results))
    console.print(table)
    console.print(
        f"{results.events} events, median of {results.rounds} rounds, "
        f"{results.machine['cpus']} CPUs shared with the engines; the enrichment function alone: "
        f"{results.enrichment_us:.0f} µs/event"
    )
    for name, outcome in results.contestants.items():
        if outcome.error is not None:
            console.print(f"[red]failed[/] {name}: {outcome.error}")
    _show_latency(results, console)
    if results.foreign_cpus > QUIET_CPUS:
        console.print(
            f"[yellow]rough[/]  other programs used up to {results.foreign_cpus:.1f} CPUs meanwhile"
        )
    for bar in bars(results):
        word = "[green]met[/]   " if bar.met else "[red]missed[/]"
        sign = ">=" if bar.at_least else "<"
        console.print(f"{word} {bar.value:.2f} {bar.text} (bar: {sign} {bar.limit:g})")


def _cells(name: str, outcome: Outcome, results: Results) -> list[str]:
    if not outcome.installed:
        return [NOT_INSTALLED]
    rate = outcome.events_per_s
    if rate is None:
        return ["failed"]
    parts = cpu_parts_us(outcome.passes, results.enrichment_us)
    ratio = results.ratio(name, PROJECT)
    return [
        f"{rate:,.0f}",
        "-" if ratio is None else f"{ratio:.2f}",
        f"{parts['contestant']:.0f}",
        f"{parts['kafka']:.0f}",
        f"{parts['elasticsearch']:.0f}",
        f"{median(each.peak_rss_bytes for each in outcome.passes) / 1e6:.0f}",
    ]


def _show_latency(results: Results, console: Console) -> None:
    if results.latency_error is not None:
        console.print(f"[red]failed[/] latency: {results.latency_error}")
    elif results.latency is not None:
        latency = to_document(results)["latency_ms"]
        for way in ("enriched", "searchable"):
            values = latency[way]
            console.print(
                f"latency at 500 events/s, publish to {way}: "
                f"p50 {values['p50']:.0f} ms, p99 {values['p99']:.0f} ms"
            )
