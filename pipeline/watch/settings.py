"""``[alerts]`` of the settings file: settings of the spike alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError, read_sections
from pipeline.watch.alert_settings import AlertSettings
from pipeline.watch.detection.options import DetectorOptions
from schemas.validation import first_fault, suggest_name

_DEFAULT = DetectorOptions()


class WatchSettings(BaseModel):
    """Settings of detection in ``[alerts]``; the others there are about notifications."""

    model_config = ConfigDict(frozen=True)

    watch: bool = Field(default=True, description="Whether to detect spikes at all.")
    false_alarms_a_day: float = Field(
        default=_DEFAULT.negative.false_alarms_a_day,
        gt=0,
        le=1_000,
        description="Accepted number of false alarms per day for negative feedback, over all "
        "sites, topics and sources together; urgent feedback may add a fifth of that.",
    )
    warm_up_days: float = Field(
        default=_DEFAULT.warm_up_days,
        ge=0,
        le=60,
        description="Sites younger than this raise no alerts; nor do younger sources at a site.",
    )
    remind_hours: float = Field(
        default=_DEFAULT.remind_hours,
        gt=0,
        le=168,
        description="Hours until a continuing alert is notified again.",
    )

    def options(self, partitions: int) -> DetectorOptions:
        """Return the detector's options if each of ``partitions`` has its own detector.

        They share the budget evenly, whatever sites they have: busier ones are a little stricter
        than necessary, and together they never exceed it.
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


def find_unknown_setting(section: Iterable[str]) -> str:
    """Return a sentence about the first name in ``[alerts]`` that is not a setting, or ""."""
    names = [*WatchSettings.model_fields, *AlertSettings.model_fields]
    for name in section:
        if name not in names:
            hint = suggest_name(name, names) or f"there are {', '.join(names)}"
            return f"{name}: there is no such setting; {hint}"
    return ""


def watch_settings(path: Path) -> WatchSettings:
    """Return ``[alerts]`` of a settings file, or the defaults; raises ``CommandError``."""
    if path == Settings.model_fields["config"].default and not path.exists():
        return WatchSettings()
    try:
        return build_watch_settings(read_sections(path), path)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None


def build_watch_settings(sections: Mapping[str, Any], path: Path) -> WatchSettings:
    """Return ``[alerts]`` of a file's tables, or the defaults; raises ``SettingsFileError``."""
    section = sections.get("alerts", {})
    if isinstance(section, dict) and (fault := find_unknown_setting(section)):
        raise _error(path, f"[alerts] {fault}")
    try:
        return WatchSettings.model_validate(section)
    except ValidationError as error:
        raise _error(path, f"[alerts] {first_fault(error)}") from None


def _error(path: Path, what: str) -> SettingsFileError:
    return SettingsFileError(f"reading {path}: {what}")
