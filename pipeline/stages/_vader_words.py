"""What VADER knows of a word, looked up once for each spelling of it.

Part of the stage that scores sentiment: `vader.py` turns a sentence into these words, and
`_vader_rules.py` says how they change one another. Lexicon, boosters, negations and idioms are
those of the installed vaderSentiment (Hutto and Gilbert, ICWSM 2014).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import punctuation
from typing import Any, Final

_MOST_SPELLINGS: Final = 50_000
_LONGEST_SPELLING: Final = 40  # characters; longer ones are rarely seen twice
_NOT: Final = "n't"
# What the rules name besides boosters, negations and idioms: words that change one after them,
# and words that matter only beside those.
_ACTING: Final = frozenset({"no", "least", "so", "this"})
_ASSISTING: Final = frozenset({"but", "or", "at", "doubt"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the rules see it; one that no rule or lexicon names has no `lower`."""

    lower: str = ""
    upper: bool = False
    lexical: bool = False  # the lexicon holds it
    base: float | None = None  # its valence; None where it has none or only boosts others
    boost: float = 0.0
    negates: bool = False
    followers: frozenset[str] = field(default=frozenset())  # the second words of its idioms
    acts: bool = False  # it can change the valence of a word near it
    tells: bool = False  # the sentence is not neutral, or divided, because of it


class Words(dict[str, Word]):
    """Tokens, with the punctuation around them, to words; learns a token when first asked.

    It holds at most 50,000 tokens of at most 40 characters, in memory only, and starts afresh
    when it is full, so that a flood of strange words slows nobody down for long.
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
        self._made: dict[tuple[str, bool], Word] = {}

    def __missing__(self, token: str) -> Word:
        start, end = bare(token)
        text = token[start:end]
        lower = text.lower()
        # All words that nothing names are alike, so they share one object.
        known = lower if lower in self._named else _NOT if _NOT in lower else ""
        shape = known, text.isupper()
        word = self._made.get(shape)
        if word is None:
            word = self._made[shape] = self._make(*shape)
        if len(token) <= _LONGEST_SPELLING:
            if len(self) >= _MOST_SPELLINGS:
                self.clear()
            self[token] = word
        return word

    def _make(self, lower: str, upper: bool) -> Word:
        lexical, boost = lower in self._lexicon, self._boosters.get(lower, 0.0)
        base = None if lower in self._boosters else self._lexicon.get(lower)
        negates = lower in self._negations or _NOT in lower
        followers = self._followers.get(lower, frozenset())
        acts = bool(boost or negates or followers or lower in _ACTING)
        tells = base is not None or lower == "but"
        return Word(lower, upper, lexical, base, boost, negates, followers, acts, tells)

    def _learn_phrase(self, phrase: str) -> None:
        words = phrase.split(" ")
        if len(words) > 1:
            self._named.update(words)
            self._followers[words[0]] = self._followers.get(words[0], frozenset()) | {words[1]}


def bare(token: str) -> tuple[int, int]:
    """Where the word of a token starts and ends: without punctuation, unless that is most of it."""
    start = len(token) - len(token.lstrip(punctuation))
    end = len(token.rstrip(punctuation))
    # What is left of an emoticon is short or nothing.
    return (start, end) if end - start > 2 else (0, len(token))
