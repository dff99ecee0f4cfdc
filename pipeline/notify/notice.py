"""``Notice``: what is told, whoever it is told to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from schemas.delivery import DeliveryNotice


class Urgency(StrEnum):
    """How soon somebody should look; in this order."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least urgent."""
        return list(Urgency).index(self)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. Holds no personal value beyond what the enriched records hold."""

    notice_id: str
    """Deterministic: the same notice, told again after a crash, has the same. No full stop in
    it: it is signed."""
    type: str
    """What happened: ``alert.firing``, ``alert.resolved``, ``case.opened``, ``case.overdue`` …"""
    at: datetime
    urgency: Urgency
    title: str
    """One line."""
    text: str
    """Plain sentences, one a line; "- " begins an item of a list, `backticks` hold a command."""
    data: bytes
    """The record as JSON, for services."""
    site: str | None = None
    organization: str | None = None
    topics: tuple[str, ...] = ()
    source: str | None = None
    about: str | None = None
    """The alert, or the like, that it is of: people are not told what a later notice of the same
    replaces while it waits."""
    examples: tuple[str, ...] = ()
    """Comments, personal data hidden; shown only on routes that ask for them."""


def packed(notice: Notice) -> DeliveryNotice:
    """The notice as it travels."""
    fields = asdict(notice)
    return DeliveryNotice(**{**fields, "data": notice.data.decode()})


def unpacked(notice: DeliveryNotice) -> Notice:
    """The notice that :func:`packed` was given."""
    fields = dict(notice)
    data, urgency = notice.data.encode(), Urgency(notice.urgency)
    return Notice(**{**fields, "data": data, "urgency": urgency})
