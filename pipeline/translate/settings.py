"""``[translate]`` of ``feedback.toml``: the service, what it may cost, and how long to wait for it.

::

    [translate]
    service = "deepl"
    key = { env = "DEEPL_KEY" }
    characters_per_month = 400000
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationError, model_validator

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings, environment_value
from pipeline.settings_file import (
    TRANSLATE,
    Resolve,
    SettingsFileError,
    name_file,
    read_sections,
    resolve_secret,
)
from schemas.field_types import Duration
from schemas.strict_model import StrictModel
from schemas.validation import setting_fault

MAX_DELAY: Final = timedelta(days=3)
"""Longest time for which a role may hold its partitions without progress; see ``streams.app``."""

_LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Service(StrEnum):
    """The interface that the service speaks."""

    LIBRETRANSLATE = "libretranslate"
    DEEPL = "deepl"
    AZURE = "azure"


_PAID: Final = frozenset({Service.DEEPL, Service.AZURE})
_AZURE_URL: Final = "https://api.cognitive.microsofttranslator.com"
_DEEPL_URL: Final = "https://api.deepl.com"
_DEEPL_FREE_URL: Final = "https://api-free.deepl.com"


class TranslateSettings(StrictModel):
    """``[translate]``."""

    service: Service = Field(description="`libretranslate`, `deepl` or `azure`.")
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#@]+[^\s?#@]*$",
        description="Address of the service; default: the public one of DeepL or Azure.",
    )
    key: SecretStr | None = Field(default=None, description="Key of the account.")
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+$",
        description="Region of the resource at Azure, unless it is a global one.",
    )
    languages: tuple[_LanguageCode, ...] = Field(
        default=(), description="Languages to translate (ISO 639-1); default: all."
    )
    characters_per_day: int | None = Field(
        default=None, ge=1, description="Maximum number of characters sent per day (UTC)."
    )
    characters_per_month: int | None = Field(
        default=None, ge=1, description="Maximum number of characters sent per month (UTC)."
    )
    max_characters: int = Field(
        default=5_000,
        ge=100,
        le=20_000,
        description="Longest comment that is translated.",
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=10),
        description="Maximum time of a request.",
    )
    give_up_after: Duration = Field(
        default=timedelta(days=2),
        ge=timedelta(minutes=1),
        le=MAX_DELAY,
        description="How long a comment waits for the service or for the budget.",
    )
    cache: int = Field(
        default=20_000, ge=0, le=1_000_000, description="Translations to keep for repeated texts."
    )
    allow_private: bool = Field(
        default=False, description="Whether the address may be http, in a network of your own."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.service is Service.LIBRETRANSLATE and self.url is None:
            raise ValueError("url is missing: LibreTranslate runs at an address of yours")
        if self.service in _PAID and not self.secret:
            raise ValueError("key is missing")
        if self.service in _PAID and self.budget is None:
            raise ValueError(
                "characters_per_month or characters_per_day is missing: the service bills by "
                "characters"
            )
        if urlsplit(self.address).scheme != "https" and not self.allow_private:
            raise ValueError("url must be https, unless allow_private = true")
        return self

    @property
    def budget(self) -> int | None:
        """Largest number of characters that may be sent at once, or None without a budget."""
        budgets = [self.characters_per_day, self.characters_per_month]
        return min((each for each in budgets if each is not None), default=None)

    @property
    def max_length(self) -> int:
        """Length of the longest comment that is translated: it must fit the budget too."""
        return min(self.max_characters, self.budget or self.max_characters)

    @property
    def address(self) -> str:
        """The service's address, without a slash at its end."""
        if self.url is not None:
            return self.url.rstrip("/")
        if self.service is Service.AZURE:
            return _AZURE_URL
        return _DEEPL_FREE_URL if self.secret.endswith(":fx") else _DEEPL_URL

    @property
    def secret(self) -> str:
        """The key, or an empty text."""
        return "" if self.key is None else self.key.get_secret_value().strip()


def load_translate_settings(settings: Settings) -> TranslateSettings | None:
    """Read the settings file; None without ``[translate]``, or without the default file.

    Raises :class:`~pipeline.settings_file.SettingsFileError`.
    """
    path = settings.config
    if path == Settings.model_fields["config"].default and not path.exists():
        return None
    sections = read_sections(path)
    with name_file(path):
        return build_translate_settings(sections, environment_value)


def require_translate_settings(settings: Settings) -> TranslateSettings:
    """Return ``[translate]``; raises ``CommandError`` if it is missing or invalid."""
    try:
        options = load_translate_settings(settings)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    if options is None:
        raise CommandError(
            f"reading {settings.config}: there is no [{TRANSLATE}]", ExitStatus.USAGE
        )
    return options


def build_translate_settings(
    sections: Mapping[str, Any], resolve: Resolve
) -> TranslateSettings | None:
    """Return the settings of a file's tables, or None; raises ``SettingsFileError``."""
    table = sections.get(TRANSLATE)
    if table is None:
        return None
    action = f"reading [{TRANSLATE}]"
    if not isinstance(table, Mapping):
        raise SettingsFileError(f"{action}: expected a section")
    values = {
        name: resolve_secret(value, f"{action} {name}", resolve) for name, value in table.items()
    }
    try:
        return TranslateSettings.model_validate(values)
    except ValidationError as error:
        fault = setting_fault(error, list(TranslateSettings.model_fields))
        raise SettingsFileError(f"{action}: {fault}") from None
