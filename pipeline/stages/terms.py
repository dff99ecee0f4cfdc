"""Words and phrases that point to groups, found word by word in linear time.

A term is a word or a phrase in any case; a trailing ``*`` on a word matches any ending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.stages.tokens import lowercase

_MAX_CACHED: Final = 50_000
_TERM_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*\*?")


class Phrase(NamedTuple):
    """The remaining words of a phrase after its first two, and its group."""

    rest: tuple[str, ...]
    group: str


class Terms:
    """Terms by group, looked up by a word or by the first two words of a phrase."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._single = _ByWord()
        self._heads = _ByWord()
        self._tails: list[tuple[tuple[str, ...], str]] = []
        self._tails_by_head: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for group, terms in groups.items():
            for term in terms:
                words = term_words(term)
                if len(words) == 1:
                    self._single.add(words[0], group)
                elif words:
                    self._heads.add(words[0], str(len(self._tails)))
                    self._tails.append((tuple(words[1:]), group))

    def groups_for_word(self, word: str) -> list[str]:
        """Return the groups that the word alone points to."""
        return self._single.find(word)

    def phrases_for_pair(self, first: str, second: str) -> list[Phrase]:
        """Return the phrases that begin with the two words."""
        tails = self._tails_by_head.get(first)
        if tails is None:
            tails = [self._tails[int(number)] for number in self._heads.find(first)]
            if len(self._tails_by_head) < _MAX_CACHED:
                self._tails_by_head[first] = tails
        return [
            Phrase(tuple(rest), group)
            for (expected, *rest), group in tails
            if matches(second, expected)
        ]


class _ByWord:
    """Values by word or by its stem."""

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
        values = list(self._exact.get(word, ()))
        for end in range(1, min(len(word), self._longest_stem) + 1):
            values.extend(self._stems.get(word[:end], ()))
        return values


def term_words(term: str) -> list[str]:
    """Return the words of a term, with their stars."""
    return _TERM_WORD.findall(lowercase(term))


def matches(word: str, expected: str) -> bool:
    """True if a word is the expected one, or has the prefix before its ``*``."""
    return word.startswith(expected[:-1]) if expected.endswith("*") else word == expected


def follows(tokens: Sequence[str], position: int, rest: Sequence[str]) -> bool:
    """True if the words at ``position`` match ``rest``."""
    if position + len(rest) > len(tokens):
        return False
    return all(map(matches, tokens[position : position + len(rest)], rest))
