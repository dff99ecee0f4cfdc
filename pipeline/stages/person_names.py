"""Names of people, which need a model: an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

_PERSON: Final = "PERSON"


class NameFinder(Protocol):
    """Finds the names of people in a text."""

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return starts and ends of names."""
        ...


class NamesNotInstalled(ImportError):
    """The extra that finds names is not installed."""


class NameModelMissing(OSError):
    """The spaCy model is not installed, or its path does not exist."""


class PresidioNames:
    """Names by Presidio's analyzer on an installed spaCy model.

    ``model`` is an installed spaCy package or the folder of a model whose named entities include
    ``PERSON`` or ``PER``; nothing is downloaded. Raises :class:`NamesNotInstalled` or
    :class:`NameModelMissing`.
    """

    def __init__(self, model: str | Path, *, language: str = "en") -> None:
        try:  # an optional extra that takes seconds to import
            from pipeline.stages import _presidio
        except ImportError as error:
            raise NamesNotInstalled(
                "hiding names needs the extra: pip install 'feedback-pipeline[ner]' "
                "and a spaCy model"
            ) from error
        if not _presidio.is_installed(model):
            raise NameModelMissing(f"loading the spaCy model {model}: it is not installed")
        self._language = language
        self._analyzer: Any = _presidio.build_analyzer(model, language)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return starts and ends of names, in order."""
        entities = self._analyzer.analyze(text, language=self._language, entities=[_PERSON])
        return sorted((result.start, result.end) for result in entities)
