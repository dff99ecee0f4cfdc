"""Words and phrases that point to something, found word by word in linear time.

A term is a word or a phrase in any case; a trailing ``*`` on a word takes every ending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.stages.tokens import lowered

_MOST_REMEMBERED: Final = 50_000
_TERM_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*\*?")


class Phrase(NamedTuple):
    """What follows the first two words of a longer phrase, and what the phrase points to."""

    rest: tuple[str, ...]
    group: str


class Terms:
    """Terms by group: which groups a word or the beginning of a phrase points to."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._single = _ByWord()
        self._heads = _ByWord()
        self._tails: list[tuple[tuple[str, ...], str]] = []
        self._heads_of: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for group, terms in groups.items():
            for term in terms:
                words = term_words(term)
                if len(words) == 1:
                    self._single.add(words[0], group)
                elif words:
                    self._heads.add(words[0], str(len(self._tails)))
                    self._tails.append((tuple(words[1:]), group))

    def of_word(self, word: str) -> list[str]:
        """Groups that the word alone points to."""
        return self._single.find(word)

    def of_pair(self, first: str, second: str) -> list[Phrase]:
        """What the two words point to, together or with those that would have to follow."""
        tails = self._heads_of.get(first)
        if tails is None:
            tails = [self._tails[int(number)] for number in self._heads.find(first)]
            if len(self._heads_of) < _MOST_REMEMBERED:
                self._heads_of[first] = tails
        return [
            Phrase(tuple(rest), group)
            for (expected, *rest), group in tails
            if matches(second, expected)
        ]


class _ByWord:
    """What stands under a word or under a stem of it."""

    def __init__(self) -> None:
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._stems: dict[str, list[str]] = defaultdict(list)
        self._longest_stem = 0

    def add(self, word: str, value: str) -> None:
        if word.endswith("*"):
            self._stems[word[:-1]].append(value)
            self._longest_stem = max(self._longest_stem, len(word) - 1)
        else:
            self._exact[word].append(value)

    def find(self, word: str) -> list[str]:
        found = list(self._exact.get(word, ()))
        for end in range(1, min(len(word), self._longest_stem) + 1):
            found.extend(self._stems.get(word[:end], ()))
        return found


def term_words(term: str) -> list[str]:
    """The words of a term, stars kept."""
    return _TERM_WORD.findall(lowered(term))


def matches(word: str, expected: str) -> bool:
    """Whether a word is the expected one, or begins with it where that ends in ``*``."""
    return word.startswith(expected[:-1]) if expected.endswith("*") else word == expected


def follows(tokens: Sequence[str], position: int, rest: Sequence[str]) -> bool:
    """Whether the words at ``position`` are those of ``rest``."""
    if position + len(rest) > len(tokens):
        return False
    return all(map(matches, tokens[position : position + len(rest)], rest))
