"""Events of Jetstream: commits to a collection in the whole network, and deleted accounts.

https://github.com/bluesky-social/jetstream; its first wire format, at ``/subscribe``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from connectors.sdk import load_json
from connectors.social.bluesky.post import COLLECTION, tid_us


@dataclass(frozen=True, slots=True)
class Event:
    """One message."""

    time_us: int
    """When Jetstream received it, which is its cursor (Unix time, µs)."""
    did: str
    operation: str
    """``create``, ``update``, ``delete``, ``leave`` for an account deleted, empty for others."""
    uri: str = ""
    record: Any = None
    rev: Any = None

    @property
    def ms(self) -> int:
        """When it happened: the repository's revision, or when Jetstream received it."""
        return (tid_us(self.rev) or self.time_us) // 1000


def read_event(message: str | bytes) -> Event | None:
    """Return the event in a message, or None if it is not valid."""
    try:
        document = load_json(message)
        time_us, did = int(document["time_us"]), str(document["did"])
        if (account := document.get("account")) is not None:
            is_deleted = account.get("active") is False and account.get("status") == "deleted"
            return Event(time_us, did, "leave" if is_deleted else "")
        commit = document.get("commit")
        if commit is None or commit["collection"] != COLLECTION:
            return Event(time_us, did, "")
        uri = f"at://{did}/{COLLECTION}/{commit['rkey']}"
        record, rev = commit.get("record"), commit.get("rev")
        return Event(time_us, did, str(commit["operation"]), uri, record, rev)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
