"""``[cases]`` of ``feedback.toml``: which rules open cases, and which trackers mirror them.

::

    [cases]
    hours = "office"

    [cases.rules.maternity]
    when = { services = ["Maternity*"], labels = ["negative"] }
    type = "complaint"
    owner = "Head of midwifery"
    due = "1d"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    ValidationError,
)

from pipeline.cases.conditions import RuleConditions
from pipeline.cases.rules import ANSWERABLE, DEFAULTS, Due, Rule, Rules
from pipeline.cases.trackers.options import TrackerOptions, read_tracker
from pipeline.settings import Settings, environment_value
from pipeline.settings_file import Resolve, SettingsFileError, name_file, read_sections
from pipeline.working_hours import WorkingHours, read_working_hours
from schemas.case import CaseType
from schemas.feedback import Name, Priority
from schemas.field_types import Duration, parse_duration, split_duration
from schemas.strict_model import StrictModel
from schemas.validation import setting_fault


def parse_due(text: Any) -> Due:
    """Parse ``3d`` (working days), ``4h`` or ``30m`` (working time); raises ``ValueError``."""
    if isinstance(text, Due):
        return text
    try:
        number, unit = split_duration(str(text))
        if unit == "w" or number < 1 or not number.is_integer():
            raise ValueError
        return Due(days=int(number)) if unit == "d" else Due(time=parse_duration(text))
    except ValueError:
        raise ValueError("it must be a number with s, m, h or d, such as 4h or 3d") from None


def _date_to_datetime(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min).astimezone()
    return value


_Due = Annotated[Due, BeforeValidator(parse_due)]


class RuleOptions(StrictModel):
    """``[cases.rules.NAME]``. Missing settings are those of the default rule of the same name."""

    enabled: bool = True
    when: RuleConditions | None = Field(
        default=None, description="Conditions that feedback must meet."
    )
    type: CaseType | None = Field(default=None, description="The case's type; default: the name.")
    priority: Priority | None = Field(default=None, description="high, medium or low.")
    owner: Name | None = Field(default=None, description="Assignee.")
    due: _Due | None = Field(default=None, description="Time until the first answer: 4h, 3d.")
    resolve: _Due | None = Field(
        default=None, description="Time until it is resolved, once answered."
    )
    hours: str | None = Field(default=None, description="Name of an [hours.NAME].")


class CasesOptions(StrictModel):
    """``[cases]``."""

    hours: str | None = Field(
        default=None,
        description="Name of the [hours.NAME] in which due times count; default: always.",
    )
    since: Annotated[AwareDatetime | None, BeforeValidator(_date_to_datetime)] = Field(
        default=None, description="Older feedback opens no case."
    )
    defaults: bool = Field(default=True, description="Whether the default rules apply too.")
    answerable: tuple[str, ...] = Field(
        default=ANSWERABLE, description="Sources whose reviews can be answered."
    )
    check_every: Duration = Field(
        default=timedelta(seconds=20),
        ge=timedelta(milliseconds=100),
        description="Interval of the checks for overdue cases and for cases missing in a tracker.",
    )
    rules: dict[str, RuleOptions] = Field(default_factory=dict)
    trackers: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CasesSettings:
    """Settings of cases; without ``[cases]`` no rule opens one."""

    rules: Rules
    hours: WorkingHours | None = None
    check_every: timedelta = timedelta(seconds=20)
    trackers: tuple[TrackerOptions, ...] = ()


def load_cases_settings(settings: Settings) -> CasesSettings:
    """Read the settings file; a missing default file means no settings.

    Raises :class:`~pipeline.settings_file.SettingsFileError`.
    """
    path = settings.config
    if path == Settings.model_fields["config"].default and not path.exists():
        return CasesSettings(Rules(()))
    sections = read_sections(path)
    with name_file(path):
        return build_cases_settings(sections, environment_value)


def build_cases_settings(sections: Mapping[str, Any], resolve: Resolve) -> CasesSettings:
    """Return the settings of a file's tables; raises ``SettingsFileError``."""
    if "cases" not in sections:
        return CasesSettings(Rules(()))
    try:
        options = CasesOptions.model_validate(sections["cases"])
    except ValidationError as error:
        fault = setting_fault(error, _names())
        raise SettingsFileError(f"reading [cases]: {fault}") from None
    named_hours = read_working_hours(sections)
    hours = _hours(options.hours, named_hours, "[cases]")
    return CasesSettings(
        rules=Rules(_rules(options, named_hours), since=options.since),
        hours=hours,
        check_every=options.check_every,
        trackers=tuple(
            read_tracker(name, table, resolve) for name, table in options.trackers.items()
        ),
    )


def _names() -> list[str]:
    return [
        name for part in (CasesOptions, RuleOptions, RuleConditions) for name in part.model_fields
    ]


def _rules(options: CasesOptions, known: Mapping[str, WorkingHours]) -> list[Rule]:
    """Return the file's rules, then the default ones with the file's changes."""
    usual = {rule.name: rule for rule in DEFAULTS} if options.defaults else {}
    if "review_reply" in usual:
        rule = usual["review_reply"]
        when = rule.when.model_copy(update={"sources": options.answerable})
        usual["review_reply"] = replace(rule, when=when)
    names = [*(name for name in options.rules if name not in usual), *usual]
    changes = {name: options.rules.get(name, RuleOptions()) for name in names}
    return [
        _rule(name, usual.get(name), changes[name], options.hours, known)
        for name in names
        if changes[name].enabled
    ]


def _rule(
    name: str,
    usual: Rule | None,
    given: RuleOptions,
    hours: str | None,
    known: Mapping[str, WorkingHours],
) -> Rule:
    section = f"[cases.rules.{name}]"
    if usual is None:
        if given.when is None or not given.when.model_fields_set:
            raise SettingsFileError(
                f'reading {section}: when: it needs a condition, such as {{ sites = ["North"] }}'
            )
        usual = Rule(name, given.when, _type(name, given, section), Priority.MEDIUM, Due(days=3))
    changed = {
        field: getattr(given, field)
        for field in ("when", "type", "priority", "owner", "due", "resolve")
        if getattr(given, field) is not None
    }
    return replace(usual, **changed, hours=_hours(given.hours or hours, known, section))


def _type(name: str, given: RuleOptions, section: str) -> str:
    if given.type is not None:
        return given.type
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise SettingsFileError(f"reading {section}: type: it is missing, such as complaint")
    return name


def _hours(
    name: str | None, known: Mapping[str, WorkingHours], section: str
) -> WorkingHours | None:
    if name is None:
        return None
    if name not in known:
        names = ", ".join(known) or "none"
        raise SettingsFileError(
            f"reading {section}: hours: [hours.{name}] does not exist; defined: {names}"
        )
    return known[name]
