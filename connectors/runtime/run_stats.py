"""What became of every item: counts that add up, and the reasons behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_EXAMPLES = 3


@dataclass(slots=True)
class Reason:
    """Why items were refused, how many, and where the first of them were found."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, origin: str) -> None:
        """Count one more item."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(origin)


@dataclass(slots=True)
class Tally:
    """Counts of one source. ``read`` is the sum of the four below it.

    ``event_ids`` holds every id once, in order, as 16 bytes: some hundred with Python's own.
    """

    read: int = 0
    published: int = 0
    dead_lettered: int = 0
    skipped: int = 0
    repeated: int = 0
    earlier: int = 0
    """How many of ``read`` an earlier run had published already."""
    reasons: dict[str, Reason] = field(default_factory=dict)
    skips: dict[str, Reason] = field(default_factory=dict)
    event_ids: dict[bytes, None] = field(default_factory=dict)

    def add_record(self, event_id: str) -> None:
        """A record: the first of its id, or one that writes over an earlier one."""
        known = bytes.fromhex(event_id)
        if known in self.event_ids:
            self.repeated += 1
        else:
            self.event_ids[known] = None
            self.published += 1

    def add_dead_letter(self, reason: str, origin: str) -> None:
        """An item that was refused."""
        self.dead_lettered += 1
        self.reasons.setdefault(reason, Reason()).add(origin)

    def add_skip(self, reason: str, origin: str) -> None:
        """An item left out on purpose."""
        self.skipped += 1
        self.skips.setdefault(reason, Reason()).add(origin)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    bytes_read: int
    bytes_total: int | None
    rows: int


OnProgress = Callable[[Progress], None]
