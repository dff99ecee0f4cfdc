"""Source material of the demo's comments: the two TOML files in this folder."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from schemas.strict_model import StrictModel

Tone = Literal["positive", "neutral", "negative"]
Question = Literal["good", "better", "why"]

ByTopic = dict[str, list[str]]
ByTone = dict[Tone, list[str]]

_ROOM = Path(__file__).parent


class BadTurnTable(StrictModel):
    """The incident at one site during its last days."""

    site: str
    days: int
    volume: float
    negative_share: float
    topics: dict[str, float]
    services: dict[str, float]


class Site(StrictModel):
    """A hospital or practice; ``weight`` is its share of the volume."""

    name: str
    organization: str
    weight: float
    services: list[str]


class Service(StrictModel):
    """A department: its name in records, and the words that people use for it."""

    name: str
    spoken: list[str]
    staff: list[str]
    problems: list[str]
    relatives: tuple[str, ...] = ()
    topics: dict[str, float]


class Places(StrictModel):
    """``places.toml``."""

    bad_turn: BadTurnTable
    sites: list[Site]
    services: dict[str, Service]
    topics: dict[str, float]


class English(StrictModel):
    """English sentences by tone and topic, and the parts around them."""

    positive: ByTopic
    neutral: ByTopic
    negative: ByTopic
    openers: ByTone
    closers: ByTone
    emoji: ByTone
    tags: ByTone

    def sentences(self, tone: Tone, topic: str) -> list[str]:
        """Return the sentences of a tone about a topic."""
        by_topic: dict[Tone, ByTopic] = {
            "positive": self.positive,
            "neutral": self.neutral,
            "negative": self.negative,
        }
        return by_topic[tone][topic]


class Personal(StrictModel):
    """Sentences with personal data, by its kind, and names to fill them in."""

    sentences: dict[str, list[str]]
    first_names: list[str]
    last_names: list[str]


class Phrases(StrictModel):
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
    """Return the sites, services and topics."""
    return _read(Places, "places.toml")


@cache
def phrases() -> Phrases:
    """Return the phrases."""
    return _read(Phrases, "phrases.toml")


_T = TypeVar("_T", bound=StrictModel)


def _read(table: type[_T], name: str) -> _T:
    return table.model_validate(tomllib.loads((_ROOM / name).read_text("utf-8")))
