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
    r"""(?:(?:what(?:'s|’s|\ is)|please\ (?:enter|give|leave|write|provide|tell)(?:\ us)?)\s+)?
    (?:(?:and|your|my|the|full|first|last|middle|given|family|contact|preferred|patient(?:['’]?s)?
    |ihre?|dein|votre|su|tu|il\ tuo)\s+)*
    (?:(?:sur|fore|user)?names?|name\s*(?:and|&|/)\s*surname|initials
    |(?:e-?mail|phone)(?:\ (?:address|number))?\s*(?:/|or|and|&)\s*(?:e-?mail|phone)
    (?:\ (?:address|number))?
    |e-?mail(?:\ address)?|contact(?:\ (?:details?|info(?:rmation)?|number))?
    |(?:tele)?phone(?:\ number)?|mobile(?:\ phone)?(?:\ number)?|cell(?:\ phone)?
    |(?:home\ |postal\ |street\ |mailing\ )?address(?:\ line\ \d)?|street
    |city(?:\s*/\s*town)?|town
    |state(?:\s*/\s*(?:region|province))*|country
    |post\ ?code|zip(?:\ ?code)?(?:\s*/\s*post(?:al)?\ code)?|postal\ code
    |date\ of\ birth|dob|birth\ ?(?:day|date)|age
    |(?:nhs|hospital|patient|medical\ record|member|insurance)\ (?:number|no|id)
    |(?:vor|nach|familien)?name|vor-\ und\ nachname|telefon(?:nummer)?|handy(?:nummer)?
    |(?:e-?mail-?)?adresse|anschrift|geburtsdatum|postleitzahl|plz|wohnort
    |nom(?:\ (?:de\ famille|complet))?|prénom|téléphone|courriel|date\ de\ naissance
    |code\ postal|nombre(?:\ completo)?|apellidos?|teléfono|correo(?:\ electrónico)?|dirección
    |nome|cognome|telefono|indirizzo|naam|telefoonnummer|imię(?:\ i\ nazwisko)?|nazwisko)
    [\s:?.*]*+(?:\(optional\))?[\s:?.*]*""",
    re.IGNORECASE | re.VERBOSE,
)
_AND: Final = re.compile(r"\s*[,/&]\s*|\s(?:and|or|und|oder|et|ou|y|e|en|i)\s", re.IGNORECASE)
_WORD_BREAK: Final = re.compile(r"_|(?<=[a-z])(?=[A-Z])")


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


def is_personal(question: str) -> bool:
    """Return True if a question only asks for a person's name, address or number.

    It may be written as an identifier: ``first_name``, ``phoneNumber``.
    """
    question = question.strip()[:300]
    if " " not in question:
        question = _WORD_BREAK.sub(" ", question).strip()
    if _PERSONAL.fullmatch(question):
        return True
    parts = _AND.split(question)
    return len(parts) > 1 and all(_PERSONAL.fullmatch(part) for part in parts)
