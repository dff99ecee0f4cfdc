"""Rules of the stage that flags urgent comments, as in their TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, PrivateAttr, model_validator

from pipeline.stages._phrases import Grammar
from pipeline.stages.classify_topics import Identifier
from pipeline.stages.data_file import DataFile
from schemas.strict_model import StrictModel


class Reason(StrictModel):
    """A reason why a comment is urgent."""

    title: str
    priority: int = Field(ge=1, description="1 is read first.")
    phrases: tuple[str, ...] = Field(min_length=1, description="Phrases in comments.")
    hints: tuple[str, ...] = Field((), description="Phrases that make it worth reading, no more.")
    unless: tuple[str, ...] = Field((), description="Matches wholly inside these do not count.")


class UrgencyRules(DataFile):
    """Reasons and their phrases, as in the TOML file."""

    packaged = Path(__file__).parent.parent / "urgency" / "healthcare.toml"

    name: Identifier
    version: str
    everyday: tuple[str, ...] = Field((), description="Words by their frequency.")
    vocabulary: str = Field("", description="Further words that are spelt right.")
    doubts: tuple[str, ...] = Field((), description="What makes phrases less than certain.")
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
            hints={name: reason.hints for name, reason in self.reasons.items()},
            doubts=self.doubts,
            exceptions={name: reason.unless for name, reason in self.reasons.items()},
        )
        return self

    @property
    def grammar(self) -> Grammar:
        """The phrases, compiled."""
        return self._grammar
