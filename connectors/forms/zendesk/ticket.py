"""Tickets of Zendesk, and their parts that are collected: a message and a rating."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import AwareDatetime, BaseModel, Field

from connectors.forms.email.reply_parser import strip_quoted_text
from connectors.sdk import BadRecord, Malformed, get_object, get_text, json_object, parse_iso
from schemas.measures import Csat

_MAX_FIELDS: Final = 100
_TRIGGER_FIELDS: Final = frozenset({"ticket_id", "rating", "comment", "updated_at"})
_NAME: Final = re.compile(r'[{,]\s*"(\w{1,30})"\s*:\s*')
_RATING: Final = ":rating"
_SCORES: Final = ("good", "bad")
_OFFERED: Final = frozenset({"offered", "unoffered"})
_MAIL: Final = "email"
_REPLY: Final = re.compile(r"\s*(?:re|fwd?|aw|wg|sv|vs|tr|rv|rif|antw|odp|ref)\s?:", re.IGNORECASE)


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
    dated: str | None = None
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
        "id": f"{ticket.get('id')}{_RATING}",
        "text": rating.get("comment"),
        "score": rating.get("score"),
        "created_at": ticket.get("updated_at"),
        "redated": True,
    }


def read_trigger(body: bytes) -> dict[str, Any]:
    """Return the fields that a trigger sends, as JSON or as a form. Raises ``Malformed``.

    Zendesk puts a comment into the JSON of a trigger as it is, so line breaks and quotation marks
    may break it. Then the fields are found by their names, of which the comment's text may hold
    none at a line's beginning.
    """
    try:
        return json_object(body)
    except Malformed:
        text = body.decode("utf-8", "replace")
    try:
        fields: dict[str, Any] = dict(parse_qsl(text, max_num_fields=_MAX_FIELDS))
    except ValueError:
        fields = {}
    if "ticket_id" in fields:
        return fields
    return _read_broken_json(text)


def _read_broken_json(text: str) -> dict[str, Any]:
    """Return the fields of a template's JSON whose comment is not escaped."""
    names = [match for match in _NAME.finditer(text) if match[1] in _TRIGGER_FIELDS]
    comment = next((number for number, match in enumerate(names) if match[1] == "comment"), None)
    if comment is None:
        raise Malformed("reading the request: it is neither JSON nor a trigger's template")
    before = names[: comment + 1]
    # A comment may hold what looks like a field: those before it count, and the last of the others.
    earlier = {match[1] for match in before}
    last = {match[1]: match for match in names[comment + 1 :] if match[1] not in earlier}
    after = sorted(last.values(), key=lambda match: match.start())
    fields: dict[str, Any] = {}
    for match, following in zip([*before, *after], [*before[1:], *after, None], strict=True):
        end = len(text) if following is None else following.start()
        fields[match[1]] = _unquote(text[match.end() : end])
    return fields


def _unquote(value: str) -> str:
    value = value.strip().rstrip("}").rstrip().rstrip(",").strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return value.replace("\\n", "\n").replace('\\"', '"')


def trigger_part(event: dict[str, Any], received: datetime) -> dict[str, Any]:
    """Return the rating that a trigger has sent; its comment may be in quotation marks.

    A template's time may be one that only people read: then it is that of its receipt.
    """
    score, comment = str(event.get("rating")).casefold(), event.get("comment")
    if isinstance(comment, str) and len(comment) > 1 and comment[0] == comment[-1] == '"':
        comment = comment[1:-1]
    rating = {"score": score, "comment": comment}
    try:
        at, dated = parse_iso(event["updated_at"]), None
    except (KeyError, TypeError, ValueError, AttributeError):
        at, dated = received, "received"
    part = rating_part(
        {"id": event.get("ticket_id"), "updated_at": at, "satisfaction_rating": rating}
    )
    return {**part, "dated": dated}


def may_be_rated(ticket: dict[str, Any]) -> bool:
    """Return True if a ticket has a rating, or is deleted and may have had one."""
    rating = get_object(ticket, "satisfaction_rating")
    score = get_text(rating, "score").casefold()
    if _is_deleted(ticket) and "satisfaction_rating" not in ticket:
        return True
    return score.startswith(_SCORES) or bool(score not in _OFFERED and get_text(rating, "comment"))


def join_text(part: Part) -> str:
    """Return subject and message, unless the message begins with the subject."""
    subject, text = (part.subject or "").strip(), (part.text or "").strip()
    if (part.channel or "").casefold() == _MAIL and not part.id.endswith(_RATING):
        subject = "" if _REPLY.match(subject) else subject
        text = strip_quoted_text(text) or text
    if subject and not text.startswith(subject.rstrip(".…")):
        return f"{subject}\n{text}".strip()
    return text


def parse_score(score: str | None) -> Csat | None:
    """Return 1 for good, 0 for bad. Raises ``BadRecord`` for any other score."""
    if score is None:
        return None
    if not score.casefold().startswith(_SCORES):
        raise BadRecord("parsing zendesk: rating: it is neither good nor bad")
    return Csat(value=float(score.casefold().startswith("good")), worst=0, best=1)


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
