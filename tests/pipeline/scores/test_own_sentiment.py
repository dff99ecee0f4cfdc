"""Counts by a topic's own sentiment, in documents of this and of earlier versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from pipeline.elasticsearch.client import connect
from pipeline.scores import counting
from pipeline.scores.counting import Counting
from pipeline.scores.drivers import Mention, answers_query, read_answers
from pipeline.scores.estimates import Counts
from pipeline.scores.measures import MEASURES, CommentShare
from pipeline.scores.own_sentiment import topic_labels
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS, TOPIC_LISTS, document, index_name
from schemas.feedback import EnrichedFeedback, Label, Language, Sentiment, TopicSentiment
from schemas.score import MeasureName, Period, PeriodName

SOURCE = "own_sentiment_test"
AT = datetime(2024, 5, 6, 12, tzinfo=UTC)
MAY = Period(
    name=PeriodName.MONTH,
    start=datetime(2024, 5, 1, tzinfo=UTC),
    end=datetime(2024, 6, 1, tzinfo=UTC),
)
THEMES = {"access": ("parking", "waiting"), "people": ("staff",)}
NEGATIVE = MeasureName.SHARE_NEGATIVE
TRANSLATED = CommentShare.NEGATIVE_BY_TRANSLATION
GOOD, BAD = Label.POSITIVE, Label.NEGATIVE


def _document(
    number: int,
    label: Label,
    own: dict[str, Label],
    *,
    site: str = "North",
    earlier: bool = False,
    **sentiment: Any,
) -> dict[str, Any]:
    record = EnrichedFeedback.collect(
        source=SOURCE,
        native_id=str(number),
        created_at=AT,
        text="Fine",
        family="form",
        site=site,
        nps={"value": 9},
        enriched_at=AT,
        detected_language=Language(code="en", confidence=0.9),
        sentiment=Sentiment(label=label, method="test", **sentiment),
        topics=tuple(own),
        themes=tuple(name for name, topics in THEMES.items() if {*topics} & {*own}),
        topic_sentiments=()
        if label is Label.NOT_SCORED
        else tuple(TopicSentiment(topic=t, label=own[t], probability=0.9) for t in own),
    )
    fields = orjson.loads(record.to_payload())
    if not earlier:
        return document(fields)
    body = document({**fields, "topic_sentiments": []})
    for field in TOPIC_LISTS.values():
        body["feedback"].pop(field.removeprefix("feedback."), None)
    del body["feedback"]["sentiment"]["mixed"]
    return body


DOCUMENTS = [
    _document(0, GOOD, {"staff": GOOD, "parking": BAD}, mixed=True),
    _document(1, BAD, {"staff": GOOD, "waiting": BAD, "parking": BAD}),
    _document(2, GOOD, {"parking": Label.NEUTRAL}),
    _document(3, BAD, {}, site="South"),
    _document(4, Label.NOT_SCORED, {"staff": BAD}),
    _document(5, BAD, {"staff": BAD, "parking": BAD}, earlier=True),
    _document(6, GOOD, {"staff": GOOD}, earlier=True, site="South"),
    _document(7, Label.NOT_SCORED, {"parking": BAD}, earlier=True),
    _document(8, BAD, {"parking": BAD}, by_translation=True),
    _document(9, GOOD, {"staff": GOOD}, by_translation=True),
]


@pytest.fixture(scope="module")
def indexed(settings: Settings) -> Settings:
    with connect(settings) as client:
        operations: list[dict[str, Any]] = []
        for number, body in enumerate(DOCUMENTS):
            operations += [{"index": {"_index": index_name(AT), "_id": f"own-{number}"}}, body]
        answer = client.bulk(operations=operations, refresh=True)
        assert not answer["errors"], answer
    return settings


def _count(settings: Settings, *, scope: dict[str, Any] | None = None, **options: Any) -> Counting:
    """The counts of this file's documents, within a scope."""
    query = {"bool": {"filter": [{"term": {"event.dataset": SOURCE}}, *([scope] if scope else [])]}}
    count = Counting(query, within=MAY, themes=THEMES, zone=UTC, **options)
    with connect(settings) as client:
        while not count.is_complete:
            count.consume_response(client.search(index=READ_ALIAS, body=count.next_query()).body)
    return count


def _tally(counts: Counts) -> tuple[int, int]:
    """The number of negative ones, and of all."""
    return counts[100.0], counts.total()


def test_every_topic_counts_by_its_own_sentiment_and_all_together_by_the_comments(
    indexed: Settings,
) -> None:
    by_topic = _count(indexed, group="topic")
    topics = ("parking", "staff", "waiting")
    assert [_tally(by_topic.counts(NEGATIVE, topic, None)) for topic in topics] == [
        (3, 4), (1, 4), (1, 1)
    ]  # fmt: skip
    assert [by_topic.comments[topic, None] for topic in topics] == [6, 6, 1]
    assert _tally(_count(indexed).counts(NEGATIVE, None, None)) == (3, 6)


def test_a_theme_is_negative_where_any_of_its_topics_is_and_counts_a_comment_once(
    indexed: Settings,
) -> None:
    by_theme = _count(indexed, group="theme")
    assert _tally(by_theme.counts(NEGATIVE, "access", None)) == (3, 4)
    assert _tally(by_theme.counts(NEGATIVE, "people", None)) == (1, 4)


def test_a_scope_of_topics_counts_their_sentiment_in_every_group(indexed: Settings) -> None:
    scope = {"wildcard": {"feedback.topics": "park*"}}
    assert _tally(_count(indexed, scope=scope, topics=["park*"]).counts(NEGATIVE, None, None)) == (
        3, 4
    )  # fmt: skip
    by_site = _count(indexed, scope=scope, topics=["PARK*"], group="site")
    assert _tally(by_site.counts(NEGATIVE, "North", None)) == (3, 4)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({"topic": "parking"}, (3, 4)),
        ({"theme": "people"}, (1, 4)),
        ({"topic": "staff", "site": "South"}, (0, 1)),
        ({"site": "South"}, (1, 2)),
    ],
)
def test_a_goal_of_a_topic_is_about_the_topics_sentiment(
    indexed: Settings, only: dict[str, str], expected: tuple[int, int]
) -> None:
    count = _count(indexed, only=only, measures=(NEGATIVE,))
    assert _tally(count.counts(NEGATIVE, None, None)) == expected


def test_labels_by_translation_are_counted_apart(indexed: Settings) -> None:
    assert _tally(_count(indexed, shares=CommentShare).share_counts(TRANSLATED, None)) == (1, 2)
    by_topic = _count(indexed, group="topic", shares=CommentShare)
    assert _tally(by_topic.share_counts(TRANSLATED, "parking")) == (1, 1)
    assert _tally(by_topic.share_counts(TRANSLATED, "staff")) == (0, 1)


def test_the_share_of_mixed_comments_is_of_scored_ones_that_say_whether_they_are(
    indexed: Settings,
) -> None:
    count = _count(indexed, shares=CommentShare)
    assert _tally(count.share_counts(CommentShare.MIXED, None)) == (1, 4)


def test_steps_and_pages_change_no_count(
    indexed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _count(indexed, group="topic", step=PeriodName.WEEK)
    week = next(iter({start for _, start in whole.comments}))
    monkeypatch.setattr(counting, "_PAGE", 1)
    paged = _count(indexed, group="topic", step=PeriodName.WEEK)
    assert paged.answers == whole.answers
    assert _tally(whole.counts(NEGATIVE, "parking", week)) == (3, 4)


def test_drivers_tell_praise_from_blame_of_a_topic(indexed: Settings) -> None:
    measure = MEASURES[MeasureName.NPS]
    body = answers_query(measure, {"term": {"event.dataset": SOURCE}}, MAY, None)
    with connect(indexed) as client:
        hits = client.search(index=READ_ALIAS, body=body)["hits"]["hits"]
    mentions = sorted(sorted(answer.mentions) for answer in read_answers(measure, hits))
    assert mentions == [
        [], [], [], [],
        [Mention("parking", BAD), Mention("staff", BAD)],
        [Mention("parking", BAD), Mention("staff", GOOD)],
        [Mention("parking", BAD), Mention("staff", GOOD), Mention("waiting", BAD)],
        [Mention("staff", GOOD)],
    ]  # fmt: skip


def test_topics_of_a_document_have_their_own_label_or_the_comments() -> None:
    assert topic_labels(DOCUMENTS[0]["feedback"]) == {"staff": GOOD, "parking": BAD}
    assert topic_labels(DOCUMENTS[5]["feedback"]) == {"staff": BAD, "parking": BAD}
    assert topic_labels(DOCUMENTS[4]["feedback"]) == {}
