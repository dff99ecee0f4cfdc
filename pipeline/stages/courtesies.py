"""Courtesies and signatures at the end of a text, such as "Thank you." or "Kind regards"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.stages.tokens import DENIED, split_words

_THANKS: Final = frozenset({"thank", "thanks", "thankyou", "thx", "cheers", "ta"})
_OF_THANKS: Final = split_words(
    "thank thanks thankyou thx cheers ta you many so very much for your time in advance "
    "reading listening again all and attention consideration ever kindly this the "
    "opportunity please once to share feedback sincerely ! team dear sir madam"
)
_OF_REGARDS: Final = split_words("kind kindest best warm warmest with yours my all")
_REGARDS: Final = split_words("regards wishes sincerely faithfully truly")
_HOPE: Final = split_words(
    "i we hope hopefully this that these it helps help is was useful helpful comments "
    "feedback you find ! of use to"
)
COURTESY_WORDS: Final = _THANKS | _REGARDS | {"hope"}
"""A text without any of these words ends with no courtesy."""

_MAX_COURTESY: Final = 10
_MAX_NAME: Final = 3
_NOT_BEFORE: Final = split_words(
    "to say a my our no of give and would big huge massive like with many so express "
    "enough i we want sincere heartfelt special just very but with their for"
)
_MIN_WORDS_BEFORE: Final = 1


def set_courtesies_aside(
    tokens: Sequence[str], ends: Sequence[int]
) -> tuple[list[int], list[bool]]:
    """Return the ends of the segments, and which of them are courtesies at the end.

    A courtesy without a mark before it becomes a segment of its own. No flags if there are none,
    or nothing else.
    """
    ends = list(ends)
    cut = _trailing_courtesy(tokens, ends[-2] if len(ends) > 1 else 0)
    last = len(ends)
    if cut is not None:
        ends.insert(-1, cut)
        last = len(ends) - 1
    first = last
    while first > 0 and _is_courtesy(tokens, ends, first - 1, len(ends)):
        first -= 1
    if first == 0 or first == len(ends):
        return (ends, []) if cut is None or first else (ends[:-2] + ends[-1:], [])
    return ends, [place >= first for place in range(len(ends))]


def _is_courtesy(tokens: Sequence[str], ends: Sequence[int], place: int, count: int) -> bool:
    start = ends[place - 1] if place else 0
    words = [token.lstrip(DENIED) for token in tokens[start : ends[place]]]
    if not words or len(words) > _MAX_COURTESY:
        return False
    if _is_thanks(words) or _is_regards(words) or _is_hope(words):
        return True
    # A name that follows the regards.
    if place != count - 1 or place == 0 or len(words) > _MAX_NAME:
        return False
    before = tokens[ends[place - 2] if place > 1 else 0 : start]
    return len(before) <= _MAX_NAME and _is_regards(list(before))


def _is_thanks(words: Sequence[str]) -> bool:
    return not _THANKS.isdisjoint(words[:2]) and _OF_THANKS.issuperset(words)


def _is_regards(words: Sequence[str]) -> bool:
    if words[0] in _REGARDS:
        return len(words) <= 1 + _MAX_NAME
    return (
        words[0] in _OF_REGARDS
        and not _REGARDS.isdisjoint(words[1:3])
        and len(words) <= 3 + _MAX_NAME
    )


def _is_hope(words: Sequence[str]) -> bool:
    return "hope" in words[:2] and _HOPE.issuperset(words)


def _trailing_courtesy(tokens: Sequence[str], start: int) -> int | None:
    """Return where a courtesy begins that no mark parts from the last segment's words."""
    end = len(tokens)
    if end - start <= _MIN_WORDS_BEFORE:
        return None
    last = [token.lstrip(DENIED) for token in tokens[max(start, end - 4) : end]]
    for size in (2, 1, 3, 4):
        words = last[-size:]
        if len(words) == size and (
            (
                size < 3
                and words[0] in _THANKS
                and words in (["thank", "you"], ["thanks"], ["thankyou"])
            )
            or words in (["many", "thanks"], ["kind", "regards"], ["best", "wishes"])
            or words in (["hope", "this", "helps"], ["i", "hope", "this", "helps"])
        ):
            begin = end - size
            if begin - start < _MIN_WORDS_BEFORE or tokens[begin - 1].lstrip(DENIED) in _NOT_BEFORE:
                return None
            return begin
    return None
