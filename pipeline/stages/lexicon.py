"""Set phrases of a domain, in groups: input of the sentiment model in addition to words."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from pipeline.stages.data_file import DataFile
from pipeline.stages.tokens import BAD_EMOJI, GOOD_EMOJI
from schemas.feedback import Level
from schemas.strict_model import StrictModel

_GLAD, _SAD = GOOD_EMOJI[0], BAD_EMOJI[0]  # all emoji of a tone are one word to the model


class Group(StrictModel):
    """Phrases of similar meaning."""

    title: str
    level: Level | None = Field(default=None, description="Level of each phrase on its own.")
    terms: tuple[str, ...] = Field(min_length=1)


class Lexicon(DataFile):
    """Groups of phrases, as in the TOML file."""

    packaged = Path(__file__).parent.parent / "lexicons" / "healthcare.toml"

    name: str
    version: str
    groups: dict[str, Group]
    sentences: dict[Level, tuple[str, ...]] = Field(
        default_factory=dict, description="Sentences to learn from, by their level."
    )

    def phrases(self) -> dict[str, tuple[str, ...]]:
        """Return the phrases of each group."""
        return {name: group.terms for name, group in self.groups.items()}

    def examples(self) -> list[tuple[str, Level]]:
        """Return the phrases and emoji that mean something on their own, with their level."""
        signs = [(_GLAD, Level.POSITIVE), (_SAD, Level.NEGATIVE)]
        return signs + [
            (term.rstrip("*"), group.level)
            for group in self.groups.values()
            if group.level is not None
            for term in group.terms
        ]
