"""``[cases.trackers.NAME]``: issue trackers that mirror cases: Jira, Zendesk, or a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from pipeline.notify.webhook_signatures import decode_secret
from pipeline.settings_file import Resolve, SettingsFileError, resolve_secret
from schemas.feedback import Priority
from schemas.strict_model import StrictModel
from schemas.validation import describe_unknown, pick_fault

Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$")]


class _Tracker(StrictModel):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    types: tuple[str, ...] = Field(default=(), description="Types of case; default: all.")
    priorities: tuple[Priority, ...] = Field(default=(), description="Default: all.")
    sites: tuple[str, ...] = Field(default=(), description="Default: all.")
    text: bool = Field(
        default=False,
        description="Whether to send the feedback's text, personal data hidden. It is not removed "
        "there if its author deletes it.",
    )
    allow_private: bool = Field(
        default=False, description="Whether the address may be http or a private one."
    )

    @property
    def filters(self) -> list[dict[str, Any]]:
        """Search filters of the cases to mirror."""
        values = {"type": self.types, "priority": self.priorities, "site": self.sites}
        return [{"terms": {f"case.{name}": list(some)}} for name, some in values.items() if some]


class JiraOptions(_Tracker):
    """A project of Jira Cloud."""

    kind: Literal["jira"]
    base_url: Url = Field(description="https://YOURS.atlassian.net")
    email: str = Field(description="E-mail address of the account.")
    api_token: SecretStr
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]+$", description="The project's key.")
    issue_type: str = Field(default="Task", description="Issue type.")
    labels: tuple[Annotated[str, Field(pattern=r"^\S+$")], ...] = ()
    fields: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of the issue, as in the API."
    )
    done_status: str | None = Field(
        default=None, description="Status to move the issue to when the case is resolved."
    )
    reopened_status: str | None = Field(
        default=None, description="Status to move the issue to when the case is reopened."
    )


class ZendeskOptions(_Tracker):
    """An account of Zendesk."""

    kind: Literal["zendesk"]
    base_url: Url = Field(description="https://YOURS.zendesk.com")
    email: str = Field(description="E-mail address of the agent.")
    api_token: SecretStr
    tags: tuple[str, ...] = ()


class WebhookOptions(_Tracker):
    """An address that accepts signed webhooks."""

    kind: Literal["webhook"]
    url: SecretStr
    secret: SecretStr = Field(description="whsec_ and 24 to 64 bytes in base64.")

    @model_validator(mode="after")
    def _usable(self) -> WebhookOptions:
        decode_secret(self.secret.get_secret_value())
        return self


TrackerOptions = JiraOptions | ZendeskOptions | WebhookOptions
TRACKER_MODELS: Final[Mapping[str, type[TrackerOptions]]] = {
    "jira": JiraOptions,
    "zendesk": ZendeskOptions,
    "webhook": WebhookOptions,
}
_KINDS: Final[TypeAdapter[TrackerOptions]] = TypeAdapter(
    Annotated[TrackerOptions, Field(discriminator="kind")]
)


def read_tracker(name: str, table: Any, resolve: Resolve) -> TrackerOptions:
    """Read one tracker's section; raises :class:`~pipeline.settings_file.SettingsFileError`."""
    section = f"reading [cases.trackers.{name}]"
    if not isinstance(table, Mapping):
        raise SettingsFileError(f"{section}: expected a section")
    values = {
        key: resolve_secret(value, f"{section} {key}", resolve) for key, value in table.items()
    }
    try:
        options = _KINDS.validate_python({**values, "name": name})
    except ValidationError as error:
        raise SettingsFileError(f"{section}: {_problem(error)}") from None
    url = options.url.get_secret_value() if options.kind == "webhook" else options.base_url
    if urlsplit(url).scheme != "https" and not options.allow_private:
        raise SettingsFileError(f"{section}: the address must be https")
    return options


def _problem(error: ValidationError) -> str:
    fault = pick_fault(error)
    if fault.kind in ("union_tag_invalid", "union_tag_not_found"):
        return "kind: it must be webhook, jira or zendesk"
    kind, _, place = fault.place.partition(".")
    fault = fault._replace(place=place)
    if fault.kind == "extra_forbidden":
        return describe_unknown(fault, TRACKER_MODELS[kind].model_fields)
    return str(fault)
