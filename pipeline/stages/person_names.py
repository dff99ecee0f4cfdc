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
        # An optional extra that takes seconds to import.
        try:
            from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
            from presidio_analyzer.nlp_engine import SpacyNlpEngine
            from presidio_analyzer.predefined_recognizers import SpacyRecognizer
            from spacy.util import is_package
        except ImportError as error:
            raise NamesNotInstalled(
                "hiding names needs the extra: pip install 'feedback-pipeline[ner]' "
                "and a spaCy model"
            ) from error
        # Presidio would download a model that is not here.
        if not is_package(str(model)) and not Path(model).is_dir():
            raise NameModelMissing(f"loading the spaCy model {model}: it is not installed")
        # Its other recognizers do what the patterns do, and one fetches a list from the web.
        registry = RecognizerRegistry(
            recognizers=[
                SpacyRecognizer(supported_language=language, supported_entities=[_PERSON])
            ],
            supported_languages=[language],
        )
        engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": str(model)}])
        self._language = language
        self._analyzer: Any = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[language]
        )

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return starts and ends of names, in order."""
        entities = self._analyzer.analyze(text, language=self._language, entities=[_PERSON])
        return sorted((result.start, result.end) for result in entities)
