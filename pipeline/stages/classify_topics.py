"""Stage: the topics of a comment, by a taxonomy in a data file and a model trained for it.

Users may change the taxonomy: another sector needs another file and no code. Without a model, the
taxonomy's terms alone find the topics.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from pipeline.stages.data_file import DataFile
from pipeline.stages.terms import Terms, follows, term_words
from schemas.feedback import Priority, Span
from schemas.strict_model import StrictModel

_MAX_CACHED: Final = 50_000
_TAXONOMIES: Final = Path(__file__).parent.parent / "taxonomies"
_ORDER: Final = tuple(Priority)

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Theme(StrictModel):
    """A group of topics."""

    title: str


class Interaction(StrictModel):
    """A type of interaction with patients or customers."""

    title: str
    priority: Priority


class Topic(StrictModel):
    """A subject of comments."""

    title: str
    theme: Identifier | None = None
    interaction: Identifier | None = None
    terms: tuple[str, ...] = Field(
        min_length=1,
        description="Words or phrases in any case; a trailing * takes every ending.",
    )


class Taxonomy(DataFile):
    """Themes, types of interaction and topics, as the TOML file holds them."""

    packaged = _TAXONOMIES / "healthcare.toml"

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

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the terms of each topic."""
        return {name: topic.terms for name, topic in self.topics.items()}

    @property
    def fingerprint(self) -> str:
        """Name, version, and six hex digits that change with every edit of the file."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:6]
        return f"{self.name}-{self.version}-{digest}"


class Grouping:
    """Themes, interactions and priority of sets of topics, cached by set."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._cache: dict[
            tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...], Priority | None]
        ] = {}

    def group(
        self, topics: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Priority | None]:
        """Return themes, types of interaction and the highest of their priorities."""
        groups = self._cache.get(topics)
        if groups is None:
            groups = self._group(topics)
            if len(self._cache) < _MAX_CACHED:
                self._cache[topics] = groups
        return groups

    def _group(
        self, topics: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Priority | None]:
        taxonomy = self._taxonomy
        # A model may know a topic that an edited taxonomy no longer has.
        in_taxonomy = [taxonomy.topics[topic] for topic in topics if topic in taxonomy.topics]
        themes = sorted({topic.theme for topic in in_taxonomy if topic.theme})
        interactions = sorted({topic.interaction for topic in in_taxonomy if topic.interaction})
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
        """Return the topics of a comment's words, in the order of their names."""
        return tuple(sorted({topic for topic, _, _ in self.places(tokens)}))

    def evidence(
        self, tokens: Sequence[str], spans: Sequence[Span], topics: Sequence[str]
    ) -> dict[str, tuple[Span, ...]]:
        """Return the spans of each topic's terms; ``spans`` are those of the tokens."""
        places: dict[str, list[Span]] = {topic: [] for topic in topics}
        for topic, first, last in self.places(tokens):
            if topic in places:
                places[topic].append((spans[first][0], spans[last][1]))
        return {topic: tuple(spans) for topic, spans in places.items() if spans}

    def places(self, tokens: Sequence[str]) -> Iterable[tuple[str, int, int]]:
        """Yield each topic that words point to, with the first and the last of the words."""
        for place, word in enumerate(tokens):
            topics = self._words.get(word)
            if topics is None:
                topics = self._terms.groups_for_word(word)
                if len(self._words) < _MAX_CACHED:
                    self._words[word] = topics
            for topic in topics:
                yield topic, place, place
        for place, (first, second) in enumerate(pairwise(tokens)):
            for phrase in self._terms.phrases_for_pair(first, second):
                if follows(tokens, place + 2, phrase.rest):
                    yield phrase.group, place, place + 1 + len(phrase.rest)
