"""Stage: what a comment is about, by a taxonomy in a data file and a model trained for it.

The taxonomy is the users' to change: another sector needs another file and no code. Without a
model its terms alone find the topics.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipeline.stages.terms import Terms, follows, term_words
from schemas.feedback import Priority, Span

_MOST_REMEMBERED: Final = 50_000
_TAXONOMIES: Final = Path(__file__).parent.parent / "taxonomies"
_DEFAULT: Final = _TAXONOMIES / "healthcare.toml"
_ORDER: Final = tuple(Priority)

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Theme(BaseModel):
    """A group of topics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str


class Interaction(BaseModel):
    """A type of interaction with patients or customers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    priority: Priority


class Topic(BaseModel):
    """One thing that comments are about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    theme: Identifier | None = None
    interaction: Identifier | None = None
    terms: tuple[str, ...] = Field(
        min_length=1,
        description="Words or phrases in any case; a trailing * takes every ending.",
    )


class Taxonomy(BaseModel):
    """Themes, types of interaction and topics, as the TOML file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    version: str
    themes: dict[Identifier, Theme] = Field(default_factory=dict)
    interactions: dict[Identifier, Interaction] = Field(default_factory=dict)
    topics: dict[Identifier, Topic]

    @model_validator(mode="after")
    def _groups_exist(self) -> Self:
        for name, topic in self.topics.items():
            if topic.theme is not None and topic.theme not in self.themes:
                raise ValueError(f"topic {name}: there is no theme {topic.theme}")
            if topic.interaction is not None and topic.interaction not in self.interactions:
                raise ValueError(f"topic {name}: there is no interaction {topic.interaction}")
            if empty := [term for term in topic.terms if not term_words(term)]:
                raise ValueError(f"topic {name}: the term {empty[0]!r} holds no word")
        return self

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a taxonomy file; None for the one of healthcare in the package.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))

    def groups(self) -> dict[str, tuple[str, ...]]:
        """The terms of each topic."""
        return {name: topic.terms for name, topic in self.topics.items()}

    @property
    def likeness(self) -> str:
        """Name, version, and six hex digits that change with every edit of the file."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:6]
        return f"{self.name}-{self.version}-{digest}"


class Grouping:
    """What the taxonomy says of topics that were found; remembered by the set of them."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._known: dict[
            tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...], Priority | None]
        ] = {}

    def of(
        self, topics: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Priority | None]:
        """Themes, types of interaction and the highest of their priorities."""
        known = self._known.get(topics)
        if known is None:
            known = self._grouped(topics)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[topics] = known
        return known

    def _grouped(
        self, topics: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Priority | None]:
        taxonomy = self._taxonomy
        # A model may know a topic that an edited taxonomy no longer has.
        known = [taxonomy.topics[topic] for topic in topics if topic in taxonomy.topics]
        themes = sorted({topic.theme for topic in known if topic.theme})
        interactions = sorted({topic.interaction for topic in known if topic.interaction})
        priorities = [taxonomy.interactions[name].priority for name in interactions]
        return (
            tuple(themes),
            tuple(interactions),
            min(priorities, key=_ORDER.index, default=None),
        )


class TopicClassifier:
    """Finds the topics of words by their terms alone, in linear time."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._terms = Terms(groups)
        self._words: dict[str, list[str]] = {}

    def classify(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The topics of a comment's words, in the order of their names."""
        return tuple(sorted({topic for topic, _, _ in self._found(tokens)}))

    def evidence(
        self, tokens: Sequence[str], spans: Sequence[Span], topics: Sequence[str]
    ) -> dict[str, tuple[Span, ...]]:
        """Where the terms of the topics stand; ``spans`` are those of the tokens."""
        places: dict[str, list[Span]] = {topic: [] for topic in topics}
        for topic, first, last in self._found(tokens):
            if topic in places:
                places[topic].append((spans[first][0], spans[last][1]))
        return {topic: tuple(found) for topic, found in places.items() if found}

    def _found(self, tokens: Sequence[str]) -> Iterable[tuple[str, int, int]]:
        for place, word in enumerate(tokens):
            topics = self._words.get(word)
            if topics is None:
                topics = self._terms.of_word(word)
                if len(self._words) < _MOST_REMEMBERED:
                    self._words[word] = topics
            for topic in topics:
                yield topic, place, place
        for place, (first, second) in enumerate(pairwise(tokens)):
            for phrase in self._terms.of_pair(first, second):
                if follows(tokens, place + 2, phrase.rest):
                    yield phrase.group, place, place + 1 + len(phrase.rest)
