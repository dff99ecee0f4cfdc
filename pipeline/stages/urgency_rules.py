"""The rules of what is urgent, as their TOML file holds them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from pipeline.stages._phrases import Grammar
from pipeline.stages.classify_topics import Identifier

_DEFAULT: Final = Path(__file__).parent.parent / "urgency" / "healthcare.toml"


class Reason(BaseModel):
    """One reason why a comment cannot wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    priority: int = Field(ge=1, description="1 is read first.")
    phrases: tuple[str, ...] = Field(min_length=1, description="What people write.")
    unless: tuple[str, ...] = Field((), description="What is wholly inside these does not count.")


class UrgencyRules(BaseModel):
    """Reasons and their phrases, as the TOML file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    version: str
    everyday: tuple[str, ...] = Field((), description="Words by their frequency.")
    spellings: dict[str, tuple[str, ...]] = Field({}, description="Words, and what is read so.")
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
