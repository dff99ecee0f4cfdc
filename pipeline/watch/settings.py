"""``[alerts]`` of the settings file: what people may set of the spike alerts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError, read_sections
from pipeline.watch.alert_settings import AlertSettings
from pipeline.watch.detection.options import Options
from schemas.validation import first_fault, suggest_name

_DEFAULT = Options()


class WatchSettings(BaseModel):
    """What ``[alerts]`` says about watching; its other settings are about telling."""

    model_config = ConfigDict(frozen=True)

    watch: bool = Field(default=True, description="Whether spikes are looked for at all.")
    false_alarms_a_day: float = Field(
        default=_DEFAULT.negative.false_alarms_a_day,
        gt=0,
        le=1_000,
        description="How many false alarms of negative feedback a day are bearable, over all "
        "sites, topics and sources together; urgent feedback may raise a fifth of that besides.",
    )
    warm_up_days: float = Field(
        default=_DEFAULT.warm_up_days,
        ge=0,
        le=60,
        description="A site, or a source at a site, that is younger raises no alert.",
    )
    remind_hours: float = Field(
        default=_DEFAULT.remind_hours,
        gt=0,
        le=168,
        description="An alert that goes on is told again after so long.",
    )

    def options(self, partitions: int) -> Options:
        """The detector's options where each of ``partitions`` has a detector of its own.

        They share the budget evenly, whatever sites they have: fuller ones are a little stricter
        than they need be, and together they never exceed it.
        """
        per_partition = self.false_alarms_a_day / partitions
        urgent = _DEFAULT.urgent.false_alarms_a_day / _DEFAULT.negative.false_alarms_a_day
        return replace(
            _DEFAULT,
            negative=replace(_DEFAULT.negative, false_alarms_a_day=per_partition),
            urgent=replace(_DEFAULT.urgent, false_alarms_a_day=per_partition * urgent),
            warm_up_days=self.warm_up_days,
            remind_hours=self.remind_hours,
        )


def watch_settings(path: Path) -> WatchSettings:
    """``[alerts]`` of a settings file, or what holds without; raises ``CommandError``."""
    if path == Settings.model_fields["config"].default and not path.exists():
        return WatchSettings()
    try:
        section = read_sections(path).get("alerts", {})
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    known = [*WatchSettings.model_fields, *AlertSettings.model_fields]
    for name in section if isinstance(section, dict) else ():
        if name not in known:
            hint = suggest_name(name, known) or f"there are {', '.join(known)}"
            raise _error(path, f"[alerts] {name}: there is no such setting; {hint}")
    try:
        return WatchSettings.model_validate(section)
    except ValidationError as error:
        raise _error(path, f"[alerts] {first_fault(error)}") from None


def _error(path: Path, what: str) -> CommandError:
    return CommandError(f"reading {path}: {what}", ExitStatus.USAGE)
