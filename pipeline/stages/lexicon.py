"""Set phrases of a domain, in groups: input of the sentiment model in addition to words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from schemas.feedback import Level

_DEFAULT: Final = Path(__file__).parent.parent / "lexicons" / "healthcare.toml"


class Group(BaseModel):
    """Phrases of similar meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    level: Level | None = Field(default=None, description="Level of each phrase on its own.")
    terms: tuple[str, ...] = Field(min_length=1)


class Lexicon(BaseModel):
    """Groups of phrases, as in the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    groups: dict[str, Group]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a lexicon file; by default the packaged one for healthcare.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))

    def phrases(self) -> dict[str, tuple[str, ...]]:
        """Return the phrases of each group."""
        return {name: group.terms for name, group in self.groups.items()}

    def examples(self) -> list[tuple[str, Level]]:
        """Return the phrases that mean something on their own, with their level."""
        return [
            (term.rstrip("*"), group.level)
            for group in self.groups.values()
            if group.level is not None
            for term in group.terms
        ]
