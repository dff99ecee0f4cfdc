"""Correction of misspelt words against a list of words. Pure.

A word is compared only with those from which it differs by few letters: each word of the list is
indexed by what is left of it without one or two of its letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from functools import cached_property
from itertools import combinations
from typing import Final

MIN_LETTERS: Final = 4
"""Shorter words differ from too many others by one letter."""

MIN_LETTERS_FOR_TWO: Final = 6
"""Words from this length on may differ by two letters, of which none is the first."""

MAX_LETTERS: Final = 20
"""Longer words are not corrected, which bounds the time for each."""

_ENDINGS: Final = (
    "s", "es", "d", "ed", "ing", "r", "er", "ers", "rs", "ly", "ally", "ness", "able", "ful",
    "less", "ment", "ments", "ity", "y", "ish", "al", "ic", "ive", "or", "ors", "ist", "ists",
    "ion", "ions", "ation", "ations", "isation", "ise", "ised", "ises", "ising", "isations",
)  # fmt: skip
_BEGINNINGS: Final = ("un", "re", "over", "under", "pre", "non", "dis", "mis", "out", "in", "im")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_MIN_STEM: Final = 3


class _Index:
    """Words by what is left of them without a letter, and without two."""

    def __init__(self, words: Iterable[str]) -> None:
        self.ranks = {
            word: rank
            for rank, word in enumerate(dict.fromkeys(words))
            if MIN_LETTERS - 1 <= len(word) <= MAX_LETTERS and word.isalpha()
        }
        self.one: dict[str, list[str]] = defaultdict(list)
        self.two: dict[str, list[str]] = defaultdict(list)
        for word in self.ranks:
            for rest in _without_one(word):
                self.one[rest].append(word)
            if len(word) >= MIN_LETTERS_FOR_TWO - 2:
                for rest in _without_two(word):
                    self.two[rest].append(word)


class SpellingCorrector:
    """Finds the word of a list that a misspelt word most likely stands for."""

    def __init__(self, words: Callable[[], Iterable[str]], vocabulary: Container[str]) -> None:
        """Take a list, the most likely words first, which decides between words equally near.

        It is indexed once a word needs it. Words of ``vocabulary``, and those derived from them,
        are spelt right.
        """
        self._words = words
        self._vocabulary = vocabulary

    @cached_property
    def _index(self) -> _Index:
        return _Index(self._words())

    def correct(self, word: str, *, is_name: bool = False) -> str | None:
        """Return the nearest word, or None. What may be a name differs by one letter at most.

        An edit leaves out, adds or replaces a letter, or swaps two neighbours.
        """
        if not MIN_LETTERS <= len(word) <= MAX_LETTERS or not word.isalpha():
            return None
        if self.is_known(word):
            return None
        index = self._index
        near = {other for rest in _without_one(word) for other in index.one.get(rest, ())}
        ranked = [
            (word[0] != other[0], index.ranks[other], other)
            for other in near
            if count_edits(word, other) == 1
        ]
        is_long = len(word) >= MIN_LETTERS_FOR_TWO
        if not ranked and not is_name and is_long and not self._is_nearly_known(word):
            near = {other for rest in _without_two(word) for other in index.two.get(rest, ())}
            ranked = [
                (word[-1] != other[-1], index.ranks[other], other)
                for other in near
                if count_edits(word, other) == 2
            ]
        return min(ranked)[-1] if ranked else None

    def _is_nearly_known(self, word: str) -> bool:
        """Return True if one edit makes it a word of the vocabulary, as the list is not all."""
        for place in range(len(word) + 1):
            head, tail = word[:place], word[place:]
            others = [head + tail[1:], head + tail[1:2] + tail[:1] + tail[2:]]
            others += [head + letter + tail for letter in _LETTERS]
            others += [head + letter + tail[1:] for letter in _LETTERS]
            if any(other in self._vocabulary for other in others):
                return True
        return False

    def is_known(self, word: str) -> bool:
        """Return True if the word is in the vocabulary, or derived from one that is."""
        if word in self._vocabulary:
            return True
        for beginning in _BEGINNINGS:
            rest = word.removeprefix(beginning)
            if rest != word and len(rest) > _MIN_STEM and rest in self._vocabulary:
                return True
        return any(
            stem in self._vocabulary
            or stem + "e" in self._vocabulary
            or _undouble(stem) in self._vocabulary
            for ending in _ENDINGS
            if word.endswith(ending) and len(stem := word[: -len(ending)]) >= _MIN_STEM
        )


def count_edits(word: str, other: str) -> int:
    """Return the edits that turn a word into another, neighbours being swapped at most once."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(word):
        before, last, row = row, before, [place + 1]
        for column, target in enumerate(other):
            edits = min(before[column + 1] + 1, row[-1] + 1, before[column] + (letter != target))
            if place and column and letter == other[column - 1] and target == word[place - 1]:
                edits = min(edits, last[column - 1] + 1)
            row.append(edits)
    return row[-1]


def _undouble(stem: str) -> str:
    """Return "stop" for "stopp", as it stands in "stopped"; and "carry" for "carri"."""
    if stem[-1] == stem[-2]:
        return stem[:-1]
    return stem[:-1] + "y" if stem[-1] == "i" else stem


def _without_one(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _without_two(word: str) -> set[str]:
    """Leave out up to two letters after the first."""
    rests = {word, *(word[:place] + word[place + 1 :] for place in range(1, len(word)))}
    for first, second in combinations(range(1, len(word)), 2):
        rests.add(word[:first] + word[first + 1 : second] + word[second + 1 :])
    return rests
