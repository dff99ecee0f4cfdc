"""Stage: comments that are urgent, and comments that may be, which wait in a queue to be read.

Phrases are certain; a model and weaker phrases add what is worth reading. Both see the same words,
and misspelt words of the rules are corrected once for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Final, Self

from pipeline.stages._phrases import PhraseWord, Span
from pipeline.stages._plain_places import PlainPlaces
from pipeline.stages._spelling import SpellingCorrector
from pipeline.stages.flag_urgent import (
    UrgencyFindings,
    UrgencyFlagger,
    UrgentFinding,
)
from pipeline.stages.parameters import WordVectors
from pipeline.stages.score_sentiment import SCORED_LANGUAGES
from pipeline.stages.spans import merge_spans
from pipeline.stages.urgency_model import DEFAULT, UrgencyModel
from pipeline.stages.urgency_rules import UrgencyRules
from schemas.feedback import Feedback, Language, Operation

_ROWS: Final = attrgetter("rows")


class UrgencyTriage:
    """Finds in batches of texts what is urgent and what may be; for one thread at a time."""

    def __init__(self, rules: UrgencyRules, model: UrgencyModel | None = None) -> None:
        """Without a model, or with one of other rules, the second level is the rules' hints."""
        self.model = model if model and model.name == rules.name else None
        self._reasons = tuple(rules.reasons)
        vectors = WordVectors.load()
        grammar = rules.grammar
        corrector = SpellingCorrector(
            lambda: grammar.english_words(vectors.place),
            vectors.place.keys() | grammar.word_sets.keys() | set(rules.vocabulary.split()),
        )
        rows = self.model.rows if self.model else None
        doubted = self.model.find_doubted if self.model else None
        self.flagger = UrgencyFlagger(rules, corrector, rows, doubted)
        self.version = self.flagger.version
        if self.model:
            self.version = f"{self.version}+{self.model.version}"

    @classmethod
    def load(cls, rules: UrgencyRules, folder: Path = DEFAULT) -> Self:
        """Use the model of a folder if it was trained for the rules.

        Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``.
        """
        if rules.name != UrgencyRules.packaged.stem:
            return cls(rules)
        return cls(rules, UrgencyModel.load(folder))

    def warm_up(self) -> None:
        """Compute ahead what is otherwise computed lazily; takes two seconds."""
        self.flagger.warm_up()

    def triage(
        self, texts: Sequence[str], readable: Sequence[bool] | None = None
    ) -> list[UrgencyFindings]:
        """Return the findings of each text; a text with certain ones has no others.

        ``readable`` is False for texts in languages that the model does not know.
        """
        words = [self.flagger.split(text) for text in texts]
        can_read = readable or [True] * len(texts)
        findings = [
            self.flagger.find(text, of_text, is_readable=is_readable)
            for text, of_text, is_readable in zip(texts, words, can_read, strict=True)
        ]
        if self.model is not None:
            self._add_sentences(texts, words, findings, can_read)
        return [each._replace(maybe=()) if each.certain else each for each in findings]

    def triage_records(
        self, records: Sequence[Feedback], texts: Sequence[str], languages: Sequence[Language]
    ) -> list[UrgencyFindings]:
        """Return the findings of each record's redacted text; a deleted record has none."""
        kept = [
            "" if record.operation is Operation.DELETE else text
            for record, text in zip(records, texts, strict=True)
        ]
        return self.triage(kept, [language.code in SCORED_LANGUAGES for language in languages])

    def _add_sentences(
        self,
        texts: Sequence[str],
        words: Sequence[Sequence[PhraseWord]],
        findings: list[UrgencyFindings],
        readable: Sequence[bool],
    ) -> None:
        """Add the sentences that the model finds in texts without certain findings."""
        assert self.model is not None  # noqa: S101 - for the type checker
        rows = [
            [*chain.from_iterable(map(_ROWS, of_text))] if can_read and not each.certain else ()
            for each, of_text, can_read in zip(findings, words, readable, strict=True)
        ]
        passages: dict[int, dict[str, list[Span]]] = {}
        places: PlainPlaces | None = None
        for number, first, end, reasons in self.model.find_sentences(rows):
            if number not in passages:
                places = self.flagger.locate(texts[number], words[number])
                passages[number] = {f.reason: list(f.spans) for f in findings[number].maybe}
            assert places is not None  # noqa: S101 - for the type checker
            span = places.span(first, end)
            for reason in reasons:
                passages[number].setdefault(reason, []).append(span)
        for number, of_text in passages.items():
            findings[number] = UrgencyFindings((), self._in_order(of_text))

    def _in_order(self, spans: Mapping[str, Sequence[Span]]) -> tuple[UrgentFinding, ...]:
        return tuple(
            UrgentFinding(reason, merge_spans(spans[reason]))
            for reason in self._reasons
            if reason in spans
        )


def to_fields(
    findings: UrgencyFindings, evidence: dict[str, tuple[Span, ...]]
) -> dict[str, bool | tuple[str, ...]]:
    """Return the fields of an enriched record, and add the passages to its evidence."""
    for level, of_level in (("urgent", findings.certain), ("maybe_urgent", findings.maybe)):
        evidence |= {f"{level}:{finding.reason}": finding.spans for finding in of_level}
    return {
        "urgent": bool(findings.certain),
        "urgent_reasons": tuple(finding.reason for finding in findings.certain),
        "maybe_urgent": bool(findings.maybe),
        "maybe_urgent_reasons": tuple(finding.reason for finding in findings.maybe),
    }
