"""Settings ``[notify.NAME]`` of ``feedback.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.notify.notice import Urgency
from pipeline.notify.services import is_valid_address
from pipeline.notify.webhook_signatures import decode_secret
from pipeline.settings_file import Resolve, SettingsFileError, resolve_secret
from schemas.field_types import Zone
from schemas.strict_model import StrictModel
from schemas.validation import setting_fault


def _to_list(value: Any) -> Any:
    return [value] if isinstance(value, str | SecretStr) else value


def _parse_clock(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            raise ValueError('expected a time like "08:00"') from None
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_to_list)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_to_list)]
Clock = Annotated[time, BeforeValidator(_parse_clock)]
Outside = Literal["hold", "send", "drop"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

M = TypeVar("M", bound=BaseModel)


class RouteSettings(StrictModel):
    """One ``[notify.NAME]``. All filters must match; the values of one are alternatives."""

    zone: Zone = Field(default="UTC", description="IANA time zone, such as Europe/London.")
    apprise: Secrets = Field(
        default=(),
        description="Apprise URL of a service, or a list of them: mailtos://…, slack://…",
    )
    webhook: SecretStr | None = Field(
        default=None, description="https address for signed webhooks."
    )
    secret: SecretStr | None = Field(
        default=None, description="The webhook's secret: whsec_ and 24 to 64 bytes in base64."
    )
    secrets: Secrets = Field(
        default=(), description="Several secrets during a rotation; each signs."
    )
    allow_private: bool = Field(
        default=False, description="Whether the webhook may be http or at a private address."
    )
    sites: Names = Field(default=(), description="Only these sites.")
    organizations: Names = Field(
        default=(), description="Only these organizations; spike alerts have none."
    )
    topics: Names = Field(default=(), description="Only notices about these topics.")
    sources: Names = Field(default=(), description="Only these sources.")
    types: Names = Field(
        default=(), description="Only these types, such as alert.firing or case.*."
    )
    min_urgency: Urgency = Field(
        default=Urgency.INFO, description="Minimum urgency: info, warning or critical."
    )
    hours: str | None = Field(default=None, description="Name of the [hours.NAME] of delivery.")
    outside: Outside = Field(
        default="hold",
        description="Outside these hours: hold until they begin, send or drop.",
    )
    critical: Outside = Field(
        default="send", description="Critical notices outside these hours: send, hold or drop."
    )
    examples: bool = Field(
        default=False, description="Whether to include up to 3 comments, personal data hidden."
    )
    digest: Literal["daily", "weekly"] | None = Field(
        default=None, description="A daily or weekly summary in place of single notices."
    )
    at: Clock = Field(default=time(8), description="Time of the digest, such as 08:00.")
    day: Day = Field(default="monday", description="Day of the weekly digest.")

    @field_validator("apprise")
    @classmethod
    def _addresses(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(is_valid_address(url.get_secret_value()) for url in urls):
            raise ValueError("not a complete address of a service that apprise supports")
        return urls

    @field_validator("webhook")
    @classmethod
    def _http(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("expected an address like https://example.org/hook")
        return url

    @field_validator("secret", "secrets")
    @classmethod
    def _keys(cls, secrets: Any) -> Any:
        for secret in _to_list(secrets) or ():
            decode_secret(secret.get_secret_value())
        return secrets

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
        """All secrets of the webhook, the current one first."""
        all_ = (self.secret, *self.secrets) if self.secret else self.secrets
        return tuple(secret.get_secret_value() for secret in all_)


def read_section(model: type[M], section: str, table: Mapping[str, Any], resolve: Resolve) -> M:
    """Return a section's settings with its secrets resolved; raises ``SettingsFileError``."""
    action = f"reading [{section}]"
    values = {
        name: _resolve_secrets(value, f"{action} {name}", resolve) for name, value in table.items()
    }
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsFileError(f"{action} {setting_fault(error, model.model_fields)}") from None


def _resolve_secrets(value: Any, action: str, resolve: Resolve) -> Any:
    if isinstance(value, list):
        return [resolve_secret(item, action, resolve) for item in value]
    return resolve_secret(value, action, resolve)
