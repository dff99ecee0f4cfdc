"""What the demo's comments are made from: the two TOML files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

Tone = Literal["positive", "neutral", "negative"]
Question = Literal["good", "better", "why"]

ByTopic = dict[str, list[str]]
ByTone = dict[Tone, list[str]]

_ROOM = Path(__file__).parent


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BadTurn(_Table):
    """How one site's last days go wrong."""

    site: str
    days: int
    volume: float
    negative_share: float
    topics: dict[str, float]
    services: dict[str, float]


class Site(_Table):
    """A hospital or practice; ``weight`` is its share of the volume."""

    name: str
    organization: str
    weight: float
    services: list[str]


class Service(_Table):
    """A department: its name on the record, and how people speak of it."""

    name: str
    spoken: list[str]
    staff: list[str]
    problems: list[str]
    relatives: list[str] = []
    topics: dict[str, float]


class Places(_Table):
    """``places.toml``."""

    bad_turn: BadTurn
    sites: list[Site]
    services: dict[str, Service]
    topics: dict[str, float]


class English(_Table):
    """English sentences by tone and topic, and what may stand around them."""

    positive: ByTopic
    neutral: ByTopic
    negative: ByTopic
    openers: ByTone
    closers: ByTone
    emoji: ByTone
    tags: ByTone

    def sentences(self, tone: Tone, topic: str) -> list[str]:
        """The sentences of a tone about a topic."""
        by_topic: dict[Tone, ByTopic] = {
            "positive": self.positive,
            "neutral": self.neutral,
            "negative": self.negative,
        }
        return by_topic[tone][topic]


class Personal(_Table):
    """Sentences that hold personal data, by its kind, and the names to make some of."""

    sentences: dict[str, list[str]]
    first_names: list[str]
    last_names: list[str]


class Phrases(_Table):
    """``phrases.toml``."""

    slots: dict[str, list[str]]
    english: English
    fragments: dict[Literal["good", "better"], ByTopic]
    short_answers: dict[Question, ByTone]
    slips: dict[str, str]
    personal: Personal
    languages: dict[str, ByTone]


@cache
def places() -> Places:
    """Sites, services and what people write about there."""
    return _read(Places, "places.toml")


@cache
def phrases() -> Phrases:
    """The words."""
    return _read(Phrases, "phrases.toml")


_T = TypeVar("_T", bound=_Table)


def _read(table: type[_T], name: str) -> _T:
    return table.model_validate(tomllib.loads((_ROOM / name).read_text("utf-8")))
