"""From passes to figures: medians over the rounds, the JSON document, and the bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from bench.burst import Pass
from bench.latency import Latency, percentile

PROJECT: Final = "project"
QUIET_CPUS: Final = 0.2
"""What other programs may use before the figures are called rough."""
NOT_INSTALLED: Final = "not installed: pip install 'feedback-pipeline[bench]'"


@dataclass(slots=True)
class Outcome:
    """Outcome of one contestant."""

    title: str
    passes: list[Pass] = field(default_factory=list)
    error: str | None = None
    installed: bool = True

    @property
    def events_per_s(self) -> float | None:
        """Median of the rounds; None without measurements or if a round failed."""
        if self.error is not None or not self.passes:
            return None
        return median(each.events_per_s for each in self.passes)


@dataclass(slots=True)
class Results:
    """Results of one run."""

    events: int
    rounds: int
    machine: Mapping[str, Any]
    enrichment_us: float
    contestants: dict[str, Outcome]
    latency: Latency | None = None
    latency_error: str | None = None

    @property
    def failed(self) -> bool:
        """True if an installed contestant could not be measured."""
        errors = [each.error for each in self.contestants.values()]
        return any([*errors, self.latency_error])

    @property
    def foreign_cpus(self) -> float:
        """CPUs used by programs with no part in it, in the worst pass."""
        outcomes = self.contestants.values()
        shares = [each.foreign_cpus for outcome in outcomes for each in outcome.passes]
        if self.latency is not None:
            shares.append(self.latency.foreign_cpus)
        return max(shares, default=0.0)

    def ratio(self, name: str, to: str) -> float | None:
        """The rate of one contestant as a multiple of another's."""
        rates = [
            outcome.events_per_s if (outcome := self.contestants.get(each)) else None
            for each in (name, to)
        ]
        return rates[0] / rates[1] if rates[0] and rates[1] else None


def to_document(results: Results) -> dict[str, Any]:
    """Return the results as the JSON document of ``--json``."""
    return {
        "events": results.events,
        "rounds": results.rounds,
        "machine": dict(results.machine),
        "contestants": {
            name: _contestant(name, outcome, results)
            for name, outcome in results.contestants.items()
        },
        "latency_ms": _latency(results),
        "bars": [
            {"bar": bar.text, "value": bar.value, "limit": bar.limit, "met": bar.met}
            for bar in bars(results)
        ],
    }


def _contestant(name: str, outcome: Outcome, results: Results) -> dict[str, Any]:
    if not outcome.installed:
        return {"not_installed": NOT_INSTALLED}
    if outcome.error is not None or not outcome.passes:
        return {"error": outcome.error or "not measured"}
    parts = cpu_parts_us(outcome.passes, results.enrichment_us)
    ratio = results.ratio(name, PROJECT)
    return {
        "events_per_s": round(outcome.events_per_s or 0, 1),
        "cpu_us_per_event": parts["contestant"],
        "cpu_parts_us": parts,
        "rss_mb": round(median(each.peak_rss_bytes for each in outcome.passes) / 1e6, 1),
        "events": outcome.passes[0].events,
        "relative_to_project": None if ratio is None else round(ratio, 3),
        "rounds": [round(each.events_per_s, 1) for each in outcome.passes],
        "foreign_cpus": [round(each.foreign_cpus, 2) for each in outcome.passes],
    }


def cpu_parts_us(passes: Sequence[Pass], enrichment_us: float) -> dict[str, float]:
    """CPU µs an event: the contestant's, the enrichment's share of it, and the engines'."""

    def of(seconds: Callable[[Pass], float]) -> float:
        return round(median(seconds(each) / each.events for each in passes) * 1e6, 1)

    return {
        "contestant": of(lambda each: each.contestant_cpu_s),
        "enrichment": round(enrichment_us, 1),
        "kafka": of(lambda each: each.kafka_cpu_s),
        "elasticsearch": of(lambda each: each.elasticsearch_cpu_s),
    }


def _latency(results: Results) -> dict[str, Any] | None:
    if results.latency_error is not None:
        return {"error": results.latency_error}
    if results.latency is None:
        return None
    ways = {"enriched": results.latency.enriched, "searchable": results.latency.searchable}
    figures: dict[str, Any] = {
        way: {"p50": round(percentile(rising, 0.5), 1), "p99": round(percentile(rising, 0.99), 1)}
        for way, rising in ways.items()
    }
    figures["foreign_cpus"] = round(results.latency.foreign_cpus, 2)
    return figures


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise of the project: what was measured for it and the limit it must keep."""

    text: str
    value: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """True if the promise is kept."""
        return self.value >= self.limit if self.at_least else self.value < self.limit


_RATIOS: Final = (
    ("faust_per_event", "times the plain Faust agent", 5.0),
    ("quixstreams", "times quixstreams", 1.0),
    ("aiokafka_one_by_one", "times the bare aiokafka loop that enriches one by one", 1.3),
    ("aiokafka_loop", "times the bare aiokafka loop in batches", 1.0),
)
_P99_MS: Final = (("enriched", 500.0), ("searchable", 2_000.0))


def bars(results: Results) -> list[Bar]:
    """The promises that this run can judge."""
    judged = [
        Bar(text, ratio, limit, at_least=True)
        for name, text, limit in _RATIOS
        if (ratio := results.ratio(PROJECT, name)) is not None
    ]
    latency = _latency(results) or {}
    judged += [
        Bar(f"ms to {way}, p99", latency[way]["p99"], limit, at_least=False)
        for way, limit in _P99_MS
        if way in latency
    ]
    return judged
