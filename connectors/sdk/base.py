"""The contract of a connector: ``fetch`` reads pages, ``parse`` turns one item into a record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from schemas.feedback import Family, Feedback


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as it was read, before it is parsed."""

    data: Any
    """The argument of :meth:`Connector.parse`."""
    origin: str
    """Human-readable location, such as ``"visits:line 7"``."""
    payload: bytes | None
    """Its raw bytes, for a dead letter; None if they are ``data`` as JSON."""
    collected_at: datetime
    """When it was read; an aware time."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Numbers of texts beside it that become no record, by reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the cursor that follows them."""

    items: Sequence[Item]
    cursor: str
    """Where to resume once the broker has acknowledged every item. Opaque to the runner."""
    bytes_read: int = 0
    bytes_total: int | None = None
    acknowledged: bool = False
    """True if an earlier run has published the items: they are counted, and not sent, again."""
    is_history: bool = False
    """True if it is of the first reading of its place, such as a country added to the settings."""
    notes: Sequence[str] = ()
    """What the operator should know although nothing failed; without personal data."""


class Connector(ABC):
    """Reads one kind of source.

    ``instance_key`` distinguishes two of the same kind (a site, an app, a file). It is None if
    nothing can be resumed, and then no cursor is stored.
    """

    name: ClassVar[str]
    Config: ClassVar[type[BaseModel]]
    handles_empty_answers: ClassVar[bool] = False
    """True if it decides itself which answers say nothing, such as "N/A"."""

    @property
    @abstractmethod
    def family(self) -> Family:
        """The family, which selects the Kafka topic."""

    @property
    @abstractmethod
    def instance_key(self) -> str | None:
        """The key of its cursor, if it has one."""

    @abstractmethod
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Yield the pages that follow ``cursor``, or all pages if it is None.

        Raises ``Retry`` or ``Fatal``. One bad item never ends a page.
        """

    @abstractmethod
    def parse(self, item: Item) -> Feedback:
        """Return the record of one item. Pure: the same item always gives the same record.

        Raises ``BadRecord``, or ``Skip`` if the item holds no feedback.
        """
