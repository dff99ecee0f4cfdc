"""``[cases]`` of ``feedback.toml``: whether cases are opened, by which rules, and who is told.

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
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from pipeline.cases.conditions import When
from pipeline.cases.rules import ANSWERABLE, DEFAULTS, Due, Rule, Rules
from pipeline.cases.trackers.options import OutletOptions, read_outlet
from pipeline.settings import Settings, environment_value
from pipeline.settings_file import Resolve, SettingsFileError, read_sections
from pipeline.working_hours import WorkingHours, working_hours
from schemas.case import CaseType
from schemas.feedback import Name, Priority
from schemas.field_types import Duration, parse_duration, split_duration
from schemas.validation import setting_fault


def due_of(text: Any) -> Due:
    """``3d`` are working days, ``4h`` and ``30m`` working time; raises ``ValueError``."""
    if isinstance(text, Due):
        return text
    try:
        number, unit = split_duration(str(text))
        if unit == "w" or number < 1 or not number.is_integer():
            raise ValueError
        return Due(days=int(number)) if unit == "d" else Due(time=parse_duration(text))
    except ValueError:
        raise ValueError("it must be a number with s, m, h or d, such as 4h or 3d") from None


def _moment(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min).astimezone()
    return value


_Due = Annotated[Due, BeforeValidator(due_of)]


class RuleOptions(BaseModel):
    """``[cases.rules.NAME]``. What is left out, a rule of the same name there may be tells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    when: When | None = Field(default=None, description="What feedback must be like.")
    type: CaseType | None = Field(default=None, description="The case's type; default: the name.")
    priority: Priority | None = Field(default=None, description="high, medium or low.")
    owner: Name | None = Field(default=None, description="Who is to deal with it.")
    due: _Due | None = Field(default=None, description="Until its first answer: 4h, 3d.")
    resolve: _Due | None = Field(default=None, description="Until it is resolved, once answered.")
    hours: str | None = Field(default=None, description="Name of an [hours.NAME].")


class CasesOptions(BaseModel):
    """``[cases]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: str | None = Field(
        default=None, description="Name of the [hours.NAME] that due times go by; default: always."
    )
    since: Annotated[AwareDatetime | None, BeforeValidator(_moment)] = Field(
        default=None, description="Feedback given before opens no case."
    )
    defaults: bool = Field(default=True, description="Whether the usual rules hold besides.")
    answerable: tuple[str, ...] = Field(
        default=ANSWERABLE, description="Sources whose reviews can be answered."
    )
    check_every: Duration = Field(
        default=timedelta(seconds=20),
        ge=timedelta(milliseconds=100),
        description="Time between two looks for cases that are overdue, or that an outlet lacks.",
    )
    rules: dict[str, RuleOptions] = Field(default_factory=dict)
    outlets: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CasesSettings:
    """What the settings file says of cases; without ``[cases]`` none is opened by a rule."""

    rules: Rules
    hours: WorkingHours | None = None
    check_every: timedelta = timedelta(seconds=20)
    outlets: tuple[OutletOptions, ...] = ()


def cases_settings(settings: Settings) -> CasesSettings:
    """Of the settings' file; of none where the default one is not there.

    Raises :class:`~pipeline.settings_file.SettingsFileError`.
    """
    path = settings.config
    if path == Settings.model_fields["config"].default and not path.exists():
        return CasesSettings(Rules(()))
    return cases_of(read_sections(settings.config), environment_value)


def cases_of(sections: Mapping[str, Any], resolve: Resolve) -> CasesSettings:
    """Of the file's tables; raises :class:`~pipeline.settings_file.SettingsFileError`."""
    if "cases" not in sections:
        return CasesSettings(Rules(()))
    try:
        options = CasesOptions.model_validate(sections["cases"])
    except ValidationError as error:
        fault = setting_fault(error, _names())
        raise SettingsFileError(f"reading [cases]: {fault}") from None
    known = working_hours(sections)
    hours = _hours(options.hours, known, "[cases]")
    return CasesSettings(
        rules=Rules(_rules(options, known), since=options.since),
        hours=hours,
        check_every=options.check_every,
        outlets=tuple(read_outlet(name, one, resolve) for name, one in options.outlets.items()),
    )


def _names() -> list[str]:
    return [name for part in (CasesOptions, RuleOptions, When) for name in part.model_fields]


def _rules(options: CasesOptions, known: Mapping[str, WorkingHours]) -> list[Rule]:
    """The file's own rules, which come first, and the usual ones with what the file changes."""
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
        there = ", ".join(known) or "none"
        raise SettingsFileError(f"reading {section}: hours: there is no [hours.{name}]; {there}")
    return known[name]
