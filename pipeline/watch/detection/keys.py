"""Keys: every site, its topics and its sources, and since when they are watched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.signals import BUCKETS_PER_DAY, Key

_FIRST_ROOM = 256
Bools = NDArray[np.bool_]


class Keys:
    """Keys in the order of their first event, with their places in all arrays.

    ``room`` is the length of the arrays, at least the number of keys; it grows by a
    quarter.
    """

    def __init__(self) -> None:
        self.all: list[Key] = []
        self.index: dict[Key, int] = {}
        self.sites: dict[str, int] = {}
        self._by_topic: dict[str, list[int]] = {}
        self.room = _FIRST_ROOM
        self.site = np.zeros(self.room, dtype=np.int64)
        """Each key's site, as a place among the sites."""
        self.parent = np.full(self.room, -1, dtype=np.int64)
        """Each key's site, as a key; -1 for a site."""
        self.since = np.zeros(self.room, dtype=np.int64)
        """The bucket in which the site, or the site's source, was first seen."""

    def add(self, key: Key, bucket: int) -> int:
        """Add a new key, and its site first if that is new."""
        own = Key(key.site)
        if key != own and own not in self.index:
            self.add(own, bucket)
        place = len(self.all)
        if place == self.room:
            self._make_room()
        self.all.append(key)
        self.index[key] = place
        if key.topic is not None:
            self._by_topic.setdefault(key.topic, []).append(place)
        self.sites.setdefault(key.site, len(self.sites))
        self.site[place] = self.sites[key.site]
        if key != own:
            self.parent[place] = self.index[own]
        about_source = key.source is not None or key == own
        self.since[place] = bucket if about_source else self.since[self.index[own]]
        return place

    def silent_mask(self, bucket: int, warm_up_days: float) -> Bools:
        """Return the places that raise no alert, too young or unused; shape (room,)."""
        silent: Bools = bucket - self.since < warm_up_days * BUCKETS_PER_DAY
        silent[len(self.all) :] = True
        return silent

    def same_topic(self, topic: str) -> list[int]:
        """Return the keys of a topic at all sites."""
        return self._by_topic.get(topic, [])

    def _make_room(self) -> None:
        more = max(_FIRST_ROOM, self.room // 4)
        self.room += more
        self.site = np.pad(self.site, (0, more))
        self.parent = np.pad(self.parent, (0, more), constant_values=-1)
        self.since = np.pad(self.since, (0, more))

    def facts(self) -> dict[str, Any]:
        """Return the state."""
        return {
            "keys": [list(key) for key in self.all],
            "since": self.since[: len(self.all)].tolist(),
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Keys:
        """Restore from :meth:`facts`."""
        keys = cls()
        for fields, since in zip(facts["keys"], facts["since"], strict=True):
            place = keys.add(Key(*fields), since)
            keys.since[place] = since
        return keys
