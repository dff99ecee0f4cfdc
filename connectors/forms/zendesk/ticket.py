"""Tickets of Zendesk, and their parts that are collected: a message and a rating."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from connectors.sdk import BadRecord, get_object
from schemas.measures import Csat


class Part(BaseModel):
    """A part of a ticket: its message, or its rating."""

    id: str = Field(min_length=1)
    subject: str | None = None
    text: str | None = None
    score: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    redated: bool = False
    deleted: bool = False
    requester: str = ""
    channel: str | None = None
    group: str = ""


def ticket_part(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a ticket's subject and first message."""
    message = {"subject": ticket.get("subject"), "text": ticket.get("description")}
    return {**_common_fields(ticket), "id": str(ticket.get("id") or ""), **message}


def rating_part(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a ticket's rating, with the time of its last change."""
    rating = get_object(ticket, "satisfaction_rating")
    return {
        **_common_fields(ticket),
        "id": f"{ticket.get('id')}:rating",
        "text": rating.get("comment"),
        "score": rating.get("score"),
        "created_at": ticket.get("updated_at"),
        "redated": True,
    }


def trigger_part(event: dict[str, Any]) -> dict[str, Any]:
    """Return the rating that a trigger has sent; its comment may be in quotation marks."""
    score, comment = str(event.get("rating")).casefold(), event.get("comment")
    if isinstance(comment, str) and len(comment) > 1 and comment[0] == comment[-1] == '"':
        comment = comment[1:-1]
    rating = {"score": score, "comment": comment}
    at = event.get("updated_at")
    return rating_part(
        {"id": event.get("ticket_id"), "updated_at": at, "satisfaction_rating": rating}
    )


def may_be_rated(ticket: dict[str, Any]) -> bool:
    """Return True if a ticket has a rating, or is deleted and may have had one."""
    score = str(get_object(ticket, "satisfaction_rating").get("score"))
    return score.startswith(("good", "bad")) or (
        _is_deleted(ticket) and "satisfaction_rating" not in ticket
    )


def join_text(part: Part) -> str:
    """Return subject and message, unless the message begins with the subject."""
    subject, text = (part.subject or "").strip(), (part.text or "").strip()
    if subject and not text.startswith(subject.rstrip(".…")):
        return f"{subject}\n{text}".strip()
    return text


def parse_score(score: str | None) -> Csat | None:
    """Return 1 for good, 0 for bad. Raises ``BadRecord`` for any other score."""
    if score is None:
        return None
    if not score.startswith(("good", "bad")):
        raise BadRecord("parsing zendesk: rating: it is neither good nor bad")
    return Csat(value=float(score.startswith("good")), worst=0, best=1)


def _common_fields(ticket: dict[str, Any]) -> dict[str, Any]:
    return {
        "created_at": ticket.get("created_at"),
        "updated_at": ticket.get("updated_at"),
        "requester": str(ticket.get("requester_id") or ""),
        "channel": get_object(ticket, "via").get("channel"),
        "group": str(ticket.get("group_id") or ""),
        "deleted": _is_deleted(ticket),
    }


def _is_deleted(ticket: dict[str, Any]) -> bool:
    return str(ticket.get("status")).casefold() == "deleted"
