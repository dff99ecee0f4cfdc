"""Stage: what a comment is about, by a taxonomy of terms in a data file.

The taxonomy is the users' to change: another sector needs another file and no code.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MOST_CHARACTERS: Final = 20_000
_MOST_REMEMBERED_WORDS: Final = 50_000
_DEFAULT: Final = Path(__file__).parent.parent / "taxonomies" / "healthcare.toml"

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Theme(BaseModel):
    """A group of topics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str


class Topic(BaseModel):
    """One thing that comments are about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    theme: Identifier
    terms: tuple[str, ...] = Field(
        min_length=1,
        description="Words or phrases in any case; a trailing * takes every ending.",
    )


class Taxonomy(BaseModel):
    """Themes and topics, as the TOML file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    version: str
    themes: dict[Identifier, Theme]
    topics: dict[Identifier, Topic]

    @model_validator(mode="after")
    def _themes_exist(self) -> Self:
        for name, topic in self.topics.items():
            if topic.theme not in self.themes:
                raise ValueError(f"topic {name}: there is no theme {topic.theme}")
        return self

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a taxonomy file; None for the one of healthcare in the package.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))


class TopicClassifier:
    """Finds the topics of texts in time linear in their words."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.version = f"{taxonomy.name}-{taxonomy.version}-terms"
        self._themes = {name: topic.theme for name, topic in taxonomy.topics.items()}
        # A phrase is found by its first word; what follows is compared word by word.
        self._exact: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._stems: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for name, topic in taxonomy.topics.items():
            for term in topic.terms:
                first, *rest = (_words(term, stars=True)) or [""]
                if first.endswith("*"):
                    self._stems[first[:-1]].append((tuple(rest), name))
                elif first:
                    self._exact[first].append((tuple(rest), name))
        self._remembered: dict[str, list[tuple[tuple[str, ...], str]]] = {}

    def classify(self, text: str) -> tuple[str, ...]:
        """The topics of a text, in the order of their names."""
        words = _words(text[:_MOST_CHARACTERS])
        found: set[str] = set()
        remembered = self._remembered
        for position, word in enumerate(words):
            candidates = remembered.get(word)
            if candidates is None:
                candidates = self._candidates(word)
            for rest, topic in candidates:
                if not rest or _follows(words, position + 1, rest):
                    found.add(topic)
        return tuple(sorted(found))

    def themes_of(self, topics: tuple[str, ...]) -> tuple[str, ...]:
        """The themes that group these topics."""
        return tuple(sorted({self._themes[topic] for topic in topics}))

    def _candidates(self, word: str) -> list[tuple[tuple[str, ...], str]]:
        candidates = list(self._exact.get(word, ()))
        for end in range(1, len(word) + 1):
            candidates.extend(self._stems.get(word[:end], ()))
        if len(self._remembered) < _MOST_REMEMBERED_WORDS:
            self._remembered[word] = candidates
        return candidates


def _words(text: str, *, stars: bool = False) -> list[str]:
    lowered = text.lower().replace("’", "'")
    if stars:
        return re.findall(r"[^\W_]+(?:'[^\W_]+)*\*?", lowered)
    return _WORD.findall(lowered)


def _follows(words: list[str], position: int, rest: tuple[str, ...]) -> bool:
    if position + len(rest) > len(words):
        return False
    return all(
        word.startswith(expected[:-1]) if expected.endswith("*") else word == expected
        for word, expected in zip(words[position:], rest, strict=False)
    )
