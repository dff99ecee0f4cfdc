"""A set of ids of 16 bytes that takes a quarter of the memory of Python's own. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

_ID_BYTES: Final = 16
_MIN_SLOTS: Final = 1_024


class IdSet:
    """Ids in the order in which they were added: about 30 bytes each."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._slots = array("I", bytes(4 * _MIN_SLOTS))
        self._count = 0

    def add(self, key: bytes) -> bool:
        """Add an id of 16 bytes; return True if it is new."""
        slots, ids = self._slots, self._ids
        mask = len(slots) - 1
        slot = int.from_bytes(key[:8]) & mask
        while number := slots[slot]:
            if ids.startswith(key, _ID_BYTES * (number - 1)):
                return False
            slot = (slot + 1) & mask
        self._count = count = self._count + 1
        ids += key
        slots[slot] = count
        if 3 * count > 2 * mask:
            self._grow()
        return True

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, bytes) or len(key) != _ID_BYTES:
            return False
        mask = len(self._slots) - 1
        slot = int.from_bytes(key[:8]) & mask
        while number := self._slots[slot]:
            if self._ids.startswith(key, _ID_BYTES * (number - 1)):
                return True
            slot = (slot + 1) & mask
        return False

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._ids), _ID_BYTES):
            yield bytes(self._ids[at : at + _ID_BYTES])

    def _grow(self) -> None:
        slots = array("I", bytes(8 * len(self._slots)))
        mask = len(slots) - 1
        for number in range(1, self._count + 1):
            at = _ID_BYTES * (number - 1)
            slot = int.from_bytes(self._ids[at : at + 8]) & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = number
        self._slots = slots
