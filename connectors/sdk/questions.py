"""Questions of forms: their settings, and the types of their answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.sdk.source import SourceConfig

Measure = Literal["stars", "nps", "csat", "ces", "fft"]


class ScoreQuestion(BaseModel):
    """The measure that a question asks for, and its scale if the service does not return it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Measure
    worst: float | None = None
    best: float | None = None
    choices: tuple[str, ...] = Field(
        default=(), description='The wordings, worst first; for fft a sixth is "don\'t know".'
    )

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"measure": value} if isinstance(value, str) else value


class FormSourceConfig(SourceConfig):
    """Settings of a form's questions, which are named by their id, reference or wording."""

    comments: tuple[str, ...] = Field(
        default=(),
        description="Questions whose answers are comments; default: all free-text questions.",
    )
    scores: dict[str, ScoreQuestion] = Field(
        default_factory=dict,
        description='Questions whose answers are scores: `{ q3 = "nps" }`, or with its scale: '
        '`{ q3 = { measure = "csat", worst = 1, best = 10 } }`, or with the wordings of its '
        "choices, worst first.",
    )
    personal: tuple[str, ...] = Field(
        default=(), description="More questions whose answers are left out, such as names."
    )
    keep: tuple[str, ...] = Field(
        default=(), description="Questions and hidden fields that become attributes."
    )
    contact_field: str | None = Field(
        default=None,
        description="Question that asks for permission to get in touch: kept as yes or no.",
    )
    organization_field: str | None = Field(
        default=None, description="Question or hidden field that names the organization."
    )
    site_field: str | None = Field(
        default=None, description="Question or hidden field that names the site."
    )
    service_field: str | None = Field(
        default=None, description="Question or hidden field that names the service."
    )
