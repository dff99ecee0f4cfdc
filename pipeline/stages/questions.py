"""What kind of question a text answers: "Nothing." is praise after one and blame after another."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Kind(IntEnum):
    """Kinds of questions, by what a bare answer to them means."""

    NONE = 0
    IMPROVE = 1
    BETTER = 2
    GOOD = 3
    WHY = 4
    OTHER = 5


# The first that matches counts.
_RULES: Final = (
    (Kind.WHY, r"\bwhy\b|\breasons?\b|\bexplain your\b"),
    (Kind.IMPROVE, r"\bimprov\w*"),
    (
        Kind.BETTER,
        r"\bbetter\b|\bdifferent\w*|\bchange\w*|\bgo wrong\b|\bwent wrong\b|\bbad(?:ly)?\b"
        r"|\bpoor\w*|\bdislike\w*|\bworst\b|(?<!at )\bleast\b"
        r"|(?:\bnot|n['’]t)(?: \w+){0,2} (?:good|well|like|enjoy)\b",
    ),
    # What somebody would like to add is no question for what they liked.
    (
        Kind.GOOD,
        r"\bgood\b|\bwell\b|\bbest\b|\benjoy\w*"
        r"|(?<!would )(?<!would you )(?<!['’]d )\bliked?\b",
    ),
)
_PATTERNS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)


@lru_cache(maxsize=4_096)
def kind_of(question: str | None) -> Kind:
    """The kind of a question, by the words it is asked with; ``NONE`` where nothing was asked."""
    if question is None or not question.strip():
        return Kind.NONE
    lower = question.lower()
    for kind, pattern in _PATTERNS:
        if pattern.search(lower):
            return kind
    return Kind.OTHER
