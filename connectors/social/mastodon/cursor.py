"""How far a hashtag's timeline was read.

Only ``fetch`` moves the position: the stream may have had a gap that nobody saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sdk import RecheckedCursor
from connectors.social.mastodon.status import id_at


@dataclass(slots=True)
class MastodonCursor(RecheckedCursor):
    """A position, and the posts before it that are remembered."""

    id: str
    """The last status that was read."""
    arrived: bool
    """Whether that was the newest there was."""

    @classmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """As if the last status of then had been read."""
        return {"id": id_at(ms), "arrived": False}
