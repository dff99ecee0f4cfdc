"""Set phrases of a domain, in groups: input of the sentiment model in addition to words."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from pipeline.stages.data_file import DataFile
from schemas.feedback import Level
from schemas.strict_model import StrictModel


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
