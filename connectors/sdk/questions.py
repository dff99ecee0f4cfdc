"""Questions of a form: what settings say of them, and what their answers are."""

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
    [\s:?.*]*(?:\(optional\))?[\s:?.*]*""",
    re.IGNORECASE | re.VERBOSE,
)


class ScoreQuestion(BaseModel):
    """Which measure a question is, and its scale where the service does not tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Measure
    worst: float | None = None
    best: float | None = None
    choices: tuple[str, ...] = Field(
        default=(), description='The wordings, the worst first; for fft a sixth is "don\'t know".'
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"measure": given} if isinstance(given, str) else given


class FormSourceConfig(SourceConfig):
    """What every form can be told about its questions, by their id, reference or wording."""

    comments: tuple[str, ...] = Field(
        default=(), description="Questions that hold the comments; none: every free-text answer."
    )
    scores: dict[str, ScoreQuestion] = Field(
        default_factory=dict,
        description='Questions that hold a score: `{ q3 = "nps" }`, or with its scale: '
        '`{ q3 = { measure = "csat", worst = 1, best = 10 } }`, or with the wording of its '
        "choices, the worst first.",
    )
    personal: tuple[str, ...] = Field(
        default=(), description="Further questions whose answers are left out, such as names."
    )
    keep: tuple[str, ...] = Field(
        default=(), description="Questions and hidden fields that are kept as attributes."
    )
    contact_field: str | None = Field(
        default=None, description="Question whether somebody may get in touch: kept as yes or no."
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
    """What an answer is."""

    TEXT = "text"
    """Free text. Wordings that ask for a name or an address are recognised as personal."""
    CHOICE = "choice"
    """The wording of what was chosen, one or a list, or a yes or no."""
    SCALE = "scale"
    """A number on a scale; the wording or the settings tell which measure it is."""
    STARS = "stars"
    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    FFT = "fft"
    CONTACT = "contact"
    """E-mail address, telephone number: never copied, and a flag that there was one."""
    PERSONAL = "personal"
    """A name, an address, a file, a signature: never copied."""


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """One answer; ``worst`` and ``best`` are the ends of its scale, where the service tells."""

    field: str
    """The question's id: stable, and unique in its form."""
    question: str
    """Its wording."""
    kind: AnswerType
    value: Any
    worst: float | None = None
    best: float | None = None
    also: tuple[str, ...] = ()
    """Further names by which settings may mean the question."""


def is_personal(question: str) -> bool:
    """Whether a wording asks for a name, an address or a number of a person, and nothing else."""
    return _PERSONAL.fullmatch(question.strip()) is not None
