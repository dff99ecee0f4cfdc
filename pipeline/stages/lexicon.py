"""Set phrases of a domain, in groups: what the sentiment model sees beside single words."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from schemas.feedback import Level

_DEFAULT: Final = Path(__file__).parent.parent / "lexicons" / "healthcare.toml"


class Group(BaseModel):
    """Phrases that say much the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    level: Level | None = Field(
        default=None, description="What each of the phrases says when it stands alone."
    )
    terms: tuple[str, ...] = Field(min_length=1)


class Lexicon(BaseModel):
    """Groups of phrases, as the TOML file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    groups: dict[str, Group]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a lexicon file; None for the one of healthcare in the package.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))

    def phrases(self) -> dict[str, tuple[str, ...]]:
        """The phrases of each group."""
        return {name: group.terms for name, group in self.groups.items()}

    def examples(self) -> list[tuple[str, Level]]:
        """Phrases that say something when they stand alone, and what."""
        return [
            (term.rstrip("*"), group.level)
            for group in self.groups.values()
            if group.level is not None
            for term in group.terms
        ]
