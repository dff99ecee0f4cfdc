"""Time of each stage inside the functions that call it: exclusive, so that the parts add up.

The functions of a stage are wrapped in place while a clock watches, and restored afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "parse": ("pipeline.enrich.enricher:read_feedback",),
    "redact": (
        "pipeline.stages.redact:Redactor.redact",
        "pipeline.stages.redact_fields:FieldRedactor.redact",
    ),
    "language": ("pipeline.stages.detect_language:LanguageDetector.detect_all",),
    "vader": ("pipeline.stages.vader:Vader.score_comment",),
    "model": ("pipeline.stages.text_model:TextModel.read",),
    "urgent": ("pipeline.stages.flag_urgent:UrgencyFlagger.flag",),
    "evidence": ("pipeline.enrich.analyzer:CommentAnalyzer._evidence",),
    "other of the analysis": ("pipeline.enrich.analyzer:CommentAnalyzer.analyze",),
    "record": ("pipeline.enrich.enricher:Enricher.enrich_payloads",),
    "serialise": ("pipeline.enrich.role:to_message",),
    "signal": ("pipeline.enrich.signals:to_signal", "pipeline.enrich.signals:signal_payload"),
    "index document": ("pipeline.index.sink:bulk_operation",),
}
"""Functions of each stage as module and name; the name is where the caller looks it up."""


class StageClock:
    """Adds up the time of each stage, by a clock that costs next to nothing."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._inner = [0.0]
        """Time of the calls within the current one, for each level."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Wrap every stage's functions; raises ``AttributeError`` for one that does not exist."""
        places = [(name, *find_function(path)) for name, paths in STAGES.items() for path in paths]
        originals = [(owner, attribute, vars(owner)[attribute]) for _, owner, attribute in places]
        try:
            for (name, owner, attribute), (_, _, function) in zip(places, originals, strict=True):
                setattr(owner, attribute, self._timed(name, function))
            yield
        finally:
            for owner, attribute, function in originals:
                setattr(owner, attribute, function)

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


def find_function(path: str) -> tuple[Any, str]:
    """Return the module or class that holds a function, and the function's name there."""
    module, _, name = path.partition(":")
    owner: Any = import_module(module)
    *outer, attribute = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, attribute
