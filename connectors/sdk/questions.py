"""Questions of forms: their settings, and the types of their answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.sdk.source import SourceConfig

Measure = Literal["stars", "nps", "csat", "ces", "fft"]

_PERSONAL: Final = re.compile(
    r"""(?:(?:what(?:'s|’s|\ is)|please\ (?:enter|give|leave|write)(?:\ us)?)\s+)?
    (?:(?:your|my|the|full|first|last|middle|given|family|contact|preferred|patient(?:['’]?s)?)\s+)*
    (?:(?:sur|fore)?names?|name\s*(?:and|&|/)\s*surname|e-?mail(?:\ address)?
    |(?:tele)?phone(?:\ number)?|mobile(?:\ phone)?(?:\ number)?
    |(?:home\ |postal\ |street\ )?address(?:\ line\ \d)?|city(?:\s*/\s*town)?
    |state(?:\s*/\s*region)?\s*/\s*province|country
    |post\ ?code|zip(?:\ ?code)?(?:\s*/\s*post(?:al)?\ code)?
    |date\ of\ birth|dob|(?:nhs|hospital|patient)\ number)
    [\s:?.*]*+(?:\(optional\))?[\s:?.*]*""",
    re.IGNORECASE | re.VERBOSE,
)


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
    CHOICE = "choice"
    """The wording of a choice, a list of them, or a boolean."""
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
    """One answer; ``worst`` and ``best`` are the ends of its scale, if the service returns it."""

    field: str
    """The question's id, which is stable and unique in its form."""
    question: str
    """The question's wording."""
    kind: AnswerType
    value: Any
    worst: float | None = None
    best: float | None = None
    also: tuple[str, ...] = ()
    """More names of the question in settings."""


def is_personal(question: str) -> bool:
    """Return True if a question only asks for a person's name, address or number."""
    return _PERSONAL.fullmatch(question.strip()) is not None
