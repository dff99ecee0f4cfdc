"""Actions of `feedback cases`: publish an event, then wait until the index shows it."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from pipeline.cases.options import load_cases_settings, parse_due
from pipeline.cases.role import publish_events
from pipeline.cases.rules import open_event
from pipeline.commands.cases.query import get_case
from pipeline.commands.shared.context import login_name, settings
from pipeline.enrich.loading import load_redactor
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.publishing import publishing
from pipeline.search.query import parse_time
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError
from pipeline.terminal import err, print_note
from schemas.case import Case, CaseEvent, CaseEventType, Opening
from schemas.validation import first_fault

_MAX_WAIT_S: Final = 10.0
_POLL_S: Final = 0.1


def build_event(case_id: str, kind: CaseEventType, by: str | None, **fields: Any) -> CaseEvent:
    """Return an event that the user causes now, with personal data in its texts redacted.

    Raises ``CommandError`` for invalid fields.
    """
    kept = {name: _redact(value) for name, value in fields.items()}
    try:
        return CaseEvent(
            event_id=secrets.token_hex(16),
            case_id=case_id,
            type=kind,
            at=datetime.now(UTC),
            by=by or user_name(),
            **kept,
        )
    except ValidationError as error:
        raise CommandError(f"recording the event: {first_fault(error)}", ExitStatus.USAGE) from None


def build_opening_event(
    document: dict[str, Any], *, by: str | None, due: str, **chosen: Any
) -> CaseEvent:
    """Return the event that opens a case for indexed feedback; raises ``CommandError``."""
    feedback = document["feedback"]
    try:
        opening = Opening(
            feedback_id=document["event"]["id"],
            source=document["event"]["dataset"],
            organization=document.get("organization", {}).get("name"),
            site=feedback.get("site"),
            service=feedback.get("service"),
            topics=feedback.get("topics", ()),
            urgent_reasons=feedback.get("urgent_reasons", ()),
            given_at=document["@timestamp"],
            due_at=parse_due_time(due),
            **chosen,
        )
    except ValidationError as error:
        raise CommandError(f"opening a case: {first_fault(error)}", ExitStatus.USAGE) from None
    return open_event(opening, datetime.now(UTC), by or user_name())


def user_name() -> str:
    """Return the login name of the user."""
    return login_name() or "unknown user"


def publish_and_wait(event: CaseEvent) -> Case | None:
    """Publish an event, and wait until the index shows the case with it.

    Return None, after a message, if that takes more than 10 seconds.

    Raises ``Unavailable`` or ``CommandError``.
    """
    create_kafka_topics(settings())
    asyncio.run(_publish(settings(), event))
    end = time.monotonic() + _MAX_WAIT_S
    while time.monotonic() < end:
        case = get_case(settings(), event.case_id)
        if case is not None and event.event_id in case.events:
            return case
        time.sleep(_POLL_S)
    err.print(
        f"published, but not indexed after {_MAX_WAIT_S:g} s: is a worker with the role cases "
        "running?"
    )
    return None


def parse_due_time(text: str | None) -> datetime | None:
    """Return the time ``3d`` or ``4h`` of working time from now, or of a date or time.

    Raises ``CommandError``.
    """
    if text is None:
        return None
    now = datetime.now(UTC)
    try:
        due = parse_due(text)
    except ValueError:
        try:
            at = parse_time(text, now=now, end_of_day=True)
        except ValueError:
            at = now
        if at <= now:
            raise CommandError(
                f"reading {text!r}: expected a future time: 4h, 3d or 2026-08-01", ExitStatus.USAGE
            ) from None
        return at
    try:
        return due.deadline(now, load_cases_settings(settings()).hours)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None


def _redact(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    redaction = load_redactor(settings()).redact(value)
    if redaction.counts:
        redacted = ", ".join(f"{count} {kind}" for kind, count in redaction.counts.items())
        print_note(f"personal data redacted: {redacted}")
    return redaction.text


async def _publish(settings: Settings, event: CaseEvent) -> None:
    async with publishing(settings.kafka, "the event of a case") as producer:
        await publish_events(producer, [event])
