"""Labelled comments of several origins: those of the file, copies, other corpora, and phrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.batch import Comment
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import hash_respondent
from pipeline.stages.questions import QuestionKind
from pipeline.stages.score_sentiment import LEVELS
from pipeline.stages.sentences import Reading, read_sentences
from pipeline.stages.vader import Vader
from pipeline.training.corpora import Corpus
from pipeline.training.examples import Examples, build_comment, without_hints
from pipeline.training.fit import assign_folds
from pipeline.training.labelled_text import LabelledText

FOLDS: Final = 5
_COPY_WEIGHT: Final = 0.1
_PHRASE_WEIGHT: Final = 0.3
_TEXT_WEIGHTS: Final = (0.25, 0.15)
"""Of texts of other corpora, and of those in corpora with more than :data:`_MANY` texts."""
_MANY: Final = 4_500
_ANSWER_WEIGHTS: Final = (0.4, 0.1)
"""Of answers that were written to learn from: with topics, after the readers' conventions, and
without."""
_SENTENCE_WEIGHT: Final = 2.0


@dataclass(frozen=True)
class Comments:
    """Labelled comments of several origins, in this order of ``weights``."""

    comments: Sequence[Comment]
    levels: NDArray[Any]
    people: NDArray[Any]
    weights: NDArray[Any]
    folds: NDArray[Any]
    by_segment: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """The levels of the segments of comments, by number, whose pieces have levels of their own."""
    topics: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The topics of comments of corpora, by number, where they are labelled."""

    def __add__(self, other: Comments) -> Comments:
        """Return both, one after the other."""
        arrays = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("levels", "people", "weights", "folds")
        }
        count = len(self)
        return Comments(
            comments=[*self.comments, *other.comments],
            **arrays,
            by_segment={
                **self.by_segment,
                **{count + number: levels for number, levels in other.by_segment.items()},
            },
            topics={
                **self.topics,
                **{count + number: topics for number, topics in other.topics.items()},
            },
        )

    def __len__(self) -> int:
        return len(self.comments)


def build_originals(examples: Examples, seed: int) -> Comments:
    """Return the labelled comments of the file, each with its fold."""
    return Comments(
        examples.comments,
        examples.levels,
        examples.people,
        np.ones(len(examples)),
        assign_folds(examples.people, FOLDS, seed),
    )


def build_copies(originals: Comments, seed: int) -> Comments:
    """Return copies without the question, half of them without rating: they resemble reviews."""
    rated = np.random.default_rng(seed).random(len(originals)) < 0.5
    copies = [
        without_hints(comment, rating=bool(keep))
        for comment, keep in zip(originals.comments, rated, strict=True)
    ]
    weights = np.full(len(originals), _COPY_WEIGHT)
    return replace(originals, comments=copies, weights=weights)


def build_stories(originals: Comments) -> Comments:
    """Return the comments as texts alone, without question and rating."""
    return replace(
        originals, comments=[without_hints(comment, rating=False) for comment in originals.comments]
    )


def build_answers(corpus: Corpus, seed: int) -> Comments:
    """Return a corpus's answers with their questions; a survey's weigh in full."""
    texts = [corpus.texts[place] for place in corpus.answers()]
    weights = [
        1.0 if not corpus.is_written else _ANSWER_WEIGHTS[text.topics is None] for text in texts
    ]
    return _build(texts, weights, seed, asked=True)


def build_texts(corpus: Corpus, seed: int) -> Comments:
    """Return a corpus's texts without their questions."""
    weight = _TEXT_WEIGHTS[len(corpus.texts) > _MANY]
    if corpus.is_written or corpus.is_survey:
        weight = 1.0
    return _build(corpus.texts, [weight] * len(corpus.texts), seed, asked=False)


def _build(
    texts: Sequence[LabelledText], weights: Sequence[float], seed: int, *, asked: bool
) -> Comments:
    people = np.array([hash_respondent(text.person) for text in texts], dtype=np.uint64)
    vader = Vader()
    comments = [build_comment(t.text, t.question if asked else None, 0, vader) for t in texts]
    return Comments(
        comments,
        np.array([text.level for text in texts], dtype=int),
        people,
        np.array(weights),
        assign_folds(people, FOLDS, seed),
        {
            number: levels_by_segment(comment.reading, text.pieces)
            for number, (comment, text) in enumerate(zip(comments, texts, strict=True))
            if text.pieces
        },
        {number: text.topics for number, text in enumerate(texts) if text.topics is not None},
    )


def levels_by_segment(reading: Reading, pieces: Sequence[tuple[str, int]]) -> list[int]:
    """Return the level of each segment: that of the piece that most of its words are of."""
    levels = [level for text, level in pieces for _ in read_sentences(text).tokens]
    levels += [pieces[-1][1]] * (len(reading.tokens) - len(levels))
    return [
        Counter(levels[begin:end] or [pieces[0][1]]).most_common(1)[0][0]
        for begin, end in pairwise((0, *reading.ends))
    ]


def build_phrases(lexicon: Lexicon, *, asked: bool) -> Comments:
    """Return the lexicon's phrases and sentences; phrases also in answer to why, if ``asked``."""
    vader = Vader()
    kinds = (QuestionKind.NONE, QuestionKind.WHY) if asked else (QuestionKind.NONE,)
    rows = [(t, level, kind, _PHRASE_WEIGHT) for t, level in lexicon.examples() for kind in kinds]
    sentence_weight = _PHRASE_WEIGHT if asked else _SENTENCE_WEIGHT
    rows += [
        (text, level, QuestionKind.NONE, sentence_weight)
        for level, texts in lexicon.sentences.items()
        for text in texts
    ]
    return Comments(
        [Comment(read_sentences(t), k, 0, vader.score_comment(t)) for t, _, k, _ in rows],
        np.array([LEVELS.index(level) for _, level, _, _ in rows], dtype=int),
        np.array([hash_respondent(text) for text, *_ in rows], dtype=np.uint64),
        np.array([weight for *_, weight in rows]),
        np.full(len(rows), -1),
    )
