"""Loads the stages by the settings."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.data_files import load_taxonomy, name_setting, translate_load_errors
from pipeline.enrich.scorer import ScoringAnalyzer, load_scorer
from pipeline.settings import Settings
from pipeline.stages.person_names import PresidioNames
from pipeline.stages.redact import Redactor
from pipeline.stages.text_model import load_text_model
from pipeline.stages.urgency_rules import UrgencyRules


def load_analyzer(settings: Settings, options: Collection[str] = ()) -> CommentAnalyzer:
    """Load the stages by the settings.

    ``options`` are names of settings that were given as options of the command. Raises
    :class:`~pipeline.errors.CommandError` with a message that names setting and file.
    """
    taxonomy = load_taxonomy(settings, options)
    with translate_load_errors(name_setting("model", options)):
        model = load_text_model(settings.model, taxonomy.name, taxonomy.groups())
    with translate_load_errors(name_setting("urgency")):
        urgency = UrgencyRules.load(settings.urgency)
    redactor = load_redactor(settings)
    weak = settings.weak_topics
    if settings.scorer is None:
        return CommentAnalyzer(taxonomy, urgency, redactor, model, weak_topics=weak)
    with translate_load_errors(name_setting("scorer", options)):
        scorer = load_scorer(settings.scorer)
    return ScoringAnalyzer(taxonomy, urgency, redactor, model, scorer, weak_topics=weak)


def load_redactor(settings: Settings) -> Redactor:
    """Build the redactor by the settings; raises ``CommandError``."""
    regions = [region.strip().upper() for region in settings.phone_regions.split(",")]
    names = None
    if settings.redact_names is not None:
        with translate_load_errors(name_setting("redact_names")):
            names = PresidioNames(settings.redact_names)
    with translate_load_errors(name_setting("phone_regions")):
        return Redactor(regions=[region for region in regions if region], names=names)
