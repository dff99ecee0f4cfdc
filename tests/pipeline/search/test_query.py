"""Queries of Elasticsearch, and the results from its responses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.search.highlights import MARK, UNMARK
from pipeline.search.query import SearchRequest, Sort, build_query, parse_time, read_response
from schemas.documents import mappings
from schemas.feedback import Label, Level

NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC)


def _bool(request: SearchRequest) -> dict[str, Any]:
    query: dict[str, Any] = build_query(request)["query"]["bool"]
    return query


def _answer(
    text: str, *, evidence: Any = None, feedback: dict[str, Any] | None = None, **highlight: str
) -> dict[str, Any]:
    hit = {
        "_source": {"message": text, "feedback": {"evidence": evidence, **(feedback or {})}},
        "highlight": {field: [marked] for field, marked in highlight.items()},
    }
    labels = {"buckets": [{"key": "negative", "doc_count": 1}]}
    return {
        "took": 3,
        "hits": {"total": {"value": 1}, "hits": [hit]},
        "aggregations": {
            "labels": labels,
            "urgent": {"doc_count": 1},
            "maybe_urgent": {"doc_count": 2},
            "mixed": {"doc_count": 3},
            "by_translation": {"doc_count": 4},
        },
    }


@pytest.mark.parametrize("words", ["", "  "])
def test_no_words_find_everything(words: str) -> None:
    assert _bool(SearchRequest(words=words)) == {"must": [{"match_all": {}}], "filter": []}


def test_words_are_looked_for_in_the_text_its_language_subfield_and_its_translation() -> None:
    (query,) = _bool(SearchRequest(words='late "car park"'))["must"]
    assert query["simple_query_string"]["query"] == 'late "car park"'
    fields = query["simple_query_string"]["fields"]
    assert fields[:2] == ["message^2", "message.*"]
    assert fields[2:] == ["feedback.translation.text", "feedback.translation.text.*"]


def test_a_filter_matches_in_any_case() -> None:
    expected = {"term": {"feedback.site": {"value": "North", "case_insensitive": True}}}
    assert _bool(SearchRequest(sites=("North",)))["filter"] == [expected]


def test_a_star_in_a_filter_stands_for_any_characters() -> None:
    expected = {"wildcard": {"organization.name": {"value": "N*", "case_insensitive": True}}}
    assert _bool(SearchRequest(organizations=("N*",)))["filter"] == [expected]


def test_values_of_one_filter_are_alternatives_and_filters_add_up() -> None:
    either, also = _bool(SearchRequest(topics=("food", "parking"), labels=("negative",)))["filter"]
    assert [q["term"]["feedback.topics"]["value"] for q in either["bool"]["should"]] == [
        "food",
        "parking",
    ]
    assert also["term"]["feedback.sentiment.label"]["value"] == "negative"


def test_flags_ask_for_what_is_true() -> None:
    request = SearchRequest(
        urgent=True, maybe_urgent=True, mixed=True, by_translation=True, contradicts_rating=True
    )
    assert _bool(request)["filter"] == [
        {"term": {"feedback.urgent": True}},
        {"term": {"feedback.maybe_urgent": True}},
        {"term": {"feedback.sentiment.mixed": True}},
        {"term": {"feedback.sentiment.by_translation": True}},
        {"term": {"feedback.sentiment.contradicts_rating": True}},
    ]


def test_a_language_is_looked_for_as_found_and_as_declared() -> None:
    (query,) = _bool(SearchRequest(languages=("es",)))["filter"]
    fields = [field for each in query["bool"]["should"] for field in each["term"]]
    assert fields == ["feedback.language.detected", "feedback.language.declared"]


def test_times_bound_when_the_feedback_was_given() -> None:
    request = SearchRequest(since=NOW - timedelta(days=1), until=NOW)
    bounds = {"gte": "2026-08-13T12:00:00+00:00", "lt": "2026-08-14T12:00:00+00:00"}
    assert _bool(request)["filter"] == [{"range": {"@timestamp": bounds}}]


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (SearchRequest(), "@timestamp"),
        (SearchRequest(words="late"), "_score"),
        (SearchRequest(words="late", sort=Sort.NEWEST), "@timestamp"),
        (SearchRequest(sort=Sort.RELEVANCE), "_score"),
        (SearchRequest(words="late", sort=Sort.NEGATIVITY), "feedback.sentiment.label"),
    ],
)
def test_order_is_relevance_for_words_and_else_newest_unless_said(
    request_: SearchRequest, first: str
) -> None:
    assert next(iter(build_query(request_)["sort"][0])) == first


def test_the_label_negative_comes_first_in_the_order_that_most_negative_relies_on() -> None:
    assert min(Label) == Label.NEGATIVE


def test_the_levels_are_scored_from_very_positive_to_very_negative() -> None:
    query = _bool(SearchRequest(words="late", sort=Sort.NEGATIVITY))
    scores = {
        each["constant_score"]["filter"]["term"]["feedback.sentiment.level"]: each[
            "constant_score"
        ]["boost"]
        for each in query["should"]
    }
    assert sorted(scores, key=lambda level: scores[level]) == [
        Level.VERY_POSITIVE,
        Level.POSITIVE,
        Level.NEUTRAL,
        Level.NEGATIVE,
        Level.VERY_NEGATIVE,
    ]
    assert "must" not in query, "the words would add to the score"


def test_only_the_words_are_highlighted_and_not_the_values_of_filters() -> None:
    body = build_query(SearchRequest(words="late", topics=("food",)))
    assert body["highlight"]["highlight_query"]["simple_query_string"]["query"] == "late"
    assert "highlight" not in build_query(SearchRequest(topics=("food",)))


def test_every_field_asked_for_is_mapped() -> None:
    everything = SearchRequest(
        organizations=("a",), sites=("a",), services=("a",), topics=("a",), themes=("a",),
        labels=("a",), levels=("a",), reasons=("a",), interactions=("a",), priorities=("a",),
        sources=("a",), families=("a",), languages=("a",), urgent=True, contradicts_rating=True,
        maybe_urgent=True, mixed=True, by_translation=True, since=NOW,
    )  # fmt: skip
    asked = set()
    for query in _bool(everything)["filter"]:
        for each in query.get("bool", {}).get("should", [query]):
            asked |= set(next(iter(each.values())))
    assert len(asked) == 21
    for field in asked:
        mapping: dict[str, Any] = {"properties": mappings()["properties"]}
        for name in field.split("."):
            mapping = mapping["properties"][name]
        assert mapping["type"] in ("keyword", "date", "boolean")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        (" 2 w ", NOW - timedelta(weeks=2)),
        ("2026-08-01", datetime(2026, 8, 1, tzinfo=UTC)),
        ("2026-08-01T08:30", datetime(2026, 8, 1, 8, 30, tzinfo=UTC)),
        (
            "2026-08-01T08:30+02:00",
            datetime(2026, 8, 1, 8, 30, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_reads_times(text: str, expected: datetime) -> None:
    assert parse_time(text, now=NOW) == expected


@pytest.mark.parametrize("text", ["2026-08-01", "20260801", "2026-08-01T00:00"])
def test_a_time_without_a_zone_is_one_in_the_zone_that_is_asked_for(text: str) -> None:
    moment = parse_time(text, now=NOW, zone=ZoneInfo("Europe/London"))
    assert moment == datetime(2026, 7, 31, 23, tzinfo=UTC)


def test_a_date_as_an_end_takes_the_whole_day() -> None:
    assert parse_time("2026-08-01", now=NOW, end_of_day=True) == datetime(2026, 8, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "7y", "2026-13-01", "999999w", "2026-08-01Tx"])
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a date like"):
        parse_time(text, now=NOW)


def test_reads_the_answer() -> None:
    result = read_response(_answer("late"), SearchRequest())
    assert (result.total, result.took_ms, result.labels) == (1, 3, {"negative": 1})
    assert (result.urgent, result.maybe_urgent) == (1, 2)
    assert (result.mixed, result.by_translation) == (3, 4)
    assert [(hit.text, hit.spans) for hit in result.hits] == [("late", ())]


TEXT = "Waited hours, rude staff"
EVIDENCE = {
    "sentiment": [[14, 18]],
    "topic:waiting_time": [[0, 6]],
    "topic:staff": [[19, 24]],
    "urgent:self_harm": [[7, 12]],
    "maybe_urgent:self_harm": [[0, 6]],
}


def _mark(request: SearchRequest, answer: dict[str, Any]) -> list[str]:
    (hit,) = read_response(answer, request).hits
    return [hit.text[start:end] for start, end in hit.spans]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (SearchRequest(), []),
        (SearchRequest(sites=("North",), themes=("respect",)), []),
        (SearchRequest(topics=("waiting_time",)), ["Waited"]),
        (SearchRequest(topics=("Wait*", "staff")), ["Waited", "staff"]),
        (SearchRequest(labels=(Label.NEGATIVE,)), ["rude"]),
        (SearchRequest(levels=(Level.VERY_NEGATIVE,)), ["rude"]),
        (SearchRequest(contradicts_rating=True), ["rude"]),
        (SearchRequest(reasons=("self_harm",)), ["Waited", "hours"]),
        (SearchRequest(maybe_urgent=True), ["Waited"]),
        (SearchRequest(mixed=True), ["rude"]),
        (SearchRequest(topic_sentiments=(("staff", Label.NEGATIVE),)), ["staff"]),
        (SearchRequest(urgent=True), ["hours"]),
        (SearchRequest(urgent=True, reasons=("discrimination",)), []),
        (SearchRequest(topics=("staff",), labels=(Label.NEGATIVE,)), ["rude", "staff"]),
    ],
)
def test_without_words_the_evidence_of_what_was_filtered_for_is_marked(
    request_: SearchRequest, expected: list[str]
) -> None:
    assert _mark(request_, _answer(TEXT, evidence=EVIDENCE)) == expected


def test_a_topics_sentiment_is_marked_by_the_words_that_speak_for_it() -> None:
    own = [
        {"topic": "staff", "label": "negative", "evidence": [[14, 18], [99, 120], "x"]},
        {"topic": "waiting_time", "label": "positive", "evidence": [[0, 6]]},
    ]
    answer = _answer(TEXT, evidence=EVIDENCE, feedback={"topic_sentiments": own})
    request = SearchRequest(topic_sentiments=(("Sta*", Label.NEGATIVE),))
    assert _mark(request, answer) == ["rude"]


def test_evidence_and_matches_are_marked_in_the_translation_that_was_judged() -> None:
    translated = {"translation": {"text": "They were rude", "language": "pl", "service": "x"}}
    answer = _answer("Byli niemili", evidence={"sentiment": [[10, 14]]}, feedback=translated)
    (hit,) = read_response(answer, SearchRequest(labels=(Label.NEGATIVE,))).hits
    assert (hit.text, hit.spans) == ("Byli niemili", ())
    assert (hit.translation, hit.translation_spans) == ("They were rude", ((10, 14),))
    marked = {"feedback.translation.text": f"They were {MARK}rude{UNMARK}"}
    answer = _answer("Byli niemili", feedback=translated, **marked)
    (hit,) = read_response(answer, SearchRequest(words="rude")).hits
    assert (hit.spans, hit.translation_spans) == ((), ((10, 14),))


def test_a_topics_own_sentiment_is_looked_for_and_the_comments_in_earlier_versions() -> None:
    (query,) = _bool(SearchRequest(topic_sentiments=(("Wait*", Label.NEGATIVE),)))["filter"]
    own, inherited = query["bool"]["should"]
    assert own["wildcard"]["feedback.negative_topics"]["value"] == "Wait*"
    topic, label, without = inherited["bool"]["filter"]
    assert topic["wildcard"]["feedback.topics"]["value"] == "Wait*"
    assert label == {"term": {"feedback.sentiment.label": "negative"}}
    assert len(without["bool"]["must_not"]) == 3


def test_with_words_only_their_matches_are_marked() -> None:
    answer = _answer(TEXT, evidence=EVIDENCE, message=f"Waited {MARK}hours{UNMARK}, rude staff")
    assert _mark(SearchRequest(words="hours", topics=("staff",)), answer) == ["hours"]


def test_a_document_without_evidence_is_found_all_the_same() -> None:
    assert _mark(SearchRequest(urgent=True), _answer(TEXT)) == []


def _translated(text: str, translation: str, **highlight: str) -> dict[str, Any]:
    answer = _answer(text, evidence={"sentiment": [[0, 6]]}, **highlight)
    feedback = answer["hits"]["hits"][0]["_source"]["feedback"]
    feedback["translation"] = {"text": translation, "language": "de", "service": "deepl"}
    return answer


def test_evidence_is_marked_in_the_translation_that_was_judged() -> None:
    answer = _translated("Danke schön", "Thanks a lot")
    (hit,) = read_response(answer, SearchRequest(labels=(Label.POSITIVE,))).hits
    assert (hit.text, hit.spans) == ("Danke schön", ())
    assert [hit.translation[slice(*span)] for span in hit.translation_spans] == ["Thanks"]


def test_words_are_marked_where_they_occur_in_the_comment_or_in_its_translation() -> None:
    marked = {"feedback.translation.text": f"{MARK}Thanks{UNMARK} a lot"}
    answer = _translated("Danke schön", "Thanks a lot", **marked)
    (hit,) = read_response(answer, SearchRequest(words="thanks")).hits
    assert [hit.translation[slice(*span)] for span in hit.translation_spans] == ["Thanks"]
    answer = _translated("Danke schön", "Thanks a lot", message=f"{MARK}Danke{UNMARK} schön")
    (hit,) = read_response(answer, SearchRequest(words="danke")).hits
    assert (hit.text, [hit.text[slice(*span)] for span in hit.spans]) == ("Danke schön", ["Danke"])
