"""VADER's scores in linear time, for the stage that scores sentiment.

The four scores of a sentence equal those of vaderSentiment (Hutto and Gilbert, ICWSM 2014), whose
time grows with the square of the words. A comment is cut into sentences and long sentences into
runs of words; its scores are the means of theirs, as VADER's authors advise for longer texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from itertools import islice
from math import sqrt
from typing import Any, Final, NamedTuple

from pipeline.stages._vader_rules import ValenceRules
from pipeline.stages._vader_words import VaderVocabulary, word_bounds

# Both ways begin with one set of characters, to which the engine skips quickly.
_SENTENCE_GAP: Final = re.compile(r"[.!?…\r\n](?:(?<![\r\n])()[\"')\]]*\s+|(?<=[\r\n])\s*)")
_MAY_END: Final = re.compile(r"[.!?…\r\n]")
_RUN: Final = re.compile(r"\S++(?:\s++\S++){0,39}+")  # at most 40 words
_TOKEN: Final = re.compile(r"\S+")
_MAX_SENTENCES: Final = 200
_SURELY_ONE_RUN: Final = 80  # characters: room for 40 words and the spaces between them


class Scores(NamedTuple):
    """Shares of negative, neutral and positive words, 0 to 1, and the compound score, -1 to 1."""

    negative: float
    neutral: float
    positive: float
    compound: float


class WordPart(NamedTuple):
    """A word's part of the score, at half-open character offsets; the parts add up."""

    start: int
    end: int
    valence: float


_NOTHING: Final = Scores(0.0, 0.0, 0.0, 0.0)
_NEUTRAL: Final = Scores(0.0, 1.0, 0.0, 0.0)


class Vader:
    """Scores English texts; loads the lexicons of vaderSentiment when constructed."""

    def __init__(self) -> None:
        library, analyzer = _load_library()
        self.version = f"vader-{version('vaderSentiment')}"
        self._rules = ValenceRules(library)
        self._word = VaderVocabulary(library, analyzer.lexicon).__getitem__
        # VADER reads texts by character, so it does not know emoji of several characters.
        self._descriptions = {
            emoji: f" {text}" for emoji, text in analyzer.emojis.items() if len(emoji) == 1
        }
        self._emoji = frozenset(self._descriptions)

    def score(self, sentence: str) -> Scores:
        """Return the four scores that vaderSentiment computes for the whole string."""
        shown = sentence
        if not (sentence.isascii() or self._emoji.isdisjoint(sentence)):
            shown = "".join(self._describe_emoji(sentence))
        words = list(map(self._word, shown.split()))
        if not words:
            return _NOTHING
        _, valences = self._rules.valences(words)
        if not valences:
            return _NEUTRAL
        return _scores(valences, len(words) - len(valences), _emphasis(shown))

    def score_comment(self, text: str) -> Scores:
        """Return the means of the sentences' scores, to four digits; 0 without words."""
        text = _straighten_apostrophes(text)
        # A mark at the very end ends no sentence that another follows.
        if len(text) <= _SURELY_ONE_RUN and not _MAY_END.search(text, 0, len(text) - 1):
            return self.score(text)
        scores = [self.score(run) for _, run in _runs(text)]
        if len(scores) < 2:
            return scores[0] if scores else _NOTHING
        columns = zip(*scores, strict=True)
        return Scores._make([round(sum(column) / len(scores), 4) for column in columns])

    def parts(self, sentence: str) -> list[WordPart]:
        """Return the words that are not neutral, with the valences that VADER adds up.

        The words of an emoji's description have the emoji's offsets.
        """
        shown, owners = self._expand_emoji(sentence)
        tokens = list(_TOKEN.finditer(shown))
        places, valences = self._rules.valences([self._word(token[0]) for token in tokens])
        parts = []
        for place, valence in zip(places, valences, strict=True):
            first, (start, end) = tokens[place].start(), word_bounds(tokens[place][0])
            # Several characters of a description may come from one emoji.
            parts.append(WordPart(owners[first + start], owners[first + end - 1] + 1, valence))
        return parts

    def parts_comment(self, text: str) -> list[WordPart]:
        """Return the parts of each of a comment's sentences, at offsets of the comment."""
        return [
            WordPart(start + part.start, start + part.end, part.valence)
            for start, run in _runs(_straighten_apostrophes(text))
            for part in self.parts(run)
        ]

    def _expand_emoji(self, sentence: str) -> tuple[str, Sequence[int]]:
        """Return a sentence with its emoji described, and each character's original offset."""
        if sentence.isascii():
            return sentence, range(len(sentence))
        pieces = self._describe_emoji(sentence)
        owners = [place for place, piece in enumerate(pieces) for _ in piece]
        return "".join(pieces), owners

    def _describe_emoji(self, sentence: str) -> list[str]:
        return [self._descriptions.get(character, character) for character in sentence]


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """Yield start and text of each sentence of at most 40 words."""
    return islice(_all_runs(text), _MAX_SENTENCES)


def _all_runs(text: str) -> Iterator[tuple[int, str]]:
    for start, sentence in _sentences(text):
        if len(sentence) > _SURELY_ONE_RUN:
            for run in _RUN.finditer(sentence):
                yield start + run.start(), run[0]
        elif sentence and not sentence.isspace():
            yield start, sentence


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in _SENTENCE_GAP.finditer(text):
        # The group is where a mark ends that stays with its sentence; -1 for a line's end.
        yield start, text[start : max(gap.start(), gap.end(1))]
        start = gap.end()
    yield start, text[start:]


def _scores(valences: list[float], neutral: int, emphasis: float) -> Scores:
    total = float(sum(valences))
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    positive = negative = 0.0
    for valence in valences:
        # A neutral word counts as 1, so that one with a valence counts as that and 1.
        if valence > 0:
            positive += valence + 1
        else:
            negative += valence - 1
    negative = -negative
    if positive > negative:
        positive += emphasis
    elif positive < negative:
        negative += emphasis
    weight = positive + negative + neutral
    return Scores(
        round(negative / weight, 3) if negative else 0.0,
        round(neutral / weight, 3),
        round(positive / weight, 3) if positive else 0.0,
        round(total / sqrt(total * total + 15), 4),
    )


def _emphasis(text: str) -> float:
    cries, questions = text.count("!"), text.count("?")
    emphasis = 0.292 * (cries if cries < 4 else 4)
    if questions > 1:
        emphasis += 0.18 * questions if questions < 4 else 0.96
    return emphasis


@cache
def _load_library() -> tuple[Any, Any]:
    """Return vaderSentiment's module, and its analyzer with the lexicons."""
    # Most commands import this module without scoring anything.
    from vaderSentiment import vaderSentiment

    return vaderSentiment, vaderSentiment.SentimentIntensityAnalyzer()


def load_valences() -> dict[str, float]:
    """Return the valence of each word in VADER's lexicon, from -4 to 4."""
    lexicon = _load_library()[1].lexicon
    return {word: valence for word, valence in lexicon.items() if word[0].isalpha()}


def _straighten_apostrophes(text: str) -> str:
    """VADER knows straight apostrophes only, and phones write typographic ones."""
    return text if text.isascii() else text.replace("’", "'")
