"""The whole run: engines, warm-up, the rounds in alternating order, latency."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.burst import Pass, run_pass
from bench.comments import enrichment_us, raw_messages
from bench.contestants import CONTESTANTS, Contestant
from bench.errors import BenchError, ContestantError
from bench.figures import PROJECT, QUIET_CPUS, Outcome, Results
from bench.latency import EVENTS_PER_S, measure_latency
from bench.servers import Servers, own_servers
from pipeline.settings import Settings
from schemas.message import Message

_WARM_UP_SHARE: Final = 0.15
_ENGINE_WARM_UP: Final = "aiokafka_loop"
_MAX_ENGINE_WARM_UP: Final = 20_000  # by then Java has compiled what the engines use
_COST_SAMPLE: Final = 4_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a run."""

    events: int
    rounds: int
    names: Sequence[str]
    latency_s: int
    """Seconds at a steady rate; 0 leaves latency out."""

    @property
    def contestants(self) -> list[Contestant]:
        return [each for each in CONTESTANTS if each.name in self.names]


def measure(plan: Plan, settings: Settings, say: Say) -> Results:
    """Measure on engines of its own; raises :class:`~bench.errors.BenchError`."""
    warm_up = max(100, int(plan.events * _WARM_UP_SHARE))
    say(f"writing {warm_up + plan.events} comments")
    messages = raw_messages(warm_up + plan.events)
    results = Results(
        events=plan.events,
        rounds=plan.rounds,
        machine=_machine(),
        enrichment_us=enrichment_us(messages[:_COST_SAMPLE]),
        contestants={
            each.name: Outcome(each.title, installed=each.installed) for each in plan.contestants
        },
    )
    with own_servers(settings, say) as servers:
        run = _Run(plan, servers, messages[:warm_up], messages[warm_up:], results, say)
        asyncio.run(run.all())
    return results


def _machine() -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


@dataclass(frozen=True, slots=True)
class _Run:
    plan: Plan
    servers: Servers
    warm_up: Sequence[Message]
    burst: Sequence[Message]
    results: Results
    say: Say

    async def all(self) -> None:
        """The engines' own warm-up, the rounds, and latency."""
        contestants = [each for each in self.plan.contestants if each.installed]
        if contestants:
            await self._warm_engines()
        for number in range(self.plan.rounds):
            # Alternate the order: the first contestant meets fresher engines than the last.
            for contestant in contestants if number % 2 == 0 else reversed(contestants):
                await self._one(contestant, number)
        if self.plan.latency_s:
            await self._latency()

    async def _warm_engines(self) -> None:
        self.say("warming up the engines")
        first = next(each for each in CONTESTANTS if each.name == _ENGINE_WARM_UP)
        count = min(3 * self.plan.events, _MAX_ENGINE_WARM_UP)
        burst = await asyncio.to_thread(raw_messages, count)
        try:
            await run_pass(first, self.servers, warm_up=self.warm_up, burst=burst)
        except ContestantError as error:
            raise BenchError(f"warming up the engines: {error}") from None

    async def _one(self, contestant: Contestant, number: int) -> None:
        outcome = self.results.contestants[contestant.name]
        if outcome.error is not None:
            return
        burst = self.burst[: max(1, int(len(self.burst) * contestant.share))]
        try:
            one: Pass = await run_pass(
                contestant,
                self.servers,
                warm_up=self.warm_up,
                burst=burst,
            )
        except ContestantError as error:
            outcome.error = str(error)
            self.say(f"round {number + 1}: {contestant.title}: {error}")
            return
        outcome.passes.append(one)
        self.say(f"round {number + 1}: {contestant.title}: {one.events_per_s:,.0f} events/s")
        if one.foreign_cpus > QUIET_CPUS:
            self.say(f"  other programs used {one.foreign_cpus:.1f} CPUs meanwhile")

    async def _latency(self) -> None:
        self.say(f"latency at {EVENTS_PER_S} events/s for {self.plan.latency_s} s")
        project = next(each for each in CONTESTANTS if each.name == PROJECT)
        lead_in = EVENTS_PER_S * max(1, self.plan.latency_s // 2)
        wanted = lead_in + EVENTS_PER_S * self.plan.latency_s
        steady = await asyncio.to_thread(raw_messages, wanted + len(self.warm_up))
        try:
            self.results.latency = await measure_latency(
                project,
                self.servers,
                warm_up=steady[wanted:],
                steady=steady[:wanted],
                lead_in=lead_in,
            )
        except ContestantError as error:
            self.results.latency_error = str(error)
