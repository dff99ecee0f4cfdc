"""Find the records of a file that an earlier file of the same command has, too. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Overlap(NamedTuple):
    """The earlier file that shares the most records, and their number."""

    file: str
    records: int


class Overlaps:
    """The ids of the files of one command, in their order."""

    def __init__(self) -> None:
        self._files: list[tuple[str, Collection[bytes]]] = []

    def add(self, name: str, ids: Collection[bytes]) -> Overlap | None:
        """Add a file; return its overlap with an earlier one, if there is any.

        ``ids`` are kept, and not copied.
        """
        overlaps = [
            Overlap(other, sum(key in others for key in ids)) for other, others in self._files
        ]
        self._files.append((name, ids))
        largest = max(overlaps, key=lambda overlap: overlap.records, default=None)
        return largest if largest is not None and largest.records else None
