"""A scorer of one's own: its contract, and what becomes of its scores."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, EntryPoints
from itertools import repeat
from typing import Any

import pytest

from pipeline.enrich import scorer as module
from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.explanation import explain
from pipeline.enrich.loading import load_analyzer
from pipeline.enrich.scorer import (
    SAMPLES,
    CommentToScore,
    Score,
    Scorer,
    ScorerFailed,
    ScorerRefused,
    ScoringAnalyzer,
    TopicScore,
    apply_scorer,
    check_scorer,
    load_scorer,
    score_batch,
)
from pipeline.errors import CommandError
from pipeline.settings import Settings
from pipeline.stages.urgency_rules import UrgencyRules
from schemas.feedback import Family, Feedback, Label, Language, Sentiment, TopicSentiment

NAME = f"{__name__}:Toy"


class Toy:
    """Counts two words."""

    version = "toy-1"

    def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
        return [self._score(comment) for comment in comments]

    def _score(self, comment: CommentToScore) -> Score | None:
        words = re.findall(r"\w+", comment.text.lower())
        balance = words.count("good") - words.count("bad")
        if comment.language == "fr":
            return None
        label = "positive" if balance > 0 else "negative" if balance < 0 else "neutral"
        topics = {topic: TopicScore(label, 0.6) for topic in comment.topics}
        return Score(label, 0.9, "very_positive" if balance > 1 else None, topics or None)


class Spoiled(Toy):
    """Gives one score that breaks the contract, for every comment."""

    def __init__(self, give: Callable[[], object]) -> None:
        self._give = give

    def score(self, comments: Sequence[CommentToScore]) -> list[Any]:
        return [self._give() for _ in comments]


class FailsOnBad(Toy):
    version = "fails-1"

    def _score(self, comment: CommentToScore) -> Score | None:
        if "bad" in comment.text:
            raise RuntimeError(comment.text)
        return super()._score(comment)


class Broken:
    def __init__(self) -> None:
        raise OSError("no weights at /models/ours")


def record(text: str, **fields: Any) -> Feedback:
    return Feedback.collect(
        source="test", native_id=text[:99], created_at=datetime.now(UTC), family=Family.FORM,
        text=text, **fields,
    )  # fmt: skip


def analyzer(scorer: Scorer) -> CommentAnalyzer:
    plain = CommentAnalyzer.load()
    return ScoringAnalyzer(plain.taxonomy, UrgencyRules.load(), plain.redactor, plain.model, scorer)


def test_the_toy_keeps_the_contract() -> None:
    assert check_scorer(Toy()) == []


@pytest.mark.parametrize(
    ("give", "fault"),
    [
        (lambda: Score("good", 0.9), "label"),
        (lambda: Score("not_scored", 0.9), "label"),
        (lambda: Score("positive", 1.2), "probability"),
        (lambda: Score("positive", -0.1), "probability"),
        (lambda: Score("positive", float("nan")), "probability"),
        (lambda: Score("positive", "0.9"), "probability"),  # type: ignore[arg-type]
        (lambda: Score("positive", 0.9, "very_negative"), "level"),
        (lambda: Score("positive", 0.9, "great"), "level"),
        (lambda: Score("positive", 0.9, None, {"parrots": TopicScore("positive", 1)}), "topic"),
        (lambda: Score(["positive"], 0.9), "label"),  # type: ignore[arg-type]
        (lambda: Score("positive", 0.9, ["great"]), "level"),  # type: ignore[arg-type]
        (lambda: Score("positive", 0.9, None, [("food", 1)]), "mapping"),  # type: ignore[arg-type]
        (lambda: Score("positive", 0.9, None, {"waiting_time": None}), "topic"),  # type: ignore[dict-item]
        (lambda: ("positive", 0.9), "not a Score"),
        (lambda: sys.exit(3), "raised SystemExit"),
        (lambda: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_a_score_that_breaks_the_contract_is_named(give: Callable[[], object], fault: str) -> None:
    (found,) = check_scorer(Spoiled(give))
    assert fault in found


def test_scores_of_wrong_number_or_that_depend_on_the_batch_are_named() -> None:
    class Short(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
            return super().score(comments)[1:]

    class Endless(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> Any:
            return repeat(Score("positive", 0.5))

    class RelativeTopics(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
            topics = TopicScore("positive", 1 / len(comments)) if comments else None
            return [Score("neutral", 1, None, dict.fromkeys(c.topics, topics)) for c in comments]  # type: ignore[misc]

    class Relative(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
            return [Score("positive", 1 / len(comments)) for _ in comments]

    assert f"{len(SAMPLES) - 1} scores for {len(SAMPLES)} comments" in check_scorer(Short())[0]
    assert f"too many scores for {len(SAMPLES)} comments" in check_scorer(Endless())[0]
    assert "depends on the other comments" in check_scorer(Relative())[0]
    assert "depends on the other comments" in check_scorer(RelativeTopics())[0]
    assert "a version" in check_scorer(object())[0]


@pytest.mark.parametrize("version", ["a\nb", "\x1b[31m", "v" * 101, 1, " ", None])
def test_a_version_is_one_short_line(version: Any) -> None:
    scorer = Toy()
    scorer.version = version
    (fault,) = check_scorer(scorer)
    assert "version" in fault


def test_a_version_that_can_not_be_read_is_a_fault() -> None:
    class Unread(Toy):
        @property
        def version(self) -> str:  # type: ignore[override]
            raise RuntimeError

    (fault,) = check_scorer(Unread())
    assert "a version" in fault


@pytest.mark.parametrize("name", ["toys:", ":Toy", "toys:Toy:x", "a b:Toy", "", " "])
def test_a_name_of_another_form_is_told_the_form(name: str) -> None:
    with pytest.raises(ScorerRefused, match="expected module:callable"):
        load_scorer(name)


def test_a_scorer_is_loaded_by_module_or_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="toy", value=NAME, group=module.GROUP)
    monkeypatch.setattr(module, "entry_points", lambda group: EntryPoints([entry]))
    assert load_scorer(NAME).version == load_scorer("toy").version == "toy-1"
    with pytest.raises(ScorerRefused, match=r"expected module:callable.*installed: toy"):
        load_scorer("tuy")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("nowhere.at_all:Toy", "ModuleNotFoundError"),
        (f"{__name__}:Nobody", "AttributeError"),
        (f"{__name__}:Broken", "no weights at /models/ours"),
        ("builtins:object", "a version"),
    ],
)
def test_nothing_starts_with_a_scorer_that_cannot_be_loaded(name: str, fault: str) -> None:
    with pytest.raises(CommandError, match="reading FEEDBACK_SCORER") as caught:
        load_analyzer(Settings(scorer=name))
    assert fault in str(caught.value)


def test_the_record_has_the_scorers_label_and_names_its_version() -> None:
    ours = load_analyzer(Settings(scorer=NAME))
    text = "The parking was good and good, call 07700 900123"
    enriched = Enricher(ours).enrich(record(text, stars={"value": 1}), at=datetime.now(UTC))
    assert enriched.sentiment.label is Label.POSITIVE
    assert enriched.sentiment.level == "very_positive"
    assert (enriched.sentiment.probability, enriched.sentiment.method) == (0.9, "toy-1")
    assert enriched.versions["sentiment"] == "toy-1"
    assert enriched.sentiment.contradicts_rating is True
    assert enriched.sentiment.compound is not None
    assert {each.topic for each in enriched.topic_sentiments} == set(enriched.topics)
    assert "sentiment" not in enriched.evidence


def test_a_scorer_sees_no_personal_data() -> None:
    seen: list[CommentToScore] = []

    class Curious(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
            seen.extend(comments)
            return super().score(comments)

    asked = record("Call 07700 900123", question="Is 07700 900123 right?", fft={"value": 1})
    analyzer(Curious()).analyze([asked])
    (comment,) = seen
    assert comment.text == "Call [PHONE]"
    assert comment.question == "Is [PHONE] right?"
    assert comment.rating == 5


def test_a_scorer_may_judge_other_languages_or_decline() -> None:
    german = "Die Pflege war sehr freundlich und alle haben sich viel Zeit genommen, good"
    french = "Les infirmières ont été très gentilles et tout le monde a pris son temps"
    first, second, empty = analyzer(Toy()).analyze([record(german), record(french), record(" ")])
    assert first["sentiment"].label is Label.POSITIVE
    assert first["sentiment"].compound is None
    assert second["sentiment"].label is Label.NOT_SCORED
    assert empty["sentiment"].label is Label.NOT_SCORED


def test_topics_of_a_comment_that_the_scorer_declines_have_no_sentiment() -> None:
    class Declines(Toy):
        def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
            return [None for _ in comments]

    own = TopicSentiment(topic="parking", label=Label.NEGATIVE, probability=0.9)
    fields: dict[str, Any] = {
        "text": "The car park was full",
        "detected_language": Language(code="en"),
        "sentiment": Sentiment(label=Label.NEGATIVE, method="model"),
        "topics": ("parking",),
        "topic_sentiments": (own,),
        "evidence": {},
    }
    apply_scorer(Declines(), [record("The car park was full")], [fields])
    assert fields["sentiment"].label is Label.NOT_SCORED
    assert fields["topics"] == ("parking",)
    assert fields["topic_sentiments"] == ()


def test_a_comment_on_which_the_scorer_fails_is_rejected_and_the_rest_scored() -> None:
    enricher = Enricher(analyzer(FailsOnBad()))
    payloads = [record(text).to_payload() for text in ("all good", "bad food", "fine")]
    enriched, (rejection,) = enricher.enrich_payloads(payloads)
    assert [index for index, _ in enriched] == [0, 2]
    assert rejection.index == 1
    assert rejection.error == "ScorerFailed"
    assert rejection.reason == (
        "enriching feedback: scoring sentiment with fails-1: it raised RuntimeError"
    )


def test_a_failure_repeats_nothing_of_a_comment() -> None:
    with pytest.raises(ScorerFailed) as caught:
        score_batch(FailsOnBad(), [CommentToScore("bad [PHONE]")])
    assert "PHONE" not in str(caught.value)


def test_an_explanation_does_not_explain_the_models_label() -> None:
    explanation = explain(analyzer(Toy()), record("good care"))
    assert explanation.sentiment.method == "toy-1"
    assert explanation.levels is None
    assert explanation.level_score is None
