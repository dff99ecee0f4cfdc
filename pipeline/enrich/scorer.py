"""A scorer of one's own in place of the packaged model's label: its contract, and how it is loaded.

``FEEDBACK_SCORER`` names a callable without arguments that returns a :class:`Scorer`: as
``module:callable``, or as an installed entry point of the group ``feedback_pipeline.scorers``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from itertools import islice
from numbers import Real
from typing import Any, Final, NamedTuple, Protocol, TypeGuard, runtime_checkable

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.redact import Redactor
from pipeline.stages.score_sentiment import contradicts_rating, get_rating
from pipeline.stages.text_model import TextModel
from pipeline.stages.urgency_rules import UrgencyRules
from schemas.feedback import Feedback, Label, Level, Sentiment, TopicSentiment

GROUP: Final = "feedback_pipeline.scorers"  # of entry points

_LABELS: Final = frozenset({Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE})
_MAX_VERSION: Final = 100
_SAYS_NOTHING: Final = frozenset({"no_opinion", "no_words"})


class CommentToScore(NamedTuple):
    """One comment, as a scorer gets it."""

    text: str
    """Redacted: personal data is replaced by placeholders such as ``[PHONE]``."""
    question: str | None = None
    """The question that the text answers, redacted."""
    rating: int | None = None
    """From 1, worst, to 5, best."""
    language: str = "und"
    """ISO 639-1 code, or ``und`` if undetermined."""
    topics: tuple[str, ...] = ()
    """Topics of the comment, by the names of the taxonomy."""


class TopicScore(NamedTuple):
    """Sentiment of what a comment says about one topic."""

    label: str
    probability: float


class Score(NamedTuple):
    """Sentiment of one comment; labels and levels are those of ``schemas.feedback``."""

    label: str
    """``positive``, ``neutral`` or ``negative``."""
    probability: float
    """Probability of the label, from 0 to 1."""
    level: str | None = None
    """One of five levels that belongs to the label."""
    topics: Mapping[str, TopicScore] | None = None
    """By topic of the comment; None keeps the packaged model's."""


@runtime_checkable
class Scorer(Protocol):
    """Scores the sentiment of comments; used by one thread at a time."""

    version: str
    """Name and version; it stands on each record in ``sentiment.method``."""

    def score(self, comments: Sequence[CommentToScore]) -> Sequence[Score | None]:
        """Return a score per comment, in order; None for one that it cannot judge.

        The same comment gets the same score, whatever else is in the batch.
        """


class ScorerRefused(ValueError):
    """The scorer that the settings name cannot be loaded, or breaks its contract."""


class ScorerFailed(ValueError):
    """The scorer failed on a batch; the message holds nothing of a comment."""


class ScoringAnalyzer(CommentAnalyzer):
    """The stages, with the label of a scorer in place of the model's."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        urgency: UrgencyRules,
        redactor: Redactor,
        model: TextModel | None,
        scorer: Scorer,
        *,
        weak_topics: bool = False,
    ) -> None:
        super().__init__(taxonomy, urgency, redactor, model, weak_topics=weak_topics)
        self.scorer = scorer
        self.versions["sentiment"] = scorer.version

    def analyze(self, records: Sequence[Feedback]) -> list[dict[str, Any]]:
        """Return the findings of each record; raises :class:`ScorerFailed`."""
        findings = super().analyze(records)
        apply_scorer(self.scorer, records, findings)
        return findings


def load_scorer(name: str) -> Scorer:
    """Load a scorer and check it on a few comments; raises :class:`ScorerRefused`."""
    factory = _find_entry_point(name)
    try:
        scorer = factory.load()()
    except (Exception, SystemExit) as error:  # code of others, which may fail in any way
        raise ScorerRefused(f"{name}: loading it: {type(error).__name__}: {error}") from error
    if faults := check_scorer(scorer):
        raise ScorerRefused(f"{name}: {'; '.join(faults)}")
    assert isinstance(scorer, Scorer)  # noqa: S101 - for the type checker
    return scorer


def check_scorer(scorer: object) -> list[str]:
    """Return the ways in which a scorer breaks its contract; empty for a good one.

    It scores a few comments, together and one by one. For the tests of a scorer:
    ``assert check_scorer(MyScorer()) == []``.
    """
    if not _has_interface(scorer):
        return ["it needs a method score() and a version that is not blank"]
    if not scorer.version.isprintable() or len(scorer.version) > _MAX_VERSION:
        return [f"its version is not one line of {_MAX_VERSION} characters at most"]
    try:
        together = score_batch(scorer, SAMPLES)
        alone = [score_batch(scorer, [comment])[0] for comment in SAMPLES]
        score_batch(scorer, [])
    except ScorerFailed as error:
        return [str(error)]
    if [_rounded(score) for score in together] != [_rounded(score) for score in alone]:
        return ["a comment's score depends on the other comments of the batch"]
    return []


def score_batch(scorer: Scorer, comments: Sequence[CommentToScore]) -> list[Score | None]:
    """Return a valid score, or None, per comment; raises :class:`ScorerFailed`."""
    try:
        # One more than needed is enough to refuse scores that never end.
        scores = list(islice(scorer.score(comments), len(comments) + 1))
    except (Exception, SystemExit) as error:  # code of others; its message may hold a comment
        raise _failure(scorer, f"it raised {type(error).__name__}") from error
    if len(scores) != len(comments):
        count = f"{len(scores)}" if len(scores) < len(comments) else "too many"
        raise _failure(scorer, f"{count} scores for {len(comments)} comments")
    for score, comment in zip(scores, comments, strict=True):
        for fault in _faults(score, comment):
            raise _failure(scorer, fault)
    return scores


def apply_scorer(
    scorer: Scorer, records: Sequence[Feedback], findings: Sequence[dict[str, Any]]
) -> None:
    """Replace sentiment, and topics' sentiment, in the findings of each record.

    VADER's scores stay. A scorer is not asked about comments that say nothing. Raises
    :class:`ScorerFailed`.
    """
    asked = [
        (record, fields)
        for record, fields in zip(records, findings, strict=True)
        if fields["text"].strip() and fields["sentiment"].not_scored not in _SAYS_NOTHING
    ]
    comments = [
        CommentToScore(
            fields["text"],
            fields.get("question"),
            get_rating(record) or None,
            fields["detected_language"].code,
            tuple(fields["topics"]),
        )
        for record, fields in asked
    ]
    scores = score_batch(scorer, comments)
    for (_, fields), comment, score in zip(asked, comments, scores, strict=True):
        before: Sentiment = fields["sentiment"]
        fields["sentiment"] = _sentiment(scorer.version, before, comment, score)
        fields["evidence"].pop("sentiment", None)  # it speaks for the packaged model's label
        if score is None:
            fields["topic_sentiments"] = ()  # not scored: neither are its topics
        elif score.topics is not None:
            fields["topic_sentiments"] = tuple(
                TopicSentiment(topic=topic, label=Label(label), probability=probability)
                for topic in comment.topics
                if topic in score.topics
                for label, probability in [score.topics[topic]]
            )


SAMPLES: Final = (
    CommentToScore("The nurse explained everything and was so kind.", rating=5, language="en"),
    CommentToScore(
        "Two hours in a cold corridor and no nurse came.",
        "What could we do better?",
        language="en",
        topics=("waiting_time",),
    ),
    CommentToScore("ok"),
    CommentToScore("Call me on [PHONE] please 😡", rating=1),
    CommentToScore("Die Ärztin hat sich viel Zeit genommen.", language="de"),
    CommentToScore("The staff were lovely, the car park was not. " * 40, language="en"),
)
"""Comments that a scorer is checked with."""


def _find_entry_point(name: str) -> EntryPoint:
    if EntryPoint.pattern.match(name) and name.count(":") == 1:
        return EntryPoint(name=name, value=name, group=GROUP)
    installed = entry_points(group=GROUP)
    if name in installed.names:
        return installed[name]
    names = ", ".join(sorted(installed.names)) or "none"
    raise ScorerRefused(
        f"{name}: expected module:callable, or an installed entry point of the group {GROUP} "
        f"(installed: {names})"
    )


def _has_interface(scorer: object) -> TypeGuard[Scorer]:
    try:
        return isinstance(scorer, Scorer) and bool(scorer.version.strip())
    except Exception:  # a property of others, which may fail in any way
        return False


def _failure(scorer: Scorer, fault: str) -> ScorerFailed:
    return ScorerFailed(f"scoring sentiment with {scorer.version}: {fault}")


def _faults(score: Score | None, comment: CommentToScore) -> Iterator[str]:
    """Yield what is wrong with a score, without its values."""
    if score is None:
        return
    if not isinstance(score, Score) or not isinstance(score.topics, Mapping | None):
        yield "a score is not a Score, or its topics are not a mapping"
        return
    yield from _label_faults(score.label, score.probability)
    if score.level is not None and not _belongs(score.level, score.label):
        yield "a level is unknown, or belongs to another label"
    for topic, topic_score in (score.topics or {}).items():
        if topic not in comment.topics:
            yield "a topic is not one of the comment's"
        if not isinstance(topic_score, tuple) or len(topic_score) != len(TopicScore._fields):
            yield "a topic's score is not a TopicScore"
            return
        yield from _label_faults(*topic_score)


def _label_faults(label: object, probability: object) -> Iterator[str]:
    if not isinstance(label, str) or label not in _LABELS:
        yield "a label is not positive, neutral or negative"
    # NaN fails every comparison.
    if not (isinstance(probability, Real) and 0.0 <= float(probability) <= 1.0):
        yield "a probability is not from 0 to 1"


def _belongs(level: object, label: str) -> bool:
    return isinstance(level, str) and level in tuple(Level) and level.removeprefix("very_") == label


def _rounded(score: Score | None) -> tuple[object, ...] | None:
    if score is None:
        return None
    pairs = {"": score[:2], **(score.topics or {})}
    return score.level, [(n, label, round(float(p), 3)) for n, (label, p) in pairs.items()]


def _sentiment(
    method: str, before: Sentiment, comment: CommentToScore, score: Score | None
) -> Sentiment:
    vader = {
        name: getattr(before, name) for name in ("compound", "positive", "neutral", "negative")
    }
    if score is None:
        reason = before.not_scored or "no_opinion"
        return Sentiment(label=Label.NOT_SCORED, method=method, not_scored=reason, **vader)
    probability = float(score.probability)
    alone = (
        probability if score.label == Label.POSITIVE else 0.0,
        probability if score.label == Label.NEGATIVE else 0.0,
    )
    return Sentiment(
        label=Label(score.label),
        method=method,
        probability=round(probability, 3),
        level=None if score.level is None else Level(score.level),
        contradicts_rating=contradicts_rating(alone, comment.rating) if comment.rating else None,
        by_translation=before.by_translation,
        **vader,
    )
