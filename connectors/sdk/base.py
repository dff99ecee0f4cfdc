"""The contract of a connector: ``fetch`` reads pages, ``parse`` understands one item."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from schemas.feedback import Family, Feedback


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as it was read, before anybody tried to understand it."""

    data: Any
    """What :meth:`Connector.parse` takes."""
    origin: str
    """Where it was found, for a person who looks for it: ``"visits:line 7"``."""
    payload: bytes | None
    """Its bytes as they came, which a dead letter keeps; None: those of ``data`` as JSON."""
    collected_at: datetime
    """When it was read, with its time zone."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the cursor that follows them."""

    items: Sequence[Item]
    cursor: str
    """Where to go on once the broker has acknowledged every item. Opaque to the runner."""
    bytes_read: int = 0
    bytes_total: int | None = None
    acknowledged: bool = False
    """An earlier run has published these: they are counted again, and not sent again."""


class Connector(ABC):
    """Reads one kind of source.

    ``instance_key`` tells two of the same kind apart (a site, an app, a file); None where there is
    nothing to come back to, and then no cursor is kept.
    """

    name: ClassVar[str]
    Config: ClassVar[type[BaseModel]]

    @property
    @abstractmethod
    def family(self) -> Family:
        """The family, which decides the Kafka topic."""

    @property
    @abstractmethod
    def instance_key(self) -> str | None:
        """Which of its kind, as the cursor knows it."""

    @abstractmethod
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the pages that follow ``cursor``; None: from the beginning.

        Raises ``Retry`` or ``Fatal``. One bad item never ends a page.
        """

    @abstractmethod
    def parse(self, item: Item) -> Feedback:
        """Understand one item. Pure: the same item always gives the same record.

        Raises ``BadRecord``, or ``Skip`` where there is nothing to work on.
        """
