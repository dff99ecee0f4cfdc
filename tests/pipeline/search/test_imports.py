"""Imports counted from the index."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.search.imports import (
    MAX_IMPORTS,
    imports_query,
    named_imports_query,
    prefixed_imports_query,
    read_imports,
)

DAY_MS = 86_400_000


def bucket(key: str) -> dict[str, object]:
    def counts(**values: int) -> dict[str, object]:
        return {"buckets": [{"key": name, "doc_count": count} for name, count in values.items()]}

    return {
        "key": key,
        "doc_count": 7,
        "name": counts(march=7),
        "first": {"value": 2.0 * DAY_MS},
        "last": {"value": 3.0 * DAY_MS},
        "earliest": {"value": 0.0},
        "latest": {"value": 1.0 * DAY_MS},
        "sites": counts(Eastgate=4, Westgate=3),
        "services": counts(),
        "labels": counts(positive=7),
    }


def test_an_import_is_read_from_its_bucket() -> None:
    (found,) = read_imports({"aggregations": {"imports": {"buckets": [bucket("i1")]}}})
    assert (found.import_id, found.name, found.records) == ("i1", "march", 7)
    assert found.dates == (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))
    assert found.imported[1] == datetime(1970, 1, 4, tzinfo=UTC)
    assert found.sites == {"Eastgate": 4, "Westgate": 3}
    assert found.services == {}


def test_an_index_that_does_not_exist_has_no_imports() -> None:
    assert read_imports({"hits": {"hits": []}}) == []


def test_one_import_or_all_are_counted() -> None:
    assert imports_query(limit=5)["query"] == {"exists": {"field": "feedback.attributes.import"}}
    one = imports_query(limit=1, import_id="i1")["query"]
    assert one == {"term": {"feedback.attributes.import": "i1"}}


def test_imports_are_found_by_name_and_by_the_start_of_their_id() -> None:
    named = named_imports_query("march", limit=11)
    assert named["query"] == {"term": {"feedback.attributes.import_name": "march"}}
    assert named["aggs"]["imports"]["terms"]["size"] == 11
    prefixed = prefixed_imports_query("i1", limit=11)["query"]
    assert prefixed == {"prefix": {"feedback.attributes.import": "i1"}}


def test_the_buckets_of_one_response_are_fewer_than_elasticsearch_allows() -> None:
    aggregations = imports_query(limit=MAX_IMPORTS + 1)["aggs"]["imports"]
    inner = [each["terms"].get("size", 10) for each in aggregations["aggs"].values()
             if "terms" in each]  # fmt: skip
    assert aggregations["terms"]["size"] * (1 + sum(inner)) < 65_536
