"""Kinds of questions: "Nothing." is praise after one question and blame after another."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class QuestionKind(IntEnum):
    """Kinds of questions, by the meaning of a bare answer."""

    NONE = 0
    IMPROVE = 1
    BETTER = 2
    GOOD = 3
    WHY = 4
    OTHER = 5


# The first that matches counts.
_RULES: Final = (
    (QuestionKind.WHY, r"\bwhy\b|\breasons?\b|\bexplain your\b"),
    (QuestionKind.IMPROVE, r"\bimprov\w*"),
    (
        QuestionKind.BETTER,
        r"\bbetter\b|\bdifferent\w*|\bchange\w*|\bgo wrong\b|\bwent wrong\b|\bbad(?:ly)?\b"
        r"|\bpoor\w*|\bdislike\w*|\bworst\b|(?<!at )\bleast\b"
        r"|(?:\bnot|n['’]t)(?: \w+){0,2} (?:good|well|like|enjoy)\b",
    ),
    # "What would you like to add" does not ask what people liked.
    (
        QuestionKind.GOOD,
        r"\bgood\b|\bwell\b|\bbest\b|\benjoy\w*"
        r"|(?<!would )(?<!would you )(?<!['’]d )\bliked?\b",
    ),
)
_PATTERNS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)


@lru_cache(maxsize=4_096)
def classify_question(question: str | None) -> QuestionKind:
    """Return the kind of a question by its words; ``NONE`` if there is no question."""
    if question is None or not question.strip():
        return QuestionKind.NONE
    lower = question.lower()
    for kind, pattern in _PATTERNS:
        if pattern.search(lower):
            return kind
    return QuestionKind.OTHER
