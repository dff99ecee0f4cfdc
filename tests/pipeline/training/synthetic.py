"""Labelled comments of an invented hotel: enough for a small model to learn something."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.training.examples import Example, Examples
from schemas.feedback import Feedback

TAXONOMY: Final = Taxonomy.model_validate(
    {
        "name": "hotel",
        "version": "1",
        "topics": {
            "room": {"title": "Room", "terms": ["room*", "bed", "view from the window"]},
            "breakfast": {"title": "Breakfast", "terms": ["breakfast", "coffee", "buffet*"]},
            "desk": {"title": "Front desk", "terms": ["reception*", "check in", "front desk"]},
            "noise": {"title": "Noise", "terms": ["nois*", "slept", "loud"]},
            "spa": {"title": "Spa", "terms": ["spa", "pool"]},
        },
    }
)
LEXICON: Final = Lexicon.model_validate(
    {
        "name": "hotel",
        "version": "1",
        "groups": {
            "praise": {"title": "Praise", "terms": ["no problem at all", "love*", "spotless"]},
            "blame": {"title": "Blame", "terms": ["never coming back again", "too", "filthy"]},
        },
    }
)
LEVELLED: Final = Lexicon.model_validate(
    {
        "name": "hotel",
        "version": "2",
        "groups": {
            "praise": {
                "title": "Praise",
                "level": "very_positive",
                "terms": ["no problem at all", "love*", "spotless", "gorgeous"],
            },
            "blame": {
                "title": "Blame",
                "level": "very_negative",
                "terms": ["never coming back again", "filthy", "abysmal"],
            },
            "emphasis": {"title": "Emphasis", "terms": ["too"]},
        },
    }
)
"""The same, and what its phrases say alone: two of them are in no comment."""
QUESTIONS: Final = (
    None,
    "How could we improve?",
    "What could we do better?",
    "What was good about your stay?",
    "Why did you give this score?",
    "Anything else?",
)
_SAID: Final = (
    ("room", 0, "the room was spotless and the bed lovely"),
    ("room", 1, "a nice room with a good view from the window"),
    ("room", 4, "a filthy room, never coming back again"),
    ("breakfast", 0, "we loved the breakfast, great coffee"),
    ("breakfast", 2, "breakfast is from seven to ten"),
    ("breakfast", 3, "the coffee was cold and the buffet empty"),
    ("desk", 1, "check in was quick, no problem at all"),
    ("desk", 3, "nobody at the front desk, we waited too long"),
    ("noise", 3, "too loud at night, I hardly slept"),
    ("noise", 4, "terrible noise until four!"),
)
_BESIDE: Final = (
    "",
    "thanks",
    "we stayed two nights",
    "it rained",
    "for work",
    "with the children",
)


def examples(count: int = 300, seed: int = 1) -> Examples:
    """Labelled comments, three of each person."""
    chance = random.Random(seed)
    return Examples([_example(number, chance) for number in range(count)])


def _example(number: int, chance: random.Random) -> Example:
    sentences = chance.sample(_SAID, chance.choice((1, 1, 2)))
    text = ", ".join(filter(None, [*(words for _, _, words in sentences), chance.choice(_BESIDE)]))
    level = round(sum(level for _, level, _ in sentences) / len(sentences))
    rated: dict[str, Any] = {"stars": {"value": 5 - level}} if chance.random() < 0.5 else {}
    record = Feedback.collect(
        source="file",
        native_id=str(number),
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family="form",
        text=text,
        question=chance.choice(QUESTIONS),
        author=f"{number // 3:032x}",
        **rated,
    )
    return Example(record, level, frozenset(topic for topic, _, _ in sentences))
