"""Sources that can publish a reply to a piece of feedback."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from connectors.sdk.source import ConfigT, Source


@dataclass(frozen=True, slots=True)
class Reply:
    """A request that publishes a reply."""

    method: str
    path: str
    json: Any


class Answering(Source[ConfigT]):
    """A source that can publish a reply to a piece of feedback."""

    @abstractmethod
    def build_reply(self, native_id: str, text: str) -> Reply:
        """Return the request that publishes a reply, without sending it.

        Raises ``BadRecord`` for a reply that cannot be sent.
        """

    @abstractmethod
    def send_reply(self, reply: Reply) -> None:
        """Send a reply. Raises ``Retry`` or ``Fatal``."""
