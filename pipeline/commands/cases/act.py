"""What `feedback cases` does: an event on Kafka, and the wait until the index shows it."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from pipeline.cases.options import load_cases_settings, parse_due
from pipeline.cases.role import publish
from pipeline.cases.rules import open_event
from pipeline.commands.cases.query import case_as_it_is
from pipeline.commands.shared.context import login_name, settings
from pipeline.enrich.loading import load_redactor
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.publishing import publishing
from pipeline.search.query import parse_time
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError
from pipeline.terminal import err
from schemas.case import Case, CaseEvent, CaseEventType, Opening
from schemas.validation import first_fault

_PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.1


def event_of(case_id: str, kind: CaseEventType, by: str | None, **fields: Any) -> CaseEvent:
    """An event that a person causes now; its texts are kept without personal data.

    Raises ``CommandError`` for what no event takes.
    """
    kept = {name: _without_personal_data(value) for name, value in fields.items()}
    try:
        return CaseEvent(
            event_id=secrets.token_hex(16),
            case_id=case_id,
            type=kind,
            at=datetime.now(UTC),
            by=by or person(),
            **kept,
        )
    except ValidationError as error:
        raise CommandError(f"noting it: {first_fault(error)}", ExitStatus.USAGE) from None


def opening_by_hand(
    document: dict[str, Any], *, by: str | None, due: str, **chosen: Any
) -> CaseEvent:
    """The event that opens a case of indexed feedback; raises ``CommandError``."""
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
            due_at=until(due),
            **chosen,
        )
    except ValidationError as error:
        raise CommandError(f"opening a case: {first_fault(error)}", ExitStatus.USAGE) from None
    return open_event(opening, datetime.now(UTC), by or person())


def person() -> str:
    """Who types, as the system knows them."""
    return login_name() or "somebody"


def carry_out(event: CaseEvent) -> Case | None:
    """Publish an event, and wait until the case has it; None, and a message, where it takes long.

    Raises ``Unavailable`` or ``CommandError``.
    """
    create_kafka_topics(settings())
    asyncio.run(_publish(settings(), event))
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        case = case_as_it_is(settings(), event.case_id)
        if case is not None and event.event_id in case.events:
            return case
        time.sleep(_POLL_S)
    err.print(
        f"It is published, but after {_PATIENCE_S:g} s the index does not show it: is a worker "
        "running, with the role cases?"
    )
    return None


def until(text: str | None) -> datetime | None:
    """``3d`` or ``4h`` from now, by the working hours of the settings file, or a date or time.

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
                f"reading {text!r}: expected a time to come: 4h, 3d or 2026-08-01", ExitStatus.USAGE
            ) from None
        return at
    try:
        return due.deadline(now, load_cases_settings(settings()).hours)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None


def _without_personal_data(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    redaction = load_redactor(settings()).redact(value)
    if redaction.counts:
        hidden = ", ".join(f"{count} {kind}" for kind, count in redaction.counts.items())
        err.print(f"Kept without personal data; hidden: {hidden}", markup=False)
    return redaction.text


async def _publish(settings: Settings, event: CaseEvent) -> None:
    async with publishing(settings.kafka, "a case's event") as producer:
        await publish(producer, [event])
