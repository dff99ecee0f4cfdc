"""Stage: redacts a record's question and attributes."""

from __future__ import annotations

from typing import Any, Final

from pipeline.stages.redact import Redaction, Redactor
from schemas.feedback import Feedback

_MAX_CACHED_QUESTIONS: Final = 1_000


class FieldRedactor:
    """Redacts question and attributes; caches questions, which are few and recur."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._questions: dict[str, Redaction] = {}

    def redact(self, record: Feedback, redactions: dict[str, int]) -> dict[str, Any]:
        """Return the redacted fields of a record; counts are added to ``redactions``."""
        fields: dict[str, Any] = {}
        if record.question is not None:
            fields["question"] = _add_counts(self._question(record.question), redactions)
        if record.attributes:
            fields["attributes"] = {
                name: _add_counts(self._redactor.redact(value), redactions)
                for name, value in record.attributes.items()
            }
        return fields

    def _question(self, question: str) -> Redaction:
        clean = self._questions.get(question)
        if clean is None:
            clean = self._redactor.redact(question)
            if len(self._questions) < _MAX_CACHED_QUESTIONS:
                self._questions[question] = clean
        return clean


def _add_counts(redaction: Redaction, redactions: dict[str, int]) -> str:
    for kind, count in redaction.counts.items():
        redactions[kind] = redactions.get(kind, 0) + count
    return redaction.text
