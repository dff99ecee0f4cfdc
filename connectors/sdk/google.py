"""How sources of Google are let in: by a person's refresh token, or by a service account."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from connectors.sdk.http import OAuth2
from connectors.sdk.oauth import KeyFile, ServiceAccount
from connectors.sdk.source import SourceConfig


class GoogleConfig(SourceConfig):
    """Credentials, of either kind."""

    client_id: str | None = Field(default=None, description="Id of the OAuth 2.0 client.")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    refresh_token: SecretStr | None = Field(
        default=None, description="Refresh token of an account that may do what is asked."
    )
    service_account: KeyFile | None = Field(
        default=None,
        description="Instead of these three: the key file, JSON, of a service account that may.",
    )
    act_as: str | None = Field(
        default=None,
        min_length=1,
        description="Account of a Google Workspace domain that the service account acts for, "
        "where the domain has delegated that to it; none: for itself.",
    )
    token_url: str = Field(
        default="https://oauth2.googleapis.com/token", description="Where access tokens come from."
    )

    def auth(self, scope: str) -> OAuth2 | None:
        """What gets tokens; None where the settings hold no whole credentials."""
        if self.service_account is not None:
            return ServiceAccount(
                self.token_url, self.service_account, scope=scope, act_as=self.act_as
            )
        form = {
            "client_id": self.client_id,
            "client_secret": _revealed(self.client_secret),
            "refresh_token": _revealed(self.refresh_token),
        }
        given: dict[str, Any] = {name: value for name, value in form.items() if value}
        if len(given) < len(form):
            return None
        return OAuth2(self.token_url, {"grant_type": "refresh_token", **given})


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
