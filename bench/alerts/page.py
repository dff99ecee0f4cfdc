"""The comparison for people: a table and a plot in docs/alerting.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.alerts.baselines import METHODS
from bench.alerts.hospitals import RATIOS, Hospitals
from bench.alerts.speed import Speed
from bench.alerts.verdicts import Truth, Verdict
from bench.alerts.walk import Walked

_BLOCK: Final = re.compile(r"(<!-- alerts bench -->\n).*(<!-- /alerts bench -->)", re.DOTALL)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One data set and everybody's verdict on it; the first is ours, the last is the limit."""

    title: str
    hospitals: Hospitals
    truth: Truth
    verdicts: Sequence[Verdict]
    limit: Verdict
    budget: float
    """False alarms a key and day that the detector was told to keep."""

    def of(self, half: str, ratio: float | None = None) -> Mask:
        """Which spikes are in a half, and of a ratio."""
        mask: Mask = self.truth.halves[half][self.truth.keys]
        if ratio is not None:
            mask = mask & (np.array([s.ratio for s in self.hospitals.spikes]) == ratio)
        return mask

    def best(self, half: str) -> Verdict:
        """The baseline that finds most in a half."""
        return max(
            self.verdicts[1:], key=lambda v: (found(v, self.of(half)), -capped(v, self.of(half)))
        )

    @property
    def false_alarms(self) -> float:
        """Ours, a key and day."""
        days = self.truth.days
        total = sum(self.verdicts[0].false_alarms[half] * days[half] for half in days)
        return total / sum(days.values())


def found(verdict: Verdict, mask: Mask) -> float:
    """The share of spikes that were found."""
    return float(np.isfinite(verdict.delays[mask]).mean()) if mask.any() else float("nan")


def capped(verdict: Verdict, mask: Mask) -> float:
    """Mean hours until a spike was known, where one that was missed counts 24."""
    return float(np.minimum(verdict.delays[mask], 24).mean()) if mask.any() else float("nan")


def _both(one: Verdict, other: Verdict, mask: Mask) -> str:
    both = mask & np.isfinite(one.delays) & np.isfinite(other.delays)
    if not both.any():
        return "none"
    hours = [float(np.median(v.delays[both])) for v in (one, other)]
    return f"{hours[0]:.2g} h, {hours[1]:.2g} h ({int(both.sum())})"


def rendered(comparisons: Sequence[Comparison], walked: Walked, speed: Speed) -> str:
    """The block in Markdown."""
    lines: list[str] = []
    for each in comparisons:
        lines += _section(each)
    lines += _walk(walked)
    lines += [
        f"Cost, on one core: {speed.keys:,} keys, {speed.events_per_s:,.0f} events a second, "
        f"{speed.close_ms:.0f} ms to close a bucket, {speed.glance_ms:.0f} ms for a glance at "
        f"all of them; the state takes {speed.state_mb:.0f} MB in memory and "
        f"{speed.packed_mb:.1f} MB packed after a day.",
        "",
    ]
    return "\n".join(lines)


def _section(each: Comparison) -> list[str]:
    size, ours = each.hospitals.size, each.verdicts[0]
    ratio = each.false_alarms / each.budget
    lines = [
        f"### {each.title}",
        "",
        f"{size.sites} sites, {each.hospitals.keys:,} keys, {size.days} days, "
        f"{len(each.hospitals.spikes):,} planted spikes. False alarms of the detector: "
        f"{each.false_alarms:.1e} a key and day where {each.budget:.1e} were allowed "
        f"({ratio:.2f} times the budget).",
        "",
    ]
    lines += [_glances(ours), ""]
    for half in each.truth.halves:
        best = each.best(half)
        lines += [
            f"**The {half} half of keys** ({int(each.of(half).sum())} spikes; everybody at "
            f"{ours.false_alarms[half]:.1e} false alarms a key and day). Found of spikes of so "
            "many times the usual, and the mean hours until known (a missed one counts 24):",
            "",
            "| | " + " | ".join(f"{r:g}×" for r in RATIOS) + " | all | hours |",
            "|---|" + "---:|" * (len(RATIOS) + 2),
        ]
        order = sorted(each.verdicts[1:], key=lambda v: -found(v, each.of(half)))
        for verdict in [ours, *order, each.limit]:
            cells = [f"{found(verdict, each.of(half, r)):.0%}" for r in RATIOS]
            cells += [f"{found(verdict, each.of(half)):.1%}"]
            cells += ["" if verdict is each.limit else f"{capped(verdict, each.of(half)):.1f}"]
            name = f"**{verdict.name}**" if verdict is ours else verdict.name
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines += [
            "",
            f"Median delay on the spikes that both found, the detector and {best.name}: "
            f"{_both(ours, best, each.of(half))}.",
            "",
        ]
    return lines


def _walk(walked: Walked) -> list[str]:
    return [
        "### Events, one by one",
        "",
        f"{walked.events:,} events of {walked.sites} sites with topics, two sources and urgent "
        f"feedback, {walked.keys} keys in all, {walked.days} days, through the whole detector with "
        "a glance every five minutes:",
        "",
        "| what came | alerts |",
        "|---|---|",
        *(f"| {what} | {told} |" for what, told in walked.rows),
        "",
    ]


def _glances(ours: Verdict) -> str:
    known = np.isfinite(ours.delays)
    sooner = ours.sooner[known] if ours.sooner is not None else np.zeros(0)
    told = sooner > 0
    return (
        f"Of {int(known.sum())} spikes that the detector found, it told {told.mean():.0%} before "
        f"the 15 minutes were over, {sooner[told].mean():.0f} minutes sooner on average."
    )


def write(page: Path, block: str) -> None:
    """Put the block between the page's markers."""
    text = page.read_text(encoding="utf-8")
    page.write_text(_BLOCK.sub(lambda m: m[1] + block + m[2], text), encoding="utf-8")


def draw(comparison: Comparison, path: Path) -> None:
    """Detection by size of the spike: the detector, each method at its best span, the limit."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    for axis, half in zip(axes, comparison.truth.halves, strict=True):
        rising = sorted(comparison.verdicts[1:], key=lambda v: found(v, comparison.of(half)))
        methods = {verdict.name.split(",")[0]: verdict for verdict in rising}
        lines = [
            (comparison.limit, "0.6", ":"),
            *((methods[name], f"C{n}", "--") for n, name in enumerate(METHODS)),
            (comparison.verdicts[0], "black", "-"),
        ]
        for verdict, colour, style in lines:
            axis.plot(
                range(len(RATIOS)),
                [100 * found(verdict, comparison.of(half, r)) for r in RATIOS],
                linestyle=style,
                color=colour,
                linewidth=2.6 if style == "-" else 1.4,
                marker="o",
                markersize=4,
                label=verdict.name,
            )
        axis.set_xticks(range(len(RATIOS)), [f"{r:g}×" for r in RATIOS])
        axis.set_title(f"{half} half of keys")
        axis.set_xlabel("negatives during the spike, times the usual")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc="upper left")
    axes[0].set_ylabel("spikes found, %")
    figure.savefig(path, dpi=130)
    plt.close(figure)
