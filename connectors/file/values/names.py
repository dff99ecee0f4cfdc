"""Read the names of columns: their words, the scale in them, and whether they ask. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_BRACKETS: Final = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[^\W_]+")
_MIN_QUESTION_WORDS: Final = 4
_ASKING: Final = frozenset({
    "what", "how", "why", "where", "when", "which", "who", "please", "tell", "describe", "explain",
    "is", "are", "was", "were", "do", "does", "did", "can", "could", "would", "should", "have",
    "has", "any", "if", "wie", "warum", "welche", "que", "como", "pourquoi",
})  # fmt: skip
_NUMBER: Final = r"(-?\d+(?:[.,]\d+)?)"
_RANGE: Final = re.compile(rf"{_NUMBER}\s*(?:[-–—]|to|bis|\.\.+)\s*{_NUMBER}")
_LABELLED: Final = re.compile(
    rf"{_NUMBER}\s*(?:=|is|being|:|-|–)\s*([^\d,;)]+).*?{_NUMBER}\s*(?:=|is|being|:|-|–)\s*([^\d,;)]+)"
)
_OUT_OF: Final = re.compile(rf"(?:out of|/)\s*{_NUMBER}")
_PRAISE: Final = re.compile(
    r"(?<!not )(?<!dis)(?:very )?\b(?:good|best|excellent|satisfied|likely|great|agree|high|easy"
    r"|happy|positive|outstanding|always|sehr gut|gut|beste|zufrieden|wahrscheinlich|ausgezeichnet"
    r"|satisfait|bien|bon|excellent|satisfecho|bueno|probable|tevreden|goed|soddisfatt|ottim)"
)
SCHOOL_GRADES: Final = (6.0, 1.0)
"""Ends of the scale of German schools, of which 1 is the best."""
_GRADE_WORDS: Final = frozenset({"schulnote", "schulnoten", "gesamtnote"})
_INNER_NAME: Final = re.compile(r"\w+\[([^\]]+)\]")
"""A table before the name of its column: "Response[Comment]"."""
_BLAME: Final = re.compile(
    r"\b(?:bad|worst|poor|dissatisfied|unlikely|not |disagree|low|difficult|terrible|unhappy"
    r"|negative|never|awful|hard|unzufrieden|schlecht|mangelhaft|unwahrscheinlich|nicht "
    r"|insatisfait|mauvais|pas |insatisfecho|malo|nada |ontevreden|slecht|niet |insoddisfatt"
    r"|pessim)"
)


@lru_cache(maxsize=4_096)
def split_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded; marks and what is in brackets do not count.

    A name that is in brackets as a whole keeps its words.
    """
    if inner := _INNER_NAME.fullmatch(name.strip()):
        name = inner[1]
    bare = _BRACKETS.sub(" ", name)
    plain = unicodedata.normalize("NFKC", bare if _WORD.search(bare) else name)
    plain = plain.replace("'", "").replace("’", "")
    return tuple(word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", plain)))


def join_words(name: str) -> str:
    """Return a name for comparison: its words, with single spaces."""
    return " ".join(split_words(name))


def is_question(name: str) -> bool:
    """Return True if a name asks something, and so is worth keeping with its answers."""
    words = split_words(name)
    if name.rstrip(" *:").endswith("?"):
        return True
    if " " not in name.strip():
        return False
    return len(words) >= _MIN_QUESTION_WORDS or (len(words) >= 3 and words[0] in _ASKING)


def find_scale(name: str) -> tuple[float, float] | None:
    """Return worst and best of the scale that a name shows: "(1-5)", "(1 = best, 6 = worst)"."""
    folded = name.casefold()
    if match := _LABELLED.search(folded):
        low, low_label, high, high_label = match.groups()
        ends = (parse_decimal(low), parse_decimal(high))
        if ends[0] != ends[1]:
            is_reversed = _rank(low_label) > _rank(high_label)
            return (ends[1], ends[0]) if is_reversed else ends
    if match := _RANGE.search(folded):
        low_end, high_end = parse_decimal(match[1]), parse_decimal(match[2])
        if low_end != high_end and max(abs(low_end), abs(high_end)) <= 100:
            return low_end, high_end
    if match := _OUT_OF.search(folded):
        best = parse_decimal(match[1])
        if 3 <= best <= 100:
            return (1 if best < 8 else 0), best
    return None


def is_school_grade(name: str) -> bool:
    """Return True for a name of German grades."""
    return not _GRADE_WORDS.isdisjoint(split_words(name))


def _rank(label: str) -> int:
    return bool(_PRAISE.search(label)) - 2 * bool(_BLAME.search(label))


def parse_decimal(text: str) -> float:
    """Return a number whose decimal sign is a point or a comma. Raises ``ValueError``."""
    return float(text.replace(",", "."))
