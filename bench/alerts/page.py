"""The comparison as a table and a plot in docs/alerting.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from scipy.stats import chi2

from bench.alerts.baselines import METHODS
from bench.alerts.hospitals import RATIOS, Hospitals, Load
from bench.alerts.speed import Speed
from bench.alerts.verdicts import Gain, Truth, Verdict
from bench.alerts.walk import WalkResult

_BLOCK: Final = re.compile(r"(<!-- alerts bench -->\n).*(<!-- /alerts bench -->)", re.DOTALL)
_HEADING: Final = re.compile(r"^### (.+)$", re.MULTILINE)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One data set and all verdicts on it; the first is ours, the last is the limit."""

    title: str
    hospitals: Hospitals
    truth: Truth
    verdicts: Sequence[Verdict]
    limit: Verdict
    budget: float
    """False alarms per key and day that the detector may raise."""
    gains: dict[str, Gain]
    """Over the best baseline of each half."""
    loads: Counter[Load]
    """False alarms after backfills and replays."""
    silence: int
    """False alarms of sites that lost a source."""
    dropped: dict[str, int]
    """Events that were not counted, by reason."""
    events: int

    def of(self, half: str, ratio: float | None = None) -> Mask:
        """Return the mask of the spikes in a half, and with a ratio."""
        mask: Mask = self.truth.halves[half][self.truth.keys]
        if ratio is not None:
            mask = mask & (np.array([s.ratio for s in self.hospitals.spikes]) == ratio)
        return mask

    def best(self, half: str) -> Verdict:
        """Return the baseline that finds most in a half."""
        return best(self.verdicts[1:], self.of(half))

    def of_budget(self, half: str | None = None) -> str:
        """Format the detector's false alarms by those allowed, with their interval."""
        ours, days = self.verdicts[0], self.truth.days
        halves = [half] if half else list(days)
        count = round(sum(ours.false_alarms[each] * days[each] for each in halves))
        allowed = self.budget * sum(days[each] for each in halves)
        low, high = (each / allowed for each in _poisson_interval(count))
        return f"{count / allowed:.2f} times ({count}; {low:.2f} to {high:.2f})"


def best(baselines: Sequence[Verdict], mask: Mask) -> Verdict:
    """Return the verdict that finds most; among equals the quickest."""
    return max(baselines, key=lambda v: (share_found(v, mask), -mean_delay(v, mask)))


def _poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2)


def share_found(verdict: Verdict, mask: Mask) -> float:
    """Return the share of spikes that were found."""
    return float(np.isfinite(verdict.delays[mask]).mean()) if mask.any() else float("nan")


def mean_delay(verdict: Verdict, mask: Mask) -> float:
    """Return the mean hours until a spike was found; a missed one counts 24."""
    return float(np.minimum(verdict.delays[mask], 24).mean()) if mask.any() else float("nan")


def _both(one: Verdict, other: Verdict, mask: Mask) -> str:
    both = mask & np.isfinite(one.delays) & np.isfinite(other.delays)
    if not both.any():
        return "none"
    hours = [float(np.median(v.delays[both])) for v in (one, other)]
    return f"{hours[0]:.2g} h, {hours[1]:.2g} h ({int(both.sum())})"


def render(comparisons: Sequence[Comparison], walked: WalkResult, speed: Speed) -> str:
    """Render the block in Markdown."""
    lines: list[str] = []
    for each in comparisons:
        lines += _section(each)
    lines += _walk(walked)
    lines += [
        f"Cost, on one core: {speed.keys:,} keys, {speed.events_per_s:,.0f} events a second, "
        f"{speed.close_ms:.0f} ms to close a bucket, {speed.open_bucket_ms:.0f} ms to evaluate "
        f"the open one for all of them; the state takes {speed.state_mb:.0f} MB in memory and "
        f"{speed.packed_mb:.1f} MB packed after a day.",
        "",
    ]
    return "\n".join(lines)


def _section(each: Comparison) -> list[str]:
    size, ours = each.hospitals.size, each.verdicts[0]
    lines = [
        f"### {each.title}",
        "",
        f"{size.sites} sites, {each.hospitals.keys:,} keys, {size.days} days, {each.events:,} "
        f"events, {len(each.hospitals.spikes):,} planted spikes. The detector was allowed "
        f"{each.budget:.1e} false alarms per key and day and raised {each.of_budget()} as many; "
        f"the dense half {each.of_budget('dense')}, the sparse half {each.of_budget('sparse')}.",
        "",
    ]
    lines += _loads(each)
    lines += [_open_buckets(ours), ""]
    for half in each.truth.halves:
        rival = each.best(half)
        lines += [
            f"**The {half} half of keys** ({int(each.of(half).sum())} spikes; all at "
            f"{ours.false_alarms[half]:.1e} false alarms per key and day). Share of spikes "
            "found, by their multiple of the usual, and the mean hours until known (a missed one "
            "counts 24):",
            "",
            "| | " + " | ".join(f"{r:g}×" for r in RATIOS) + " | all | hours |",
            "|---|" + "---:|" * (len(RATIOS) + 2),
        ]
        order = sorted(each.verdicts[1:], key=lambda v: -share_found(v, each.of(half)))
        for verdict in [ours, *order, each.limit]:
            cells = [f"{share_found(verdict, each.of(half, r)):.0%}" for r in RATIOS]
            cells += [f"{share_found(verdict, each.of(half)):.1%}"]
            cells += ["" if verdict is each.limit else f"{mean_delay(verdict, each.of(half)):.1f}"]
            name = f"**{verdict.name}**" if verdict is ours else verdict.name
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines += [
            "",
            f"Against {rival.name}, sites resampled: {_gain(each.gains[half])}. Median delay on "
            f"the spikes that both found: {_both(ours, rival, each.of(half))}.",
            "",
        ]
    return lines


def _loads(each: Comparison) -> list[str]:
    if not each.hospitals.batches:
        return []
    batches = Counter(batch.load for batch in each.hospitals.batches)
    loads = "; ".join(
        f"{load.value}, at {batches[load]} sites: {n}" for load, n in each.loads.items()
    )
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in each.dropped.items())
    return [
        f"Alerts within a day of {loads}. Alerts at the {len(each.hospitals.silent)} sites that "
        f"lost a source, while it was silent and in the two days after: {each.silence}. Events "
        f"not counted: {dropped}.",
        "",
    ]


def _gain(gain: Gain) -> str:
    (fewest, most), (least, longest) = gain
    return (
        f"{100 * fewest:+.1f} to {100 * most:+.1f} percentage points more found and "
        f"{least:+.2f} to {longest:+.2f} hours sooner on average (95 of 100 draws)"
    )


def _walk(walked: WalkResult) -> list[str]:
    return [
        "### Events, one by one",
        "",
        f"{walked.events:,} events of {walked.sites} sites with topics, two sources and urgent "
        f"feedback, {walked.keys} keys in all, {walked.days} days, through the whole detector with "
        "an evaluation of the open bucket every five minutes:",
        "",
        "| what came | alerts |",
        "|---|---|",
        *(f"| {what} | {alerts} |" for what, alerts in walked.rows),
        "",
    ]


def _open_buckets(ours: Verdict) -> str:
    is_found = np.isfinite(ours.delays)
    sooner = ours.sooner[is_found] if ours.sooner is not None else np.zeros(0)
    early = sooner > 0
    return (
        f"Of {int(is_found.sum())} spikes that the detector found, it raised {early.mean():.0%} "
        f"before the 15 minutes were over, {sooner[early].mean():.0f} minutes sooner on average."
    )


def missing_sections(page: Path, block: str) -> list[str]:
    """Return the headings between the page's markers that the block does not have."""
    match = _BLOCK.search(page.read_text(encoding="utf-8"))
    headings = _HEADING.findall(match[0]) if match else []
    return [heading for heading in headings if heading not in _HEADING.findall(block)]


def write(page: Path, block: str) -> None:
    """Put the block between the page's markers."""
    text = page.read_text(encoding="utf-8")
    page.write_text(_BLOCK.sub(lambda m: m[1] + block + m[2], text), encoding="utf-8")


def draw(comparison: Comparison, path: Path) -> None:
    """Detection by size of the spike: the detector, each method at its best span, the limit."""
    mpl.use("Agg")
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
    for axis, half in zip(axes, comparison.truth.halves, strict=True):
        rising = sorted(comparison.verdicts[1:], key=lambda v: share_found(v, comparison.of(half)))
        methods = {verdict.name.split(",")[0]: verdict for verdict in rising}
        lines = [
            (comparison.limit, "0.6", ":"),
            *((methods[name], f"C{n}", "--") for n, name in enumerate(METHODS)),
            (comparison.verdicts[0], "black", "-"),
        ]
        for verdict, colour, style in lines:
            axis.plot(
                range(len(RATIOS)),
                [100 * share_found(verdict, comparison.of(half, r)) for r in RATIOS],
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
