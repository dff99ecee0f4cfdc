"""Labelled comments of several origins: those of the file, copies, other corpora, and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.batch import Comment
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import hash_respondent
from pipeline.stages.questions import QuestionKind
from pipeline.stages.score_sentiment import LEVELS
from pipeline.stages.sentences import read_sentences
from pipeline.stages.vader import Vader
from pipeline.training.corpora import Corpus
from pipeline.training.examples import Examples, build_comment, without_hints
from pipeline.training.fit import assign_folds

FOLDS: Final = 5
_COPY_WEIGHT: Final = 0.1
_PHRASE_WEIGHT: Final = 0.3
_TEXT_WEIGHTS: Final = (0.25, 0.15)
"""Of texts of other corpora, and of those in corpora with more than :data:`_MANY` texts."""
_MANY: Final = 4_500
_SENTENCE_WEIGHT: Final = 2.0


@dataclass(frozen=True)
class Comments:
    """Labelled comments of several origins, in this order of ``weights``."""

    comments: Sequence[Comment]
    levels: NDArray[Any]
    people: NDArray[Any]
    weights: NDArray[Any]
    folds: NDArray[Any]

    def __add__(self, other: Comments) -> Comments:
        """Return both, one after the other."""
        return Comments(
            [*self.comments, *other.comments],
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("levels", "people", "weights", "folds")
            ),
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


def build_corpus(corpus: Corpus, seed: int, *, asked: bool) -> Comments:
    """Return a corpus's texts, with their questions if ``asked``; a survey's weigh in full."""
    weight = 1.0 if corpus.is_survey else _TEXT_WEIGHTS[len(corpus.texts) > _MANY]
    people = np.array([hash_respondent(text.person) for text in corpus.texts], dtype=np.uint64)
    vader = Vader()
    return Comments(
        [
            build_comment(text.text, text.question if asked else None, 0, vader)
            for text in corpus.texts
        ],
        np.array([text.level for text in corpus.texts], dtype=int),
        people,
        np.full(len(corpus.texts), weight),
        assign_folds(people, FOLDS, seed),
    )


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
