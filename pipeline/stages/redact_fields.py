"""Stage: personal data in what stands beside a text, its question and its attributes."""

from __future__ import annotations

from typing import Any, Final

from pipeline.stages.redact import Redaction, Redactor
from schemas.feedback import Feedback

_QUESTIONS_KEPT: Final = 1_000


class Beside:
    """Redacts question and attributes; remembers questions, which are few and asked again."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._questions: dict[str, Redaction] = {}

    def redact(self, record: Feedback, redactions: dict[str, int]) -> dict[str, Any]:
        """The record's fields without personal data; what was hidden is added to ``redactions``."""
        fields: dict[str, Any] = {}
        if record.question is not None:
            fields["question"] = _counted(self._question(record.question), redactions)
        if record.attributes:
            fields["attributes"] = {
                name: _counted(self._redactor.redact(value), redactions)
                for name, value in record.attributes.items()
            }
        return fields

    def _question(self, question: str) -> Redaction:
        clean = self._questions.get(question)
        if clean is None:
            clean = self._redactor.redact(question)
            if len(self._questions) < _QUESTIONS_KEPT:
                self._questions[question] = clean
        return clean


def _counted(redaction: Redaction, redactions: dict[str, int]) -> str:
    for kind, count in redaction.counts.items():
        redactions[kind] = redactions.get(kind, 0) + count
    return redaction.text
