"""Settings ``[alerts]`` of ``feedback.toml`` for notices about alerts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.field_types import Duration, Zone


class AlertSettings(BaseModel):
    """Settings of ``[alerts]`` for notices; those of the detection are ``WatchSettings``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    zone: Zone = Field(default="UTC", description="IANA time zone, such as Europe/London.")
    kibana: str | None = Field(
        default=None, description="Kibana's address, for links: https://kibana.example.org."
    )
    max_age: Duration = Field(
        default=timedelta(days=2),
        gt=timedelta(0),
        description="Older alerts, raised while no worker ran, are indexed but not sent.",
    )

    @field_validator("kibana")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("https://", "http://")):
            raise ValueError("expected an address like https://kibana.example.org")
        return url
