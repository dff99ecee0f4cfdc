"""Contestants: the project, and the equivalent programs with other libraries.

Each contestant is a program (``python -m bench.contestants.<module>``) that reads the raw Kafka
topics, enriches with :class:`pipeline.enrich.enricher.Enricher`, publishes the enriched record,
and indexes its document, until it is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

ENRICHED_ONLY: Final = "project_enrich_only"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to do the work."""

    name: str
    title: str
    module: str
    options: tuple[str, ...] = ()
    """Arguments of its own."""
    needs: str | None = None
    """The package that has to be installed for it."""
    share: float = 1.0
    """Of the events, how many it gets; the slow ones get fewer, so that a run ends."""

    @property
    def indexes(self) -> bool:
        """True if it writes documents; otherwise the enriched record is its result."""
        return self.name != ENRICHED_ONLY

    @property
    def installed(self) -> bool:
        """True if its requirements are installed."""
        return self.needs is None or find_spec(self.needs) is not None

    @property
    def command(self) -> tuple[str, ...]:
        """Arguments after ``python``."""
        return ("-m", f"bench.contestants.{self.module}", *self.options)


CONTESTANTS: Final = (
    Contestant("project", "the project: feedback worker", "project", ("--roles", "enrich,index")),
    Contestant(ENRICHED_ONLY, "the project, raw to enriched", "project", ("--roles", "enrich")),
    Contestant(
        "faust_per_event", "plain Faust agent, event by event", "faust_per_event", share=0.2
    ),
    Contestant("quixstreams", "quixstreams", "quixstreams_app", needs="quixstreams"),
    Contestant(
        "aiokafka_one_by_one",
        "bare aiokafka loop, stages one by one",
        "aiokafka_loop",
        ("--one-by-one",),
        share=0.5,
    ),
    Contestant("aiokafka_loop", "bare aiokafka loop, in batches", "aiokafka_loop"),
    Contestant(
        "confluent_loop",
        "bare confluent-kafka loop, in batches",
        "confluent_loop",
        needs="confluent_kafka",
    ),
)
