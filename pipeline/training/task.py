"""Tasks that the parts of the model are fitted on: comments and their segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pipeline.stages.batch import Comment
from pipeline.stages.features import CONTEXT_SIZE, context_features
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import WordVectors
from pipeline.stages.sentences import Role
from pipeline.training.corpora import Corpus
from pipeline.training.design import FeatureCounter, FeatureCounts
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.fit import Units
from pipeline.training.origins import (
    Comments,
    build_answers,
    build_copies,
    build_originals,
    build_phrases,
    build_stories,
    build_texts,
)

_TOPICS_OF_CORPORA: Final = 0.75
"""Weight of a corpus's topics, relative to that of its levels."""

_JUDGED_COPIES: Final = 0.2
_JUDGED_CORPORA: Final = 0.5
_JUDGED_WRITTEN: Final = 0.1
"""Weights of comments when the judge of surveys is fitted."""


@dataclass(frozen=True)
class LevelTask:
    """Comments and their segments, on which levels are fitted."""

    comments: Comments
    units: Units
    """The segments."""
    of: NDArray[Any]
    """[segments]: the comment of each."""
    roles: NDArray[Any]
    """[segments]."""

    def head(self, count: int) -> LevelTask:
        """Return the first comments, with their segments; the units stay those of all."""
        first = int(np.searchsorted(self.of, count))
        comments = Comments(
            self.comments.comments[:count],
            self.comments.levels[:count],
            self.comments.people[:count],
            self.comments.weights[:count],
            self.comments.folds[:count],
        )
        return LevelTask(comments, self.units, self.of[:first], self.roles[:first])


def build_topic_units(
    comments: Comments, truth: NDArray[Any], counter: FeatureCounter, vectors: WordVectors
) -> tuple[Units, Units]:
    """Return whole comments, with all of their segments, and without what was set aside."""
    counts, of, roles = _count(comments, counter)
    ones = np.ones(len(of), dtype=np.float32)
    shape = (len(comments), len(of))
    by = sp.csr_array((ones, (of, np.arange(len(of)))), shape=shape)
    spoken = sp.csr_array((ones * (roles != Role.ASIDE), (of, np.arange(len(of)))), shape=shape)
    of_comments = context_of(comments)
    units = Units(
        counts.merge(by),
        of_comments,
        comments.people,
        comments.weights,
        comments.folds,
        truth,
        vectors,
    )
    return units, replace(units, counts=counts.merge(spoken))


def build_level_task(
    comments: Comments, counter: FeatureCounter, vectors: WordVectors, *, with_context: bool
) -> LevelTask:
    """Return comments and their segments; without context, by the words alone."""
    counts, of, roles = _count(comments, counter)
    counted = roles != Role.ASIDE
    shared = np.bincount(of[counted], minlength=len(comments)).clip(1)
    levels = comments.levels[of]
    for number, of_segments in comments.by_segment.items():
        first = int(np.searchsorted(of, number))
        levels[first : first + len(of_segments)] = of_segments
        shared[number] = 1  # each speaks for itself
    weights = comments.weights[of] * counted / np.sqrt(shared[of])
    context = np.zeros((len(of), CONTEXT_SIZE), dtype=np.float32)
    if with_context:
        lengths = np.array(
            [
                end - begin
                for comment in comments.comments
                for begin, end in zip(
                    (0, *comment.reading.ends), comment.reading.ends, strict=False
                )
            ]
        )
        context = _context(comments.comments, of, lengths)
    units = Units(
        counts,
        context,
        comments.people[of],
        weights,
        comments.folds[of],
        levels,
        vectors,
    )
    return LevelTask(comments, units, of, roles)


def _count(
    comments: Comments, counter: FeatureCounter
) -> tuple[FeatureCounts, NDArray[Any], NDArray[Any]]:
    segments, kinds, of, roles = [], [], [], []
    for number, comment in enumerate(comments.comments):
        reading, begin = comment.reading, 0
        for end, role in zip(reading.ends, reading.roles, strict=True):
            segments.append(reading.tokens[begin:end])
            kinds.append(comment.kind)
            of.append(number)
            roles.append(role)
            begin = end
    return counter.count(segments, kinds), np.array(of, dtype=np.intp), np.array(roles)


def _context(comments: Sequence[Comment], of: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    if not comments:
        return np.zeros((0, CONTEXT_SIZE), dtype=np.float32)
    return context_features(
        np.array([comment.kind for comment in comments])[of],
        np.array([comment.rating for comment in comments])[of],
        lengths,
        np.array([comment.vader for comment in comments], dtype=np.float32)[of],
    )


def context_of(comments: Comments) -> NDArray[Any]:
    """Return the context of whole comments, [comments, CONTEXT_SIZE]; asides have no length."""
    return _context(comments.comments, np.arange(len(comments)), counted_lengths(comments.comments))


def counted_lengths(comments: Sequence[Comment]) -> NDArray[Any]:
    """Return the number of words of each comment, without what was set aside."""
    lengths = []
    for comment in comments:
        ends, roles = comment.reading.ends, comment.reading.roles
        spans = zip((0, *ends), ends, roles, strict=False)
        lengths.append(sum(end - begin for begin, end, role in spans if role != Role.ASIDE))
    return np.array(lengths, dtype=np.intp)


@dataclass(frozen=True)
class Tasks:
    """All that a model is fitted on.

    The judged comments are the originals, their copies and the texts of other surveys; they come
    first in ``topics`` and in ``survey``. ``story`` has the originals, then the texts of corpora.
    """

    topics: Units
    spoken_topics: Units
    """The same without what was set aside, as input of the survey's judge."""
    survey: LevelTask
    story: LevelTask
    originals: int
    corpora: dict[str, tuple[int, int]]
    """Where each corpus begins and ends among the story's comments."""
    story_of_judged: NDArray[Any]
    """[judged]: the same comment among the story's."""
    left_out: tuple[str, ...]
    """The corpora that are left out in turn, to see how the model does where it learnt nothing."""

    @property
    def judged_folds(self) -> NDArray[Any]:
        """[judged]."""
        return self.survey.comments.folds[: len(self.story_of_judged)]

    @property
    def judged_levels(self) -> NDArray[Any]:
        """[judged]."""
        return self.survey.comments.levels[: len(self.story_of_judged)]

    def judged_weights(self) -> NDArray[Any]:
        """Return [judged]: 1 for the originals."""
        weights = np.full(len(self.story_of_judged), _JUDGED_CORPORA)
        weights[self.survey.comments.weights[: len(weights)] < 1] = _JUDGED_WRITTEN
        weights[: 2 * self.originals] = _JUDGED_COPIES
        weights[: self.originals] = 1.0
        return weights

    def in_corpus(self, name: str) -> NDArray[Any]:
        """Return True for the story's segments that belong to a corpus."""
        begin, end = self.corpora[name]
        inside: NDArray[Any] = (self.story.of >= begin) & (self.story.of < end)
        return inside


def build_tasks(
    examples: Examples,
    topics: Sequence[str],
    terms: Mapping[str, Sequence[str]],
    lexicon: Lexicon,
    corpora: Sequence[Corpus],
    vectors: WordVectors,
    seed: int,
) -> Tasks:
    """Build what the three parts are fitted on."""
    phrases = lexicon.phrases()
    has_levels = bool((examples.levels != NO_LEVEL).any())
    originals = build_originals(examples, seed)
    copies = build_copies(originals, seed)
    stories = build_stories(originals)
    judged = originals + copies
    places = [*range(len(originals)), *range(len(originals))]
    begins: dict[str, tuple[int, int]] = {}
    for corpus in corpora if has_levels else ():
        begins[corpus.name] = (len(stories), len(stories) + len(corpus.texts))
        places += (len(stories) + place for place in corpus.answers())
        judged += build_answers(corpus, seed)
        stories += build_texts(corpus, seed)
    truth = np.zeros((len(judged), len(topics)), dtype=int)
    truth[: 2 * len(originals)] = np.tile(examples.topic_matrix(topics), (2, 1))
    with_topics = (np.arange(len(judged)) < 2 * len(originals)).astype(float)
    for number, names in judged.topics.items():
        truth[number] = [topic in names for topic in topics]
        # The readers of the file have conventions of their own, which others do not share.
        with_topics[number] = _TOPICS_OF_CORPORA
    counter = FeatureCounter(terms, phrases, vectors, denial=False)
    by_topic = replace(judged, weights=judged.weights * with_topics)
    survey, story = judged, stories
    if has_levels:
        survey, story = (
            judged + build_phrases(lexicon, asked=True),
            stories + build_phrases(lexicon, asked=False),
        )
    counters = [FeatureCounter(t, phrases, vectors, denial=True) for t in (terms, {})]
    return Tasks(
        *build_topic_units(by_topic, truth, counter, vectors),
        build_level_task(survey, counters[0], vectors, with_context=True),
        build_level_task(story, counters[1], vectors, with_context=False),
        len(originals),
        begins,
        np.array(places, dtype=np.intp),
        tuple(corpus.name for corpus in corpora if corpus.name in begins and not corpus.is_written),
    )
