"""A REDCap project as its interface describes it: fields, instruments, and rows as responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from connectors.forms.redcap.fields import ProjectField, holds_answer, read_value
from connectors.sdk import Misconfigured, get_text

_TIMESTAMP: Final = "_timestamp"
_EVENT: Final = "redcap_event_name"
_INSTRUMENT: Final = "redcap_repeat_instrument"
_INSTANCE: Final = "redcap_repeat_instance"
_IDENTIFIER: Final = "redcap_survey_identifier"
_ABOUT: Final = (_EVENT, "redcap_data_access_group")
"""Columns that say what a row is about, and that settings may name."""


class Response(NamedTuple):
    """One completed survey in a row."""

    record: str
    parts: tuple[str, ...]
    """What tells it from others of the record: event, instrument, instance."""
    form: str
    at: datetime
    row: Mapping[str, Any]
    base: Mapping[str, Any]
    """The record's row that does not repeat, in which fields of other instruments may be."""

    @property
    def respondent(self) -> str:
        """The identifier of the person that the survey was sent to."""
        return get_text(self.row, _IDENTIFIER)


@dataclass(frozen=True, slots=True)
class Project:
    """A project, and which of its instruments are read."""

    place: str
    """Its name in settings."""
    id: str
    created_at: str
    record_field: str
    identifies_people: bool
    """True if the ids of its records are tagged as identifiers."""
    fields: Mapping[str, ProjectField]
    labels: Mapping[str, str]
    """Titles of the instruments."""
    instruments: Sequence[str]
    """Those that are read; none: all that are surveys."""

    def list_responses(
        self, rows: Sequence[Mapping[str, Any]], zone: ZoneInfo
    ) -> Iterator[Response]:
        """Yield the completed surveys of an export.

        Raises ``Misconfigured`` if the rows have no times of surveys.
        """
        forms = [form for form in self.labels if not self.instruments or form in self.instruments]
        surveys = [form for form in forms if any(f"{form}{_TIMESTAMP}" in row for row in rows)]
        if rows and not surveys:
            raise Misconfigured(f"reading redcap {self.place}: none of the instruments is a survey")
        bases = {self.record_id(row): row for row in reversed(rows) if not row.get(_INSTRUMENT)}
        for row in rows:
            record = self.record_id(row)
            for form in surveys if record else ():
                at = _parse_time(row.get(f"{form}{_TIMESTAMP}"), zone)
                if at is not None:
                    parts = (get_text(row, _EVENT), form, get_text(row, _INSTANCE))
                    distinct = tuple(part for part in parts if part)
                    yield Response(record, distinct, form, at, row, bases.get(record, {}))

    def record_id(self, row: Mapping[str, Any]) -> str:
        """Return the id of a row's record, or "" for what is not a row of this project."""
        return get_text(row, self.record_field)

    def list_hidden(self, response: Response) -> dict[str, Any]:
        """Return the values that settings may name: of other instruments, and about the row."""
        hidden: dict[str, Any] = {}
        for row in (response.base, response.row):
            for name in _ABOUT:
                if row.get(name):
                    hidden[name] = row[name]
            for each in self.fields.values():
                if (each.form != response.form or each.is_hidden) and holds_answer(row, each):
                    value = read_value(row, each)
                    if value not in ("", []):
                        hidden[each.name] = value
        return hidden


def _parse_time(text: Any, zone: ZoneInfo) -> datetime | None:
    """Return the time at which a survey was completed; None if it was not."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)
