"""What Jetstream says: every commit to a collection in the whole network, and accounts that end.

https://github.com/bluesky-social/jetstream; its first wire format, at ``/subscribe``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from connectors.social.bluesky.post import COLLECTION, tid_us


@dataclass(frozen=True, slots=True)
class Event:
    """One message."""

    time_us: int
    """When Jetstream met it: its cursor."""
    did: str
    operation: str
    """``create``, ``update``, ``delete``, ``leave`` for an account deleted, empty for others."""
    uri: str = ""
    record: Any = None
    rev: Any = None

    @property
    def ms(self) -> int:
        """When it was done: by the repository's revision, or when Jetstream met it."""
        return (tid_us(self.rev) or self.time_us) // 1000


def read_event(message: str | bytes) -> Event | None:
    """Understand a message; None for what is none."""
    try:
        said = orjson.loads(message)
        time_us, did = int(said["time_us"]), str(said["did"])
        if (account := said.get("account")) is not None:
            left = account.get("active") is False and account.get("status") == "deleted"
            return Event(time_us, did, "leave" if left else "")
        commit = said.get("commit")
        if commit is None or commit["collection"] != COLLECTION:
            return Event(time_us, did, "")
        uri = f"at://{did}/{COLLECTION}/{commit['rkey']}"
        record, rev = commit.get("record"), commit.get("rev")
        return Event(time_us, did, str(commit["operation"]), uri, record, rev)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
