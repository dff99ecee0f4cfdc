"""An explanation adds up to what the model says, and shows where and nothing hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.explanation import Explanation, Score, explain
from pipeline.stages.batch import Batch
from pipeline.stages.parameters import Part
from pipeline.stages.score_sentiment import LEVELS
from schemas.feedback import Family, Feedback, Label

ANALYZER = CommentAnalyzer.load()
MODEL = ANALYZER.model
assert MODEL is not None

COMMENTS: list[tuple[str, dict[str, Any]]] = [
    ("The receptionist was rude and I waited two hours.", {"fft": {"value": 4}}),
    ("Nothing", {"question": "What could we do better?"}),
    ("No complaints. No complaints at all!", {"question": "What was good?", "nps": {"value": 9}}),
    ("İT WAS  COLD — someone to\ntalk to, please; more staff", {"stars": {"value": 2}}),
    ("Call 07700 900123, or mail jo@example.org: nobody rang back", {"csat": {"value": 1}}),
    ("👍", {"fft": {"value": 6}}),
    ("Really?!", {}),
    ("The wait was long. Kind staff! " * 200, {"question": "Why?", "ces": {"value": 7}}),
]


def test_the_weights_of_a_phrase_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[tuple[str, ...]] = []
    search = Part.weights_of

    def count(part: Part, names: tuple[str, ...]) -> Any:
        searched.append((str(part.outputs), *names))
        return search(part, names)

    monkeypatch.setattr(Part, "weights_of", count)
    explain(ANALYZER, _record("The nurse was rude but kind. " * 20))
    assert searched
    assert len(searched) == len(set(searched))


def _record(text: str, **fields: Any) -> Feedback:
    return Feedback.collect(
        source="test",
        native_id="1",
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family=Family.FORM,
        text=text,
        **fields,
    )


def _explain(text: str, **fields: Any) -> Explanation:
    return explain(ANALYZER, _record(text, **fields))


def _outputs(text: str, **fields: Any) -> tuple[Any, Any]:
    """All scores of topics, and of levels by the whole comment; by the model's own way."""
    assert MODEL is not None
    comment = ANALYZER.preprocess([_record(text, **fields)])[0].features
    bags = MODEL.bag.read([comment.reading], [comment.kind])
    batch = Batch([comment], bags)
    topics = MODEL.outputs_of(
        "topics", batch.add_up(MODEL.sums_of(bags, "topics")), batch.context()
    )
    head = "survey" if comment.is_survey else "story"
    sums = batch.add_up_counted(batch.add_up_segments(MODEL.sums_of(bags, head)))
    levels = MODEL.outputs_of(head, sums, batch.context() if comment.is_survey else None)
    heads = levels[0].reshape(-1, 5)[:2].mean(axis=0)
    return topics[0], heads


def _sum(score: Score) -> float:
    beside = score.question + score.rating + score.length + score.vader
    words = sum(part.value for part in score.words) + score.other_words
    return score.intercept + beside + words


@pytest.mark.parametrize(("text", "fields"), COMMENTS)
def test_the_parts_of_a_level_add_up_to_the_models_score(text: str, fields: Any) -> None:
    assert MODEL is not None
    explanation = _explain(text, **fields)
    assert explanation.level_score is not None
    assert explanation.tone is not None
    _, heads = _outputs(text, **fields)
    assert explanation.sentiment.level is not None
    level = LEVELS.index(explanation.sentiment.level)
    expected = heads[level] - np.delete(heads, level).mean()
    assert explanation.level_score.score == pytest.approx(expected, abs=1e-3)
    assert _sum(explanation.level_score) == pytest.approx(expected, abs=1e-3)
    tone = heads[:2].mean() - heads[3:].mean()
    assert _sum(explanation.tone) == pytest.approx(tone, abs=1e-3)


@pytest.mark.parametrize(("text", "fields"), COMMENTS)
def test_the_parts_of_a_topic_add_up_to_the_models_score(text: str, fields: Any) -> None:
    assert MODEL is not None
    explanation = _explain(text, **fields)
    outputs, _ = _outputs(text, **fields)
    for topic in (*explanation.topics, *explanation.next_topics):
        if topic.score is not None and topic.margin is not None:
            place = MODEL.topics.index(topic.name)
            assert topic.score.score == pytest.approx(outputs[place], abs=1e-3)
            assert _sum(topic.score) == pytest.approx(outputs[place], abs=1e-3)
            least = outputs[place] - topic.margin
            assert least == pytest.approx(MODEL.parameters.thresholds[place], abs=1e-3)


@pytest.mark.parametrize(("text", "fields"), COMMENTS)
def test_it_says_what_the_worker_says(text: str, fields: Any) -> None:
    explanation = _explain(text, **fields)
    read = ANALYZER.analyze([_record(text, **fields)])[0]
    assert explanation.text == read["text"]
    assert explanation.sentiment == read["sentiment"]
    assert {topic.name for topic in explanation.topics} == set(read["topics"])
    assert tuple(explanation.urgent) == read["urgent_reasons"]
    levels = explanation.levels
    assert levels is not None
    assert levels[explanation.sentiment.level or ""] == pytest.approx(
        explanation.sentiment.level_probability, abs=1e-3
    )
    tones = {topic.name: topic.tone.label for topic in explanation.topics if topic.tone}
    assert tones == {tone.topic: tone.label for tone in read["topic_sentiments"]}
    evidence = {
        f"topic:{topic.name}": tuple((place.start, place.end) for place in topic.evidence)
        for topic in explanation.topics
        if topic.evidence
    }
    assert evidence == {n: spans for n, spans in read["evidence"].items() if n[:6] == "topic:"}


def _places(value: Any) -> Iterator[tuple[str, int, int]]:
    """Every place of a JSON document."""
    if isinstance(value, dict):
        if "start" in value:
            yield value["text"], value["start"], value["end"]
        if "spans" in value:
            yield value["text"], *value["spans"][0]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _places(part)


@pytest.mark.parametrize(("text", "fields"), COMMENTS)
def test_every_offset_is_of_the_redacted_text(text: str, fields: Any) -> None:
    explanation = _explain(text, **fields)
    places = list(_places(asdict(explanation)))
    assert [words for words, _, _ in places] == [explanation.text[a:b] for _, a, b in places]


def test_what_is_hidden_is_named_and_its_value_is_nowhere() -> None:
    values = ["jo.bloggs@example.org", "07700 900123", "943 476 5919"]
    pieces = [*values, "bloggs", "example.org", "07700", "900123", "476 5919", "4765919"]
    explanation = _explain(
        f"Mail {values[0]} or ring {values[1]}, NHS number {values[2]}. Nobody rang back.",
        question=f"What could we do better? Write to {values[0]}",
    )
    shown = {kind: [place.text for place in places] for kind, places in explanation.hidden.items()}
    expected = {"email": ["[EMAIL]"], "phone": ["[PHONE]"], "nhs_number": ["[NHS_NUMBER]"]}
    assert shown == expected
    assert explanation.question == "What could we do better? Write to [EMAIL]"
    assert [piece for piece in pieces if piece in repr(explanation)] == []


def test_set_phrases_are_named_with_their_part_and_repeated_words_stand_together() -> None:
    assert MODEL is not None
    topic, phrase = next(
        (topic, term)
        for topic, terms in MODEL.card.terms.items()
        for term in terms
        if len(term.split()) > 2 and term.replace(" ", "").isalpha()
    )
    score = _explain(f"{phrase.title()} {phrase}").level_score
    assert score is not None
    (part,) = [part for part in score.words if part.text.lower() == phrase]
    assert part.spans == ((0, len(phrase)), (len(phrase) + 1, 2 * len(phrase) + 1))
    # A row of its own: no single word and no pair stands at so many words.
    assert f"topic:{topic}" in part.phrases
    assert sum(part.phrases.values()) == pytest.approx(part.value, abs=1e-3)


def test_question_and_rating_have_parts_where_they_are_given() -> None:
    alone = _explain("Fine")
    assert alone.level_score is not None
    assert (alone.level_score.question, alone.level_score.rating) == (0, 0)
    assert (alone.rating, alone.levels_without_rating) == (None, None)
    explanation = _explain("Fine", question="What could we do better?", fft={"value": 4})
    assert explanation.level_score is not None
    assert explanation.level_score.question != 0
    assert explanation.level_score.rating != 0
    assert explanation.question_kind == "better"
    expected = {"measure": "fft", "value": 4, "worst": 5, "best": 1, "level": 2}
    assert explanation.rating == expected


@pytest.mark.parametrize("text", ["Nothing", "Couldn't fault", "rude staff", "👍"])
def test_of_a_short_text_every_part_is_shown(text: str) -> None:
    score = _explain(text).level_score
    assert score is not None
    assert score.other_words == pytest.approx(0, abs=1e-5)


def test_sentences_are_shown_with_what_they_deny_and_what_was_set_aside() -> None:
    explanation = _explain("The porter was not kind. Lovely nurses, but cold soup! Thank you.")
    shown = [(s.text, s.role, s.denied) for s in explanation.sentences]
    assert shown == [
        ("The porter was not kind", "plain", ("kind",)),
        ("Lovely nurses", "conceded", ()),
        ("but cold soup!", "decisive", ()),
        ("Thank you", "aside", ()),
    ]
    tones = [s.tone.label if s.tone else None for s in explanation.sentences]
    assert tones == ["negative", "positive", "negative", None]


def test_a_text_against_its_rating_shows_what_it_says_alone() -> None:
    explanation = _explain("Excellent, wonderful, fantastic staff. Thank you!", stars={"value": 1})
    assert explanation.sentiment.contradicts_rating is True
    assert explanation.levels_without_rating is not None
    assert sum(list(explanation.levels_without_rating.values())[:2]) >= 0.7


def test_topics_come_with_their_groups_and_the_next_are_less_likely_or_stricter() -> None:
    explanation = _explain("The receptionist was rude and I waited two hours.")
    waiting = next(topic for topic in explanation.topics if topic.name == "waiting_time")
    assert (waiting.by, waiting.theme) == ("model", "efficiency_and_responsiveness")
    assert waiting.probability is not None
    assert waiting.threshold is not None
    assert waiting.probability >= waiting.threshold
    assert {place.text for place in waiting.evidence} & {"waited", "waited two hours", "hours"}
    assert [topic.by for topic in explanation.next_topics] == ["not_given"] * 3
    assert all((topic.margin or 0) < 0 for topic in explanation.next_topics)


def test_a_word_for_vader_has_its_valence() -> None:
    explanation = _explain("Rude staff, but kind nurses")
    values = {word.text: word.value for word in explanation.vader_words}
    assert values["Rude"] < 0 < values["kind"]


def test_another_language_is_not_scored_and_has_no_parts() -> None:
    explanation = _explain("Ich musste zwei Stunden warten und niemand hat mir geholfen")
    assert explanation.language.code == "de"
    assert explanation.sentiment.label is Label.NOT_SCORED
    assert (
        explanation.levels,
        explanation.topics,
        explanation.next_topics,
        explanation.vader_words,
    ) == (None, (), (), ())


def test_without_a_model_terms_and_vader_are_what_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(
        'name = "shop"\nversion = "1"\n[topics.price]\ntitle = "Price"\nterms = ["price*"]\n'
    )
    explanation = explain(CommentAnalyzer.load(taxonomy=file), _record("The prices are awful"))
    assert (explanation.levels, explanation.level_score, explanation.tone) == (None, None, None)
    assert explanation.sentiment.label is Label.NEGATIVE
    (topic,) = explanation.topics
    assert (topic.name, topic.by, topic.probability, topic.score) == ("price", "terms", None, None)
    assert [place.text for place in topic.evidence] == ["prices"]
    assert [word.text for word in explanation.vader_words] == ["awful"]


def test_numbers_are_plain_so_that_json_can_hold_them() -> None:
    explanation = _explain("The wait was awful, I want to end it all", stars={"value": 5})
    assert explanation.urgent
    body = {**asdict(explanation), "language": None, "sentiment": None}
    assert orjson.loads(orjson.dumps(body))["level_score"]["words"]


def test_what_may_be_urgent_is_explained_with_its_passage() -> None:
    explanation = _explain("Something is not right with his breathing. The tea was cold.")
    assert not explanation.urgent
    (passage,) = explanation.maybe_urgent["immediate_danger"]
    assert passage.text == "Something is not right with his breathing"
