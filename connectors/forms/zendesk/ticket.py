"""Tickets as Zendesk describes them: what is kept of one, as a message and as a rating."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from connectors.sdk import BadRecord, get_object
from schemas.measures import Csat


class Part(BaseModel):
    """What is kept of a ticket: what it says, or its rating."""

    id: str = Field(min_length=1)
    subject: str | None = None
    text: str | None = None
    score: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    redated: bool = False
    gone: bool = False
    requester: str = ""
    channel: str | None = None
    group: str = ""


def ticket_part(ticket: dict[str, Any]) -> dict[str, Any]:
    """Subject and first message."""
    said = {"subject": ticket.get("subject"), "text": ticket.get("description")}
    return {**_kept(ticket), "id": str(ticket.get("id") or ""), **said}


def rating_part(ticket: dict[str, Any]) -> dict[str, Any]:
    """The rating, dated by the ticket's last change: it has no time of its own."""
    rating = get_object(ticket, "satisfaction_rating")
    return {
        **_kept(ticket),
        "id": f"{ticket.get('id')}:rating",
        "text": rating.get("comment"),
        "score": rating.get("score"),
        "created_at": ticket.get("updated_at"),
        "redated": True,
    }


def triggered_part(event: dict[str, Any]) -> dict[str, Any]:
    """The rating that a trigger tells of, whose comment may stand in quotation marks."""
    score, comment = str(event.get("rating")).casefold(), event.get("comment")
    if isinstance(comment, str) and len(comment) > 1 and comment[0] == comment[-1] == '"':
        comment = comment[1:-1]
    rating = {"score": score, "comment": comment}
    at = event.get("updated_at")
    return rating_part(
        {"id": event.get("ticket_id"), "updated_at": at, "satisfaction_rating": rating}
    )


def may_be_rated(ticket: dict[str, Any]) -> bool:
    """Whether it has a rating, or is gone and does not tell whether it had one."""
    score = str(get_object(ticket, "satisfaction_rating").get("score"))
    return score.startswith(("good", "bad")) or (
        _is_gone(ticket) and "satisfaction_rating" not in ticket
    )


def text_of(part: Part) -> str:
    """Subject and message are one comment, unless the one only begins the other."""
    subject, text = (part.subject or "").strip(), (part.text or "").strip()
    if subject and not text.startswith(subject.rstrip(".…")):
        return f"{subject}\n{text}".strip()
    return text


def csat_of(score: str | None) -> Csat | None:
    """1 for good, 0 for bad; raises ``BadRecord`` for any other word."""
    if score is None:
        return None
    if not score.startswith(("good", "bad")):
        raise BadRecord("parsing zendesk: rating: it is neither good nor bad")
    return Csat(value=float(score.startswith("good")), worst=0, best=1)


def _kept(ticket: dict[str, Any]) -> dict[str, Any]:
    return {
        "created_at": ticket.get("created_at"),
        "updated_at": ticket.get("updated_at"),
        "requester": str(ticket.get("requester_id") or ""),
        "channel": get_object(ticket, "via").get("channel"),
        "group": str(ticket.get("group_id") or ""),
        "gone": _is_gone(ticket),
    }


def _is_gone(ticket: dict[str, Any]) -> bool:
    return str(ticket.get("status")).casefold() == "deleted"
