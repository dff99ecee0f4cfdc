"""The cursor of ``mastodon``: the position in a hashtag's timeline.

Only ``fetch`` advances the position, since the stream may have gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sdk import RecheckedCursor
from connectors.social.mastodon.status import id_at


@dataclass(slots=True)
class MastodonCursor(RecheckedCursor):
    """A position, and the remembered posts before it."""

    id: str
    """The last status that was read."""
    arrived: bool
    """True if that was the newest status."""

    @classmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """Return the fields of a cursor for which all earlier statuses have been read."""
        return {"id": id_at(ms), "arrived": False}
