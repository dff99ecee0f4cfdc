"""Kibana's saved objects hold together, checked without a Kibana."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import deploy.kibana
from deploy.kibana.lens import RECORDS
from deploy.kibana.saved_objects import ndjson, saved_objects
from schemas.alert_documents import ALERTS_INDEX
from schemas.documents import INDEX_PATTERN, READ_ALIAS, mappings
from schemas.mappings import load_mappings

OBJECTS = saved_objects()
LENSES = [each for each in OBJECTS if each["type"] == "lens"]
SEARCHES = [each for each in OBJECTS if each["type"] == "search"]
DASHBOARDS = [each for each in OBJECTS if each["type"] == "dashboard"]
WRITTEN = Path(deploy.kibana.__file__).with_name("feedback.ndjson")

# The newest form that Kibana takes is its own; these are the facts that the objects rely on.
VERSIONS = {"index-pattern": "8.0.0", "search": "7.9.3", "lens": "8.9.0", "dashboard": "8.7.0"}


def _fields(properties: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _fields(field["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


MAPPED = set(_fields(mappings()["properties"]))
FIELDS_OF_VIEW = {
    "feedback": MAPPED,
    "feedback-alerts": set(_fields(load_mappings("alerts")["properties"])),
}


def _layers(lens: dict[str, Any]) -> dict[str, Any]:
    layers: dict[str, Any] = lens["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
    return layers


def _columns(lens: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for layer in _layers(lens).values():
        columns |= layer["columns"]
    return columns


def _ids(objects: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in objects]


def _json_strings(value: Any) -> Iterator[str]:
    """Yield every string in an attribute that Kibana parses as JSON."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name.endswith("JSON"):
                yield each
            yield from _json_strings(each)


def _kql_fields(query: str) -> set[str]:
    return set(re.findall(r"([\w@.]+):", query))


def test_the_committed_file_is_current() -> None:
    assert WRITTEN.read_bytes() == ndjson(), "run `python -m deploy.kibana`"


def test_every_line_is_json_and_so_is_each_text_inside_that_should_be() -> None:
    lines = ndjson().decode().splitlines()
    assert [json.loads(line) for line in lines] == OBJECTS
    nested = [text for each in OBJECTS for text in _json_strings(each["attributes"])]
    assert len(nested) == 7
    assert all(json.loads(text) for text in nested)


def test_types_and_ids_are_unique() -> None:
    keys = [(each["type"], each["id"]) for each in OBJECTS]
    assert len(keys) == len(set(keys))


def test_every_object_names_the_versions_it_is_written_in() -> None:
    assert {each["coreMigrationVersion"] for each in OBJECTS} == {"8.8.0"}
    assert [each["typeMigrationVersion"] for each in OBJECTS] == [
        VERSIONS[each["type"]] for each in OBJECTS
    ]


def test_every_reference_leads_to_an_object_that_comes_before() -> None:
    seen: set[tuple[str, str]] = set()
    for each in OBJECTS:
        assert {(ref["type"], ref["id"]) for ref in each["references"]} <= seen, each["id"]
        seen.add((each["type"], each["id"]))


def test_every_chart_and_search_is_on_the_dashboard() -> None:
    shown = {(ref["type"], ref["id"]) for ref in DASHBOARDS[0]["references"]}
    assert shown == {(e["type"], e["id"]) for e in OBJECTS if e["type"] in ("lens", "search")}


def test_the_data_views_read_alias_and_alerts_by_a_mapped_time() -> None:
    views = {each["id"]: each["attributes"] for each in OBJECTS if each["type"] == "index-pattern"}
    titles = {id_: attributes["title"] for id_, attributes in views.items()}
    assert titles == {"feedback": READ_ALIAS, "feedback-alerts": ALERTS_INDEX}
    for id_, attributes in views.items():
        pattern = INDEX_PATTERN.replace(".", r"\.").replace("*", ".*")
        assert not re.fullmatch(pattern, attributes["title"])
        assert attributes["timeFieldName"] in FIELDS_OF_VIEW[id_]


@pytest.mark.parametrize("search", SEARCHES, ids=_ids(SEARCHES))
def test_a_saved_search_names_its_index_reference_and_mapped_columns(
    search: dict[str, Any],
) -> None:
    source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert [ref["name"] for ref in search["references"]] == [source["indexRefName"]]
    mapped = FIELDS_OF_VIEW[search["references"][0]["id"]]
    assert _kql_fields(source["query"]["query"]) <= mapped
    sorted_by = {field for field, _ in search["attributes"]["sort"]}
    assert sorted_by | set(search["attributes"]["columns"]) <= mapped


def test_alerts_and_what_is_urgent_may_be_or_is_negative_can_be_read_through() -> None:
    assert {
        each["attributes"]["title"]: json.loads(
            each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
        )["query"]["query"]
        for each in SEARCHES
    } == {
        "Spike alerts": "event.kind: alert",
        "Urgent feedback": "feedback.urgent: true",
        "To read soon": "feedback.maybe_urgent: true",
        "Negative feedback": "feedback.sentiment.label: negative",
    }


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_the_column_order_is_the_columns_groups_first(lens: dict[str, Any]) -> None:
    for layer in _layers(lens).values():
        assert layer["columnOrder"] == list(layer["columns"])
        grouped = [layer["columns"][name]["isBucketed"] for name in layer["columnOrder"]]
        assert grouped == sorted(grouped, reverse=True)


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_every_layer_has_the_reference_to_its_data_view(lens: dict[str, Any]) -> None:
    expected = [f"indexpattern-datasource-layer-{name}" for name in _layers(lens)]
    assert [ref["name"] for ref in lens["references"]] == expected


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_every_field_is_mapped_also_in_queries_and_formulas(lens: dict[str, Any]) -> None:
    for column in _columns(lens).values():
        if "sourceField" in column:
            assert column["sourceField"] in MAPPED | {RECORDS}
        assert _kql_fields(column.get("filter", {}).get("query", "")) <= MAPPED
        for query in re.findall(r"kql='([^']*)'", column.get("params", {}).get("formula", "")):
            assert _kql_fields(query) <= MAPPED
    assert _kql_fields(lens["attributes"]["state"]["query"]["query"]) <= MAPPED


def test_no_chart_groups_by_a_nested_field() -> None:
    nested = "feedback.topic_sentiments."
    grouped = {
        column.get("sourceField", "") for lens in LENSES for column in _columns(lens).values()
    }
    assert "feedback.negative_topics" in grouped
    assert not [field for field in grouped if field.startswith(nested)]


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_shares_leave_out_what_was_not_judged_or_only_by_translation(lens: dict[str, Any]) -> None:
    for column in _columns(lens).values():
        for query in re.findall(r"kql='([^']*)'", column.get("params", {}).get("formula", "")):
            assert "not feedback.sentiment.label: not_scored" in query
            assert "not feedback.sentiment.by_translation: true" in query


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_columns_refer_only_to_columns_and_none_is_ordered_by_a_formula(
    lens: dict[str, Any],
) -> None:
    columns = _columns(lens)
    for column in columns.values():
        assert set(column.get("references", ())) <= set(columns)
        order = column.get("params", {}).get("orderBy", {})
        if "columnId" in order:
            assert columns[order["columnId"]]["operationType"] == "count"


@pytest.mark.parametrize("lens", LENSES, ids=_ids(LENSES))
def test_what_is_drawn_are_the_columns_but_for_parts_of_formulas(lens: dict[str, Any]) -> None:
    drawing = lens["attributes"]["state"]["visualization"]
    layers = _layers(lens)
    drawn: list[str] = []
    for layer in drawing.get("layers", [drawing]):
        assert layer["layerId"] in layers
        drawn += [layer[k] for k in ("xAccessor", "splitAccessor", "metricAccessor") if k in layer]
        drawn += layer.get("accessors", [])
        drawn += [column["columnId"] for column in layer.get("columns", [])]
        assert {y["forAccessor"] for y in layer.get("yConfig", ())} <= set(drawn)
    parts = {part for column in _columns(lens).values() for part in column.get("references", ())}
    assert sorted(drawn) == sorted(set(_columns(lens)) - parts)


def test_panels_refer_both_ways() -> None:
    (dashboard,) = DASHBOARDS
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    assert len({panel["panelIndex"] for panel in panels}) == len(panels)
    expected = [
        (f"{panel['panelIndex']}:{panel['panelRefName']}", panel["type"]) for panel in panels
    ]
    assert expected == [(ref["name"], ref["type"]) for ref in dashboard["references"]]


def test_panels_fit_48_columns_and_do_not_overlap() -> None:
    panels = json.loads(DASHBOARDS[0]["attributes"]["panelsJSON"])
    places = [panel["gridData"] for panel in panels]
    assert all(p["x"] >= 0 and p["x"] + p["w"] <= 48 and p["w"] > 0 < p["h"] for p in places)
    for a, b in combinations(places, 2):
        apart_across = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        apart_down = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart_across or apart_down, (a, b)


def test_the_dashboard_restores_its_time() -> None:
    attributes = DASHBOARDS[0]["attributes"]
    assert attributes["timeRestore"]
    assert (attributes["timeFrom"], attributes["timeTo"]) == ("now-30d/d", "now")
