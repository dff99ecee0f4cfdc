"""Words that show the language of a text, where it has too few letters for the identifier.

Part of the stage that detects the language. Pure.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from pipeline.stages.data_file import DataFile
from schemas.strict_model import StrictModel

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’·][^\W\d_]+)*")
_FOREIGN_LETTER: Final = re.compile(r"[ăąāåæćčďđěęēėğģħīįıķļłľńņňőøřśșşšßťțţůūűųźżžơưạ-ỹþð¿¡]")
"""Letters that English does not borrow, even in most names."""


class _Words(StrictModel):
    words: str


class ShortTextWords(DataFile):
    """The file of words; each value holds words between blanks."""

    packaged: ClassVar[Path] = Path(__file__).parent.parent / "languages" / "short_texts.toml"

    words: dict[str, str]
    shared: _Words
    english: _Words


class Votes(NamedTuple):
    """Number of words of a text that speak for English, and for the best of the other languages."""

    words: int
    english: int
    other: int
    codes: tuple[str, ...]
    """The languages with that many; empty if no word speaks for any."""
    strange: int
    """Words that are in none of the lists."""

    @property
    def is_english(self) -> bool:
        """True if English has votes, and no other language has more."""
        return self.english > 0 and self.english >= self.other


class ShortTexts:
    """Votes of the words, loaded once."""

    def __init__(self, file: ShortTextWords, english_too: frozenset[str]) -> None:
        """``english_too``: English words that other languages may have too."""
        english, shared = set(file.english.words.split()), set(file.shared.words.split())
        self.english: Final = frozenset(english - shared)
        """Words of English alone."""
        codes: dict[str, tuple[str, ...]] = {}
        for code, words in file.words.items():
            for word in set(words.split()) - english - shared:
                if len(word) > 1:
                    codes[word] = (*codes.get(word, ()), code)
        self._codes = codes
        self._listed: frozenset[str] = english_too | english | shared | codes.keys()

    def count(self, lower: str) -> Votes:
        """Return the votes of a text in lower case."""
        words = _WORD.findall(lower if lower.isascii() else lower.replace("’", "'"))
        english = strange = 0
        counts: dict[str, int] = {}
        for word in words:
            if word in self.english:
                english += 1
            elif word not in self._listed:
                strange += 1
            else:
                for code in self._codes.get(word, ()):
                    counts[code] = counts.get(code, 0) + 1
        other = max(counts.values(), default=0)
        codes = tuple(code for code, count in counts.items() if count == other)
        return Votes(len(words), english, other, codes, strange)


def has_foreign_letter(lower: str) -> bool:
    """True if a text in lower case has a letter or mark that English does not borrow."""
    return not lower.isascii() and _FOREIGN_LETTER.search(lower) is not None
