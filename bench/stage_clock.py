"""Time of each stage inside the functions that call it: exclusive, so that the parts add up.

The functions of a stage are wrapped in place while a clock watches, and restored afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pipeline.enrich import enricher, role, signals
from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.model_findings import ModelFinder
from pipeline.index import sink
from pipeline.stages.detect_language import LanguageDetector
from pipeline.stages.redact import Redactor
from pipeline.stages.redact_fields import FieldRedactor
from pipeline.stages.text_model import TextModel
from pipeline.stages.triage_urgent import UrgencyTriage
from pipeline.stages.vader import Vader

Place = tuple[Any, str]
"""The module or class where callers look up a function, and the function's name there."""

STAGES: Final[dict[str, tuple[Place, ...]]] = {
    "parse": ((enricher, "read_feedback"),),
    "redact": ((Redactor, "redact"), (FieldRedactor, "redact")),
    "language": ((LanguageDetector, "detect_all"),),
    "vader": ((Vader, "score_comment"),),
    "model": ((TextModel, "read"),),
    "urgent": ((UrgencyTriage, "triage_records"),),
    "evidence": ((ModelFinder, "_evidence"),),
    "other of the analysis": ((CommentAnalyzer, "analyze"),),
    "record": ((enricher.Enricher, "enrich_payloads"),),
    "serialise": ((role, "to_message"),),
    "signal": ((signals, "to_signal"), (signals, "signal_payload")),
    "index document": ((sink, "bulk_operation"),),
}
"""Functions of each stage."""


class StageClock:
    """Adds up the time of each stage, by a clock that costs next to nothing."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._inner = [0.0]
        """Time of the calls within the current one, for each level."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Wrap every stage's functions; raises ``KeyError`` for one that does not exist."""
        functions = [
            (stage, owner, name, vars(owner)[name])
            for stage, places in STAGES.items()
            for owner, name in places
        ]
        try:
            for stage, owner, name, function in functions:
                setattr(owner, name, self._timed(stage, function))
            yield
        finally:
            for _, owner, name, function in functions:
                setattr(owner, name, function)

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                took = time.perf_counter() - began
                self.seconds[name] += took - self._inner.pop()
                self._inner[-1] += took

        return call
