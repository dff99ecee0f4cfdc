"""``Notice``: the content of a notification, the same for every destination."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.delivery import DeliveryNotice

DIGEST: Final = "digest"
"""Type of a notice that summarises a period."""


class Urgency(StrEnum):
    """Urgency of a notice, in ascending order."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order; 0 is the least urgent."""
        return list(Urgency).index(self)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. Contains no personal data beyond that of the enriched records."""

    notice_id: str
    """Deterministic: a notice that is sent again after a crash has the same. Contains no full stop,
    since it is signed."""
    type: str
    """Type of event: ``alert.firing``, ``alert.resolved``, ``case.opened``, ``case.overdue`` …"""
    at: datetime
    urgency: Urgency
    title: str
    """One line."""
    text: str
    """Sentences, one per line; "- " begins a list item, `backticks` enclose a command."""
    data: bytes
    """The record as JSON, for services."""
    site: str | None = None
    organization: str | None = None
    topics: tuple[str, ...] = ()
    source: str | None = None
    about: str | None = None
    """Id of the alert or case; a pending notice is superseded by a later one with the same id."""
    examples: tuple[str, ...] = ()
    """Comments, personal data hidden; shown only on routes that ask for them."""


def pack_notice(notice: Notice) -> DeliveryNotice:
    """Return the notice as part of a delivery."""
    fields = asdict(notice)
    return DeliveryNotice(**{**fields, "data": notice.data.decode()})


def unpack_notice(notice: DeliveryNotice) -> Notice:
    """Return the notice of a delivery."""
    fields = dict(notice)
    data, urgency = notice.data.encode(), Urgency(notice.urgency)
    return Notice(**{**fields, "data": data, "urgency": urgency})
