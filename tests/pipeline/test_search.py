"""What is asked of Elasticsearch, and what is read from its answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pipeline.search import (
    MARK,
    UNMARK,
    Hit,
    SearchRequest,
    Sort,
    build_query,
    parse_time,
    read_response,
)
from schemas.documents import mappings
from schemas.feedback import Label

NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC)


def _bool(request: SearchRequest) -> dict[str, Any]:
    query: dict[str, Any] = build_query(request)["query"]["bool"]
    return query


def _answer(text: str, **highlight: str) -> dict[str, Any]:
    hit = {"_source": {"message": text}, "highlight": {k: [v] for k, v in highlight.items()}}
    return {"took": 3, "hits": {"total": {"value": 1}, "hits": [hit]}}


@pytest.mark.parametrize("words", ["", "  "])
def test_no_words_find_everything(words: str) -> None:
    assert _bool(SearchRequest(words=words)) == {"must": [{"match_all": {}}], "filter": []}


def test_words_are_looked_for_in_the_text_and_in_its_language_subfield_where_there_is_one() -> None:
    (query,) = _bool(SearchRequest(words='late "car park"'))["must"]
    assert query["simple_query_string"]["query"] == 'late "car park"'
    assert query["simple_query_string"]["fields"] == ["message^2", "message.*"]


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
        (SearchRequest(words="late", sort=Sort.MOST_NEGATIVE), "feedback.sentiment.label"),
    ],
)
def test_order_is_relevance_for_words_and_else_newest_unless_said(
    request_: SearchRequest, first: str
) -> None:
    assert next(iter(build_query(request_)["sort"][0])) == first


def test_the_label_negative_comes_first_in_the_order_that_most_negative_relies_on() -> None:
    assert min(Label) == Label.NEGATIVE


def test_every_field_asked_for_is_mapped() -> None:
    everything = SearchRequest(
        organizations=("a",), sites=("a",), services=("a",), topics=("a",), themes=("a",),
        labels=("a",), sources=("a",), families=("a",), languages=("a",), since=NOW,
    )  # fmt: skip
    asked = set()
    for query in _bool(everything)["filter"]:
        for each in query.get("bool", {}).get("should", [query]):
            asked |= set(next(iter(each.values())))
    assert len(asked) == 11
    for field in asked:
        mapping: dict[str, Any] = {"properties": mappings()["properties"]}
        for name in field.split("."):
            mapping = mapping["properties"][name]
        assert mapping["type"] in ("keyword", "date")


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


def test_a_date_as_an_end_takes_the_whole_day() -> None:
    assert parse_time("2026-08-01", now=NOW, end_of_day=True) == datetime(2026, 8, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "7y", "2026-13-01", "999999w", "2026-08-01Tx"])
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a date like"):
        parse_time(text, now=NOW)


def test_reads_the_answer() -> None:
    answer = _answer("late") | {
        "aggregations": {"labels": {"buckets": [{"key": "negative", "doc_count": 1}]}}
    }
    result = read_response(answer)
    assert (result.total, result.took_ms, result.labels) == (1, 3, {"negative": 1})
    assert result.hits == (Hit({"message": "late"}, "late"),)


def test_marks_become_spans_in_the_text() -> None:
    marked = f"{MARK}Late{UNMARK} and {MARK}late{UNMARK} again"
    (hit,) = read_response(_answer("Late and late again", message=marked)).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["Late", "late"]


def test_spans_of_the_subfield_are_joined_with_those_of_the_text() -> None:
    answer = _answer(
        "waits and waiting",
        message=f"waits and {MARK}waiting{UNMARK}",
        **{"message.english": f"{MARK}waits{UNMARK} and {MARK}waiting{UNMARK}"},
    )
    (hit,) = read_response(answer).hits
    assert hit.spans == ((0, 5), (10, 17))


def test_a_text_that_holds_marks_itself_is_shown_without_any() -> None:
    (hit,) = read_response(_answer(f"a{MARK}b", message=f"{MARK}a{UNMARK}{MARK}b")).hits
    assert hit.spans == ()
