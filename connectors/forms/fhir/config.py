"""Settings of a FHIR server."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from connectors.sdk import FormSourceConfig


class FhirConfig(FormSourceConfig):
    """One server, and optionally one questionnaire."""

    base_url: str = Field(pattern=r"^https?://", description="Base address of the server.")
    server: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Name of the server in ids, since resource ids are unique per server only; "
        "default: its host and path.",
    )
    questionnaire: str | None = Field(
        default=None,
        description="Canonical address of the questionnaire. Without it, only the questions that "
        "`comments` and `scores` name by linkId are read: a server also holds clinical ones.",
    )
    token: SecretStr | None = Field(default=None, description="A token that does not change.")
    token_url: str | None = Field(
        default=None,
        description="Address that issues access tokens (OAuth 2.0 client credentials).",
    )
    client_id: str | None = Field(default=None, description="Id of the OAuth 2.0 client.")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    scope: str = Field(
        default="system/QuestionnaireResponse.read", description="Scope of the token."
    )
    per_page: int = Field(default=100, ge=1, le=1_000, description="Responses per request.")

    @model_validator(mode="after")
    def _require_one_login(self) -> Self:
        client = (self.token_url, self.client_id, self.client_secret)
        if any(client) and (not all(client) or self.token is not None):
            raise ValueError(
                "set either token, or token_url with client_id and client_secret, or none of these"
            )
        return self
