"""Rules of the stage that flags urgent comments, as in their TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from pipeline.stages._phrases import Grammar
from pipeline.stages.classify_topics import Identifier

_DEFAULT: Final = Path(__file__).parent.parent / "urgency" / "healthcare.toml"


class Reason(BaseModel):
    """A reason why a comment is urgent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    priority: int = Field(ge=1, description="1 is read first.")
    phrases: tuple[str, ...] = Field(min_length=1, description="Phrases in comments.")
    unless: tuple[str, ...] = Field((), description="Matches wholly inside these do not count.")


class UrgencyRules(BaseModel):
    """Reasons and their phrases, as in the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    version: str
    everyday: tuple[str, ...] = Field((), description="Words by their frequency.")
    spellings: dict[str, tuple[str, ...]] = Field({}, description="Words, and their variants.")
    lists: dict[Identifier, str] = Field({}, description="Named parts of phrases.")
    reasons: dict[Identifier, Reason] = Field(min_length=1)
    _grammar: Grammar = PrivateAttr()

    @model_validator(mode="after")
    def _compile_phrases(self) -> Self:
        self._grammar = Grammar(
            spellings=self.spellings,
            everyday=self.everyday,
            lists=self.lists,
            phrases={name: reason.phrases for name, reason in self.reasons.items()},
            exceptions={name: reason.unless for name, reason in self.reasons.items()},
        )
        return self

    @property
    def grammar(self) -> Grammar:
        """The phrases, compiled."""
        return self._grammar

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a rules file; by default the packaged one for healthcare.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))
