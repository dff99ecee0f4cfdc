"""The items of a list that were read, by short hashes of their ids, for a cursor.

A list by date shows some items late, below those that are known: only their ids tell that they are
new. The newest items are remembered. Once older ones have been forgotten, whatever is not newer
than they were counts as read.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import nlargest
from typing import Any, Final, Self

MAX_ITEMS: Final = 500
"""Items of one list that are remembered."""
_MAX_ITEMS_OF_ALL_LISTS: Final = 10_000
_MIN_ITEMS: Final = 20
_HASH_BYTES: Final = 6


def share_memory(lists: int) -> int:
    """Return the number of items to remember of each list, if one cursor holds several."""
    return max(_MIN_ITEMS, min(MAX_ITEMS, _MAX_ITEMS_OF_ALL_LISTS // max(1, lists)))


def hash_id(native_id: str) -> str:
    """Return a short hash of an id, which may be long or name a person."""
    data = native_id.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(blake2b(data, digest_size=_HASH_BYTES).digest()).decode()


@dataclass(slots=True)
class ItemMemory:
    """The newest items, ``size`` at most once settled. Times are Unix times (ms)."""

    size: int = MAX_ITEMS
    times: dict[str, int] = field(default_factory=dict)
    """Times by the hashes of ids."""
    floor: int = -1
    """An item that is not newer and is not remembered was read: it has been forgotten."""
    forgotten: int = -1
    """The newest time of a forgotten item: the floor once all items have been read."""

    settled_at: int = -1
    """The newest time of the readings that have arrived: what is forgotten up to it was read."""

    @classmethod
    def load(cls, state: Any, size: int = MAX_ITEMS) -> Self:
        """Return the memory that :meth:`dump` returned; also understands a mark.

        A mark, of earlier versions, is the newest time and the ids of its items.
        """
        if isinstance(state, list | tuple):
            at, ids = state
            floor = max(-1, at - 1)
            return cls(size, {hash_id(native_id): at for native_id in ids}, floor, floor)
        floor = state["floor"]
        return cls(size, dict(state["ids"]), floor, state.get("forgotten", floor))

    def dump(self) -> dict[str, Any]:
        """Return the memory as JSON's types, for a cursor."""
        newest_first = sorted(self.times.items(), key=lambda pair: (-pair[1], pair[0]))
        state = {"ids": dict(newest_first), "floor": self.floor}
        return state if self.forgotten == self.floor else {**state, "forgotten": self.forgotten}

    @property
    def newest_at(self) -> int:
        """The newest time; -1 if nothing was read."""
        return max(self.times.values(), default=self.floor)

    def knows(self, at: int | None, native_id: str) -> bool:
        """Return True if an item was read before; one of another time has changed since."""
        before = self.times.get(hash_id(native_id))
        if before is None:
            return at is not None and at <= self.floor
        return at is None or before == at

    def add(self, at: int, native_id: str) -> None:
        """Remember an item."""
        self.times[hash_id(native_id)] = at
        if len(self.times) > 2 * self.size:  # in one go: finding the oldest is slow
            self._evict()

    def settle(self) -> None:
        """Count all that was forgotten as read: the reading has arrived."""
        self._evict()
        self.floor = self.forgotten = max(self.floor, self.forgotten)

    def _evict(self) -> None:
        if len(self.times) <= self.size:
            return
        kept = dict(nlargest(self.size, self.times.items(), key=lambda pair: (pair[1], pair[0])))
        evicted = [at for key, at in self.times.items() if key not in kept]
        self.forgotten = max(self.forgotten, *evicted)
        self.floor = max([self.floor, *(at for at in evicted if at <= self.settled_at)])
        self.times = kept
