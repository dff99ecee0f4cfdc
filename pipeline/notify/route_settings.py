"""``[notify.NAME]`` and ``[alerts]`` of ``feedback.toml``: what may be set, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.notify.notice import Urgency
from pipeline.settings_file import Resolve, SettingsFileError, resolve_secret
from schemas.field_types import Duration, Zone
from schemas.validation import setting_fault


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


def _clock(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            raise ValueError('expected a time like "08:00"') from None
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)]
Clock = Annotated[time, BeforeValidator(_clock)]
Outside = Literal["hold", "tell", "drop"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

M = TypeVar("M", bound=BaseModel)


class _Zoned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Zone = Field(default="UTC", description="IANA time zone, such as Europe/London.")


class RouteSettings(_Zoned):
    """One ``[notify.NAME]``. Filters add up; the values of one are alternatives, with ``*``."""

    apprise: Secrets = Field(
        default=(),
        description="Address of a service as apprise writes it, or a list: mailtos://…, slack://…",
    )
    webhook: SecretStr | None = Field(
        default=None, description="https address that signed webhooks are posted to."
    )
    secret: SecretStr | None = Field(
        default=None, description="The webhook's secret: whsec_ and 24 to 64 bytes in base64."
    )
    secrets: Secrets = Field(
        default=(), description="Several secrets while one takes another's place; each signs."
    )
    allow_private: bool = Field(
        default=False, description="Whether the webhook may be http or at a private address."
    )
    sites: Names = Field(default=(), description="Only these sites.")
    organizations: Names = Field(
        default=(), description="Only these organizations; spike alerts know none."
    )
    topics: Names = Field(default=(), description="Only what is about one of these topics.")
    sources: Names = Field(default=(), description="Only these sources.")
    types: Names = Field(default=(), description="Only these, such as alert.firing or case.*.")
    least: Urgency = Field(
        default=Urgency.INFO, description="Nothing less urgent: info, warning or critical."
    )
    hours: str | None = Field(
        default=None, description="Name of the [hours.NAME] in which it is told."
    )
    outside: Outside = Field(
        default="hold", description="What of the other hours: hold until they begin, tell or drop."
    )
    critical: Outside = Field(
        default="tell", description="The same for what is critical: tell, hold or drop."
    )
    examples: bool = Field(
        default=False, description="Whether up to 3 comments are shown, personal data hidden."
    )
    digest: Literal["daily", "weekly"] | None = Field(
        default=None, description="A summary a day or a week in place of single notices."
    )
    at: Clock = Field(default=time(8), description="When the digest is told, such as 08:00.")
    day: Day = Field(default="monday", description="Day of the weekly digest.")

    @field_validator("apprise")
    @classmethod
    def _addresses(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        from pipeline.notify.services import is_address

        if not all(is_address(url.get_secret_value()) for url in urls):
            raise ValueError("apprise does not know such an address, or it lacks a part")
        return urls

    @field_validator("webhook")
    @classmethod
    def _http(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("expected an address like https://example.org/hook")
        return url

    @field_validator("secret", "secrets")
    @classmethod
    def _keys(cls, given: Any) -> Any:
        from pipeline.notify.webhooks import key_of

        for one in _listed(given) or ():
            key_of(one.get_secret_value())
        return given

    @model_validator(mode="after")
    def _one_destination(self) -> Self:
        if bool(self.apprise) == (self.webhook is not None):
            raise ValueError("a route has either apprise or webhook")
        if self.webhook is None:
            if self.secret or self.secrets or self.allow_private:
                raise ValueError("secret, secrets and allow_private belong to a webhook")
            return self
        if not self.keys:
            raise ValueError('a webhook needs a secret = { env = "…" }')
        if not self.allow_private and not self.webhook.get_secret_value().startswith("https://"):
            raise ValueError("a webhook is https, unless allow_private = true")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """Every secret of the webhook, the current one first."""
        all_ = (self.secret, *self.secrets) if self.secret else self.secrets
        return tuple(one.get_secret_value() for one in all_)


class AlertSettings(_Zoned):
    """What ``[alerts]`` says about telling; its other settings are other rooms'."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kibana: str | None = Field(
        default=None, description="Kibana's address, for links: https://kibana.example.org."
    )
    tell_within: Duration = Field(
        default=timedelta(days=2),
        gt=timedelta(0),
        description="What was raised longer ago, while no worker ran, is indexed and not told.",
    )

    @field_validator("kibana")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("https://", "http://")):
            raise ValueError("expected an address like https://kibana.example.org")
        return url


def read_section(model: type[M], section: str, table: Mapping[str, Any], resolve: Resolve) -> M:
    """A section's settings, its secrets fetched; raises
    :class:`~pipeline.settings_file.SettingsFileError`.
    """
    doing = f"reading [{section}]"
    given = {name: _revealed(value, f"{doing} {name}", resolve) for name, value in table.items()}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise SettingsFileError(f"{doing} {setting_fault(error, model.model_fields)}") from None


def _revealed(value: Any, doing: str, resolve: Resolve) -> Any:
    if isinstance(value, list):
        return [resolve_secret(one, doing, resolve) for one in value]
    return resolve_secret(value, doing, resolve)
