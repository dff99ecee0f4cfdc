"""Google authentication: by a user's refresh token, or by a service account."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from connectors.sdk.http_auth import OAuth2
from connectors.sdk.oauth import KeyFile, ServiceAccount
from connectors.sdk.source import SourceConfig


class GoogleConfig(SourceConfig):
    """Settings with credentials of either kind."""

    client_id: str | None = Field(default=None, description="Id of the OAuth 2.0 client.")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    refresh_token: SecretStr | None = Field(
        default=None, description="Refresh token of an account that has the permission."
    )
    service_account: KeyFile | None = Field(
        default=None,
        description="Instead of these three: the JSON key file of a service account that has it.",
    )
    act_as: str | None = Field(
        default=None,
        min_length=1,
        description="Account of a Google Workspace domain that the service account acts for, "
        "with domain-wide delegation; none: the service account itself.",
    )
    token_url: str = Field(
        default="https://oauth2.googleapis.com/token",
        description="Address that issues access tokens.",
    )

    def auth(self, scope: str) -> OAuth2 | None:
        """Return the authentication, or None if the credentials are incomplete."""
        if self.service_account is not None:
            return ServiceAccount(
                self.token_url, self.service_account, scope=scope, act_as=self.act_as
            )
        form = {
            "client_id": self.client_id,
            "client_secret": _reveal(self.client_secret),
            "refresh_token": _reveal(self.refresh_token),
        }
        credentials: dict[str, Any] = {name: value for name, value in form.items() if value}
        if len(credentials) < len(form):
            return None
        return OAuth2(self.token_url, {"grant_type": "refresh_token", **credentials})


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
