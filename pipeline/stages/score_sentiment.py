"""Stage: VADER's scores of a comment, sentence by sentence and bounded.

VADER's time grows with the square of the words it is given, so a text is cut into sentences and
long sentences into runs of words; a comment's scores are the means of its sentences' scores, as
VADER's authors advise for longer texts (Hutto and Gilbert, ICWSM 2014, and the library's notes).
VADER knows English only; other languages are not scored, which the label says.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any, Final

from schemas.feedback import Label, Language, Sentiment

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|[\r\n]+")
_MOST_WORDS: Final = 40
_MOST_SENTENCES: Final = 200
_THRESHOLD: Final = 0.05  # the authors' own, on the compound score
_SCORED_LANGUAGES: Final = frozenset({"en", "und"})


def split_sentences(text: str) -> list[str]:
    """Cut a text into at most 200 sentences of at most 40 words; the rest is not scored."""
    sentences: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        sentences.extend(
            " ".join(words[start : start + _MOST_WORDS])
            for start in range(0, len(words), _MOST_WORDS)
        )
        if len(sentences) >= _MOST_SENTENCES:
            break
    return sentences[:_MOST_SENTENCES]


class SentimentScorer:
    """Scores texts with VADER; loads its lexicon when built."""

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self._analyzer: Any = SentimentIntensityAnalyzer()
        self.version = f"vader-{version('vaderSentiment')}-sentences"
        self._not_scored = Sentiment(label=Label.NOT_SCORED, method=self.version)

    def score(self, text: str, language: Language) -> Sentiment:
        """The scores of a text and the label at the authors' thresholds of ±0.05."""
        if language.code not in _SCORED_LANGUAGES:
            return self._not_scored
        sentences = split_sentences(text)
        if not sentences:
            return self._not_scored
        scores = [self._analyzer.polarity_scores(sentence) for sentence in sentences]
        compound = _mean(scores, "compound")
        return Sentiment.trusted(
            {
                "label": label_of(compound),
                "method": self.version,
                "compound": compound,
                "positive": _mean(scores, "pos"),
                "neutral": _mean(scores, "neu"),
                "negative": _mean(scores, "neg"),
            }
        )


def label_of(compound: float) -> Label:
    """Three levels of a compound score."""
    if compound >= _THRESHOLD:
        return Label.POSITIVE
    if compound <= -_THRESHOLD:
        return Label.NEGATIVE
    return Label.NEUTRAL


def _mean(scores: list[dict[str, float]], name: str) -> float:
    if len(scores) == 1:
        return scores[0][name]
    return round(sum(score[name] for score in scores) / len(scores), 4)
