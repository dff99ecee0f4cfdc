"""VADER's lexicon, looked up once for each spelling of a word.

Part of the stage that scores sentiment: `vader.py` turns a sentence into these words, and
`_vader_rules.py` computes how they change one another. Lexicon, boosters, negations and idioms are
those of the installed vaderSentiment (Hutto and Gilbert, ICWSM 2014).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import punctuation
from typing import Any, Final

_MAX_SPELLINGS: Final = 50_000
_MAX_SPELLING_LENGTH: Final = 40  # characters; longer ones are rarely seen twice
_NOT: Final = "n't"
# Words that the rules name in addition to boosters, negations and idioms: those that change a word
# after them, and those that matter only next to these.
_ACTING: Final = frozenset({"no", "least", "so", "this"})
_ASSISTING: Final = frozenset({"but", "or", "at", "doubt"})


@dataclass(frozen=True, slots=True)
class VaderWord:
    """A word as the rules see it; one that no rule or lexicon names has no `lower`."""

    lower: str = ""
    upper: bool = False
    lexical: bool = False  # the lexicon holds it
    base: float | None = None  # its valence; None if it has none or only boosts others
    boost: float = 0.0
    negates: bool = False
    followers: frozenset[str] = field(default=frozenset())  # the second words of its idioms
    acts: bool = False  # it can change the valence of a word near it
    matters: bool = False  # the sentence is not neutral, or divided, because of it


class VaderVocabulary(dict[str, VaderWord]):
    """Cache from tokens, with the punctuation around them, to words.

    It holds at most 50,000 tokens of at most 40 characters, in memory only, and is emptied when
    full, so that a flood of strange words slows a worker only briefly.
    """

    def __init__(self, source: Any, lexicon: dict[str, float]) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._boosters: dict[str, float] = source.BOOSTER_DICT
        self._negations = frozenset(source.NEGATE)
        self._followers: dict[str, frozenset[str]] = {}
        self._named = {*lexicon, *self._boosters, *self._negations, *_ACTING, *_ASSISTING}
        for phrase in (*source.SPECIAL_CASES, *self._boosters):
            self._learn_phrase(phrase)
        self._made: dict[tuple[str, bool], VaderWord] = {}

    def __missing__(self, token: str) -> VaderWord:
        start, end = word_bounds(token)
        text = token[start:end]
        lower = text.lower()
        # All words that nothing names are alike, so they share one object.
        named = lower if lower in self._named else _NOT if _NOT in lower else ""
        shape = named, text.isupper()
        word = self._made.get(shape)
        if word is None:
            word = self._made[shape] = self._make(*shape)
        if len(token) <= _MAX_SPELLING_LENGTH:
            if len(self) >= _MAX_SPELLINGS:
                self.clear()
            self[token] = word
        return word

    def _make(self, lower: str, upper: bool) -> VaderWord:
        lexical, boost = lower in self._lexicon, self._boosters.get(lower, 0.0)
        base = None if lower in self._boosters else self._lexicon.get(lower)
        negates = lower in self._negations or _NOT in lower
        followers = self._followers.get(lower, frozenset())
        acts = bool(boost or negates or followers or lower in _ACTING)
        matters = base is not None or lower == "but"
        return VaderWord(lower, upper, lexical, base, boost, negates, followers, acts, matters)

    def _learn_phrase(self, phrase: str) -> None:
        words = phrase.split(" ")
        if len(words) > 1:
            self._named.update(words)
            self._followers[words[0]] = self._followers.get(words[0], frozenset()) | {words[1]}


def word_bounds(token: str) -> tuple[int, int]:
    """Return start and end of a token's word, without punctuation unless that is most of it."""
    start = len(token) - len(token.lstrip(punctuation))
    end = len(token.rstrip(punctuation))
    # Little or nothing is left of an emoticon.
    return (start, end) if end - start > 2 else (0, len(token))
