"""Answers of forms: their types, and what each says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
