"""Presidio's analyzer for names alone; importing it needs the extra ``ner`` and takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer
from spacy.util import is_package

PERSON: Final = "PERSON"


def is_installed(model: str | Path) -> bool:
    """Return True if the spaCy model is a package or a folder: Presidio would download another."""
    return is_package(str(model)) or Path(model).is_dir()


def build_analyzer(model: str | Path, language: str) -> AnalyzerEngine:
    """Return an analyzer that finds ``PERSON`` in texts of one language."""
    # Its other recognizers do what the patterns do, and one fetches a list from the web.
    registry = RecognizerRegistry(
        recognizers=[SpacyRecognizer(supported_language=language, supported_entities=[PERSON])],
        supported_languages=[language],
    )
    engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": str(model)}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])
