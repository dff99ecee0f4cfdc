"""Hits of a search, and what is marked in them: matches of words, or evidence for filters. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pipeline.search.highlights import (
    Spans,
    evidence_spans,
    match_spans,
    pair_spans,
    value_pattern,
)
from pipeline.stages.spans import merge_spans
from schemas.feedback import Label

TEXT: Final = "message"
TRANSLATION: Final = "feedback.translation.text"


@dataclass(frozen=True, slots=True)
class Hit:
    """A document; the spans are (start, end) offsets to highlight in the text and its translation.

    ``translation`` is empty if the text itself was judged.
    """

    source: dict[str, Any]
    text: str
    spans: Spans = ()
    translation: str = ""
    translation_spans: Spans = ()


class WantedEvidence(NamedTuple):
    """Keys of ``feedback.evidence``, and topics with their sentiment; ``*`` is any characters."""

    keys: tuple[str, ...] = ()
    topic_sentiments: tuple[tuple[str, Label], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.topic_sentiments)


def read_hit(hit: Mapping[str, Any], wanted: WantedEvidence) -> Hit:
    """Return the hit with its wanted evidence, or without wanted evidence the words' matches."""
    source = hit["_source"]
    text, feedback = source.get("message", ""), source.get("feedback", {})
    translation = feedback.get("translation", {}).get("text", "")
    if wanted:
        spans = _find_evidence(feedback, wanted, translation or text)
        if translation:  # evidence is where the model read
            return Hit(source, text, (), translation, spans)
        return Hit(source, text, spans)
    marked: dict[str, list[str]] = {TEXT: [], TRANSLATION: []}
    for field, parts in hit.get("highlight", {}).items():
        marked[TRANSLATION if field.startswith(TRANSLATION) else TEXT].append("".join(parts))
    return Hit(
        source,
        text,
        match_spans(marked[TEXT], text),
        translation,
        match_spans(marked[TRANSLATION], translation),
    )


def _find_evidence(feedback: Mapping[str, Any], wanted: WantedEvidence, text: str) -> Spans:
    """Return the wanted spans of the ``feedback`` part of a document, in the text that was judged.

    A topic without passages, as in an earlier version, is marked by its words, unless its sentiment
    is another one.
    """
    keys = list(wanted.keys)
    spans: list[tuple[int, int]] = []
    for topic, label in wanted.topic_sentiments:
        for name, evidence in _find_topics(feedback, topic, label):
            passages = [*pair_spans(evidence, text)]
            spans += passages
            if not passages:
                keys.append(f"topic:{name}")
    return merge_spans([*spans, *evidence_spans(feedback.get("evidence"), keys, text)])


def _find_topics(
    feedback: Mapping[str, Any], topic: str, label: Label
) -> Iterator[tuple[str, Any]]:
    """Yield the topics with this sentiment, or a pattern of them, and their passages."""
    own = feedback.get("topic_sentiments", ())
    for each in own:
        if each.get("label") == label and value_pattern(topic).fullmatch(each.get("topic", "")):
            yield each["topic"], each.get("evidence")
    # In an earlier version each topic has the comment's.
    if not own and feedback.get("sentiment", {}).get("label", label) == label:
        yield topic, None
