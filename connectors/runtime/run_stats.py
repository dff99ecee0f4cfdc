"""Statistics of a run: counts that add up, and the reasons behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connectors.sdk.empty_answers import EMPTY_ANSWER
from connectors.sdk.id_set import IdSet

_MAX_EXAMPLES: Final = 3
_MAX_NOTES: Final = 20


@dataclass(slots=True)
class Reason:
    """Number of items with the same reason, and the origins of the first of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, origin: str) -> None:
        """Count one more item."""
        self.count += 1
        if len(self.examples) < _MAX_EXAMPLES:
            self.examples.append(origin)


@dataclass(slots=True)
class RunStats:
    """Counts of one source. ``read`` is the sum of the four counts after it.

    ``event_ids`` holds every id once, in order.
    """

    read: int = 0
    published: int = 0
    dead_lettered: int = 0
    skipped: int = 0
    repeated: int = 0
    already_published: int = 0
    """Items of ``read`` that an earlier run had published."""
    reasons: dict[str, Reason] = field(default_factory=dict)
    skips: dict[str, Reason] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    """Numbers of texts beside the items that became no record, by reason."""
    empty_answers: int = 0
    """Answers that say nothing, skipped or left out of a record."""
    event_ids: IdSet = field(default_factory=IdSet)
    notes: dict[str, None] = field(default_factory=dict)
    """What the operator should know although nothing failed, once each."""

    def add_record(self, event_id: str) -> None:
        """Count a record: the first of its id, or one that overwrites an earlier one."""
        if self.event_ids.add(bytes.fromhex(event_id)):
            self.published += 1
        else:
            self.repeated += 1

    def add_dead_letter(self, reason: str, origin: str) -> None:
        """Count an item that was refused."""
        self.dead_lettered += 1
        self.reasons.setdefault(reason, Reason()).add(origin)

    def add_left_out(self, reasons: Mapping[str, int]) -> None:
        """Count texts that became no record, given by reason."""
        if not reasons:
            return
        self.left_out.update(reasons)
        self.empty_answers += reasons.get(EMPTY_ANSWER, 0)

    def add_notes(self, notes: Sequence[str]) -> None:
        """Keep the first notes of a run."""
        for note in notes:
            if len(self.notes) < _MAX_NOTES:
                self.notes[note] = None

    def add_skip(self, reason: str, origin: str) -> None:
        """Count an item that was skipped on purpose."""
        self.skipped += 1
        self.empty_answers += reason == EMPTY_ANSWER
        self.skips.setdefault(reason, Reason()).add(origin)


@dataclass(slots=True)
class TimeRange:
    """Time range of the feedback in a run."""

    earliest: datetime | None = None
    latest: datetime | None = None

    def add(self, created_at: datetime) -> None:
        """Extend the range to one more piece of feedback."""
        if self.earliest is None or created_at < self.earliest:
            self.earliest = created_at
        if self.latest is None or created_at > self.latest:
            self.latest = created_at


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run."""

    bytes_read: int
    bytes_total: int | None
    rows: int


OnProgress = Callable[[Progress], None]
