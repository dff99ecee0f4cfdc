"""Places of plain words in the text that they were read from. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, islice
from operator import attrgetter
from typing import Final

from pipeline.stages._phrases import PhraseWord, Span, tokens

_RAW: Final = re.compile(r"\S+")
_PLAIN: Final = attrgetter("plain")


class PlainPlaces:
    """Places of the plain words of a text, by their numbers."""

    def __init__(
        self, text: str, words: Sequence[PhraseWord], spell: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._text = text
        self._starts = [match.start() for match in _RAW.finditer(text)]
        self._spell = spell
        self.counts = list(accumulate(map(len, map(_PLAIN, words)), initial=0))
        """Numbers of plain words before each word; and of all."""

    def span(self, first: int, end: int) -> Span:
        """Return the characters from the first plain word to the last before ``end``."""
        return self._locate(first)[0], self._locate(end - 1)[1]

    def _locate(self, number: int) -> Span:
        place = bisect_right(self.counts, number) - 1
        start = self._starts[place]
        raw = _RAW.match(self._text, start)[0]  # type: ignore[index]
        within = number - self.counts[place]
        # The first token is the same whatever its spelling.
        spelt = tokens(raw, self._spell if within else _as_is)
        inner = next(islice(spelt, within, None))[1]
        return start + inner[0], start + inner[1]


def _as_is(word: str) -> tuple[str]:
    return (word,)
