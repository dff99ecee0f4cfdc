"""Progress in a survey, by the ids of its responses. Pure.

Ids are given when a person begins, and a response is shown once it is complete: a low id may appear
long after a high one. So the ids that were read are remembered, in a window below the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(slots=True)
class Progress:
    """The ids of a survey that were read."""

    window: int
    """Ids below the newest that are still looked for."""
    floor: int = 1
    """Lower ids are not looked for."""
    read: set[int] = field(default_factory=set)
    """The ids from ``floor`` on that were read."""
    is_first: bool = True
    """True until the survey has been read to its end once."""

    @classmethod
    def load(cls, state: Any, window: int) -> Self:
        """Return the progress that :meth:`dump` returned; None: of a survey that was never read."""
        if state is None:
            return cls(window)
        return cls(window, state["floor"], set(state["read"]), state["first"])

    def dump(self) -> dict[str, Any]:
        """Return the progress as JSON's types, for a cursor."""
        return {"floor": self.floor, "read": sorted(self.read), "first": self.is_first}

    def find_unread(self, ids: Iterable[int]) -> list[int]:
        """Return the ids that were not read, the lowest first."""
        return sorted({each for each in ids if each >= self.floor} - self.read)

    def add(self, ids: Iterable[int]) -> None:
        """Note that ids were read, of which none that is lower is to be read in this run."""
        self.read.update(ids)
        newest = max(self.read, default=0)
        self.floor = max(self.floor, newest - self.window + 1)
        self.read = {each for each in self.read if each >= self.floor}


def split_ids(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield ascending ids in parts, of which each has at most ``size`` and no wider gaps."""
    part: list[int] = []
    for each in ids:
        if part and (len(part) == size or each - part[-1] > size):
            yield part
            part = []
        part.append(each)
    if part:
        yield part
