"""Stage: comments that are urgent, and comments that may be, which wait in a queue to be read.

Phrases are certain; a model and weaker phrases add what is worth reading. Both see the same words,
and misspelt words of the rules are corrected once for both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Final, Self

from pipeline.stages._phrases import PhraseWord, Span
from pipeline.stages._spelling import SpellingCorrector
from pipeline.stages.flag_urgent import UrgencyFindings, UrgencyFlagger, UrgentFinding
from pipeline.stages.parameters import WordVectors
from pipeline.stages.spans import merge_spans
from pipeline.stages.urgency_model import DEFAULT, UrgencyModel, UrgencyParameters, UrgentSentence
from pipeline.stages.urgency_rules import UrgencyRules

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
            vectors.place.keys() | grammar.word_sets.keys() | grammar.spellings.keys()
            | set(rules.vocabulary.split()),
        )
        rows = self.model.rows if self.model else None
        self.flagger = UrgencyFlagger(rules, corrector, rows)
        self.version = self.flagger.version
        if self.model:
            self.version = f"{self.version}+{self.model.version}"

    def warm_up(self) -> None:
        """Compute ahead what is otherwise computed lazily; takes two seconds."""
        self.flagger.warm_up()

    def triage(self, texts: Sequence[str]) -> list[UrgencyFindings]:
        """Return the findings of each text; a text with certain ones has no others."""
        words = [self.flagger.split(text) for text in texts]
        findings = [self.flagger.find(t, w) for t, w in zip(texts, words, strict=True)]
        if self.model is None:
            return [_certain_or_maybe(each) for each in findings]
        rows = [
            () if each.certain else list(chain.from_iterable(word.rows for word in of_text))
            for each, of_text in zip(findings, words, strict=True)
        ]
        sentences: dict[int, list[UrgentSentence]] = defaultdict(list)
        for sentence in self.model.find_sentences(rows):
            sentences[sentence.comment].append(sentence)
        for number, of_text in sentences.items():
            maybe = {finding.reason: list(finding.spans) for finding in findings[number].maybe}
            spots = self.flagger.locate(texts[number])
            for sentence in of_text:
                for reason in sentence.reasons:
                    span = (spots[sentence.first][0], spots[sentence.end - 1][1])
                    maybe.setdefault(reason, []).append(span)
            findings[number] = UrgencyFindings((), self._in_order(maybe))
        return [_certain_or_maybe(each) for each in findings]

    def _in_order(self, spans: Mapping[str, Sequence[Span]]) -> tuple[UrgentFinding, ...]:
        return tuple(
            UrgentFinding(reason, merge_spans(spans[reason]))
            for reason in self._reasons
            if reason in spans
        )


def _certain_or_maybe(findings: UrgencyFindings) -> UrgencyFindings:
    return findings._replace(maybe=()) if findings.certain else findings
