"""Questions of forms: their settings, and the types of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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


class AnswerType(StrEnum):
    """The type of an answer."""

    TEXT = "text"
    """Free text; personal if the question asks for a name or an address."""
    SHORT = "short"
    """A single line of text, which is a comment if its question asks for one."""
    CHOICE = "choice"
    """The wording of a choice, a list of them, or a boolean."""
    BOX = "box"
    """A choice without an alternative: the wording of a box that was ticked, or nothing."""
    SCALE = "scale"
    """A number on a scale; the wording or the settings say which measure it is."""
    STARS = "stars"
    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    FFT = "fft"
    CONTACT = "contact"
    """An e-mail address or phone number: never copied; an attribute says that there was one."""
    PERSONAL = "personal"
    """A name, an address, a file or a signature: never copied."""


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """One answer; ``worst`` and ``best`` are the ends of its scale, if the service returns it.

    ``field`` is the question's id, which is stable and unique in its form.
    """

    field: str
    question: str
    """The question's wording."""
    kind: AnswerType
    value: Any
    worst: float | None = None
    best: float | None = None
    also: tuple[str, ...] = ()
    """More names of the question in settings."""
    ends: tuple[str, str] = ("", "")
    """The wordings of the ends of its scale."""
    other: str | None = None
    """Text typed beside the choices ("Other: …"); None if the question has no room for it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Case-folded names of the question in settings."""
        return tuple(name.casefold() for name in (self.field, *self.also, self.question))


def join_choices(value: Any) -> Any:
    """Return several choices as one text, and any other value as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value
