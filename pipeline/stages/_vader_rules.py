"""VADER's rules: how neighbours change a word's valence (Hutto and Gilbert, ICWSM 2014).

Part of the stage that scores sentiment. A word's part depends on three words before it and two
after it, and on the position of the first "but", so that a sentence takes time in proportion to
its words. The results are those of vaderSentiment to the last bit: the order of the operations
matters.
"""

from __future__ import annotations

from heapq import heappush, heappushpop
from typing import Any, Final

from pipeline.stages._vader_words import VaderWord

_BEFORE: Final = (VaderWord(lexical=True),) * 3  # no rule looks past a word of the lexicon
_AFTER: Final = (VaderWord(),) * 2
_EMPHATIC: Final = frozenset({"so", "this"})
_MILD: Final = frozenset({"at", "very"})
_ALTERNATIVES: Final = frozenset({"or", "nor"})


class ValenceRules:
    """Computes the valences of a sentence's words."""

    def __init__(self, source: Any) -> None:
        self._negation: float = source.N_SCALAR
        self._shout: float = source.C_INCR
        self._idioms: dict[str, float] = source.SPECIAL_CASES
        self._boosters: dict[str, float] = source.BOOSTER_DICT

    def valences(self, words: list[VaderWord]) -> tuple[list[int], list[float]]:
        """Return the positions of the words that are not neutral, in order, and their valences."""
        places: list[int] = []
        valences: list[float] = []
        marked = [place for place, word in enumerate(words) if word.matters]
        if not marked:
            return places, valences
        around = [*_BEFORE, *words, *_AFTER]
        but = contrast = None
        for place in marked:
            three, two, one, word, following, last = around[place : place + 6]
            if word.base is None:
                but = place if but is None else but
                continue
            valence = word.base
            # Most words have no neighbour that changes them.
            if one.acts or two.acts or three.acts or word.acts or word.upper:
                if contrast is None:
                    contrast = _has_contrast(words)
                valence = self._valence((three, two, one), word, (following, last), contrast)
            if valence:
                places.append(place)
                valences.append(valence)
        if but is not None:
            _weigh_contrast(places, valences, but)
        return places, valences

    def _valence(
        self,
        before: tuple[VaderWord, VaderWord, VaderWord],
        word: VaderWord,
        after: tuple[VaderWord, VaderWord],
        contrast: bool,
    ) -> float:
        three, two, one = before
        if word.lower == "kind" and after[0].lower == "of":
            return 0.0
        valence = self._emphasize(self._after_no(before, word, after[0]), word, contrast)
        if not one.lexical:
            valence += self._boost(one, valence, contrast)
            if one.negates:
                valence *= self._negation
        # Boosters count less with distance.
        if not two.lexical:
            valence += self._boost(two, valence, contrast) * 0.95
            valence *= self._second_negation(two, one)
        if not three.lexical:
            valence += self._boost(three, valence, contrast) * 0.9
            valence *= self._third_negation(three, two, one)
            valence = self._idiom(valence, before, word, after)
        if one.lower == "least" and not one.lexical and two.lower not in _MILD:
            valence *= self._negation
        return valence

    def _emphasize(self, valence: float, word: VaderWord, contrast: bool) -> float:
        if contrast and word.upper:
            return valence + self._shout if valence > 0 else valence - self._shout
        return valence

    def _after_no(
        self, before: tuple[VaderWord, VaderWord, VaderWord], word: VaderWord, following: VaderWord
    ) -> float:
        three, two, one = before
        base = word.base or 0.0
        if "no" in (one.lower, two.lower) or (three.lower == "no" and one.lower in _ALTERNATIVES):
            return base * self._negation
        return 0.0 if word.lower == "no" and following.lexical else base

    def _boost(self, booster: VaderWord, valence: float, contrast: bool) -> float:
        boost = booster.boost
        if not boost:
            return boost
        if valence < 0:
            boost = -boost
        if contrast and booster.upper:
            return boost + self._shout if valence > 0 else boost - self._shout
        return boost

    def _second_negation(self, two: VaderWord, one: VaderWord) -> float:
        if not two.negates:
            return 1
        if two.lower == "never" and one.lower in _EMPHATIC:
            return 1.25
        if two.lower == "without" and one.lower == "doubt":
            return 1
        return self._negation

    def _third_negation(self, three: VaderWord, two: VaderWord, one: VaderWord) -> float:
        # Here "so" or "this" alone is enough, with no "never" before it: the original's precedence.
        if one.lower in _EMPHATIC or (three.lower == "never" and two.lower in _EMPHATIC):
            return 1.25
        if not three.negates or (three.lower == "without" and "doubt" in (two.lower, one.lower)):
            return 1
        return self._negation

    def _idiom(
        self,
        valence: float,
        before: tuple[VaderWord, VaderWord, VaderWord],
        word: VaderWord,
        after: tuple[VaderWord, VaderWord],
    ) -> float:
        three, two, one = before
        if not (
            two.lower in three.followers
            or one.lower in two.followers
            or word.lower in one.followers
            or after[0].lower in word.followers
        ):
            return valence
        return self._apply_idiom([near.lower for near in (*before, word, *after)], valence)

    def _apply_idiom(self, around: list[str], valence: float) -> float:
        three, two, one, word, following, last = around
        near = f"{three} {two} {one}", f"{three} {two}", f"{two} {one}"
        idioms = self._idioms
        # The nearest idiom counts; one that starts at the word itself counts more.
        for idiom in (f"{one} {word}", f"{two} {one} {word}", near[2], near[0], near[1]):
            if idiom in idioms:
                valence = idioms[idiom]
                break
        for idiom in (f"{word} {following}", f"{word} {following} {last}"):
            valence = idioms.get(idiom, valence)
        for phrase in near:
            valence += self._boosters.get(phrase, 0)
        return valence


def _has_contrast(words: list[VaderWord]) -> bool:
    """True if some words, not all, are in upper case."""
    return len({word.upper for word in words}) == 2


def _weigh_contrast(places: list[int], valences: list[float], but: int) -> None:
    """Halve valences before "but" and stress those after it, exactly as VADER does.

    For each valence in turn VADER changes not that item but the first one equal to it, which may
    have been changed before and is then changed again. A heap per value, of the items that have it
    by now, gives the first one without a search.
    """
    holders: dict[float, list[int]] = {}
    for item, valence in enumerate(valences):
        first = heappushpop(holders.get(valence, []), item)
        weighed = valence * (0.5 if places[first] < but else 1.5)
        valences[first] = weighed
        heappush(holders.setdefault(weighed, []), first)
