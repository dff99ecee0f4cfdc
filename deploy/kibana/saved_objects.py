"""The saved objects that Kibana imports: data views, saved searches, charts, dashboard.

Pure functions that return plain dicts. Each object declares the version of its format; Kibana 9
migrates older formats and rejects newer ones.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from deploy.kibana.charts import Place, SearchSpec, load_dashboard
from deploy.kibana.lens import DATA_VIEW, saved_object
from schemas.alert_documents import ALERTS_INDEX
from schemas.documents import READ_ALIAS

DASHBOARD: Final = "feedback-overview"
ALERTS_VIEW: Final = "feedback-alerts"
_SEARCH_INDEX: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"
_CORE_VERSION: Final = "8.8.0"
_PANEL_VERSION: Final = "8.9.0"

_SPEC: Final = load_dashboard()

SavedObject = dict[str, Any]


def saved_objects() -> list[SavedObject]:
    """Return every object, each after the ones that it references."""
    return [
        data_view(DATA_VIEW, READ_ALIAS, "Feedback"),
        data_view(ALERTS_VIEW, ALERTS_INDEX, "Feedback alerts"),
        *map(_search, _SPEC.searches),
        *(saved_object(chart.build()) for chart in _SPEC.charts),
        dashboard(),
    ]


def ndjson() -> bytes:
    """Return the body of ``POST /api/saved_objects/_import``, one object per line."""
    lines = (orjson.dumps(saved, option=orjson.OPT_SORT_KEYS) for saved in saved_objects())
    return b"\n".join(lines) + b"\n"


def data_view(id_: str, index: str, name: str) -> SavedObject:
    """Return the data view of an index or alias."""
    return {
        "type": "index-pattern",
        "id": id_,
        "attributes": {"title": index, "name": name, "timeFieldName": "@timestamp"},
        "references": [],
        "coreMigrationVersion": _CORE_VERSION,
        "typeMigrationVersion": "8.0.0",
    }


def _search(search: SearchSpec) -> SavedObject:
    source = {
        "highlightAll": True,
        "version": True,
        "query": {"query": search.query, "language": "kuery"},
        "filter": [],
        "indexRefName": _SEARCH_INDEX,
    }
    return {
        "type": "search",
        "id": search.id,
        "attributes": {
            "title": search.title,
            "description": search.description,
            "columns": search.columns,
            "sort": [["@timestamp", "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
        },
        "references": [{"type": "index-pattern", "id": search.view, "name": _SEARCH_INDEX}],
        "coreMigrationVersion": _CORE_VERSION,
        "typeMigrationVersion": "7.9.3",
    }


def dashboard() -> SavedObject:
    """Return the dashboard of the last 30 days."""
    placed = [("lens", chart.id, chart.place) for chart in _SPEC.charts]
    placed += [("search", search.id, search.place) for search in _SPEC.searches]
    options = {
        "useMargins": True,
        "syncColors": False,
        "syncCursor": True,
        "syncTooltips": False,
        "hidePanelTitles": False,
    }
    source = {"query": {"query": "", "language": "kuery"}, "filter": []}
    return {
        "type": "dashboard",
        "id": DASHBOARD,
        "attributes": {
            "title": "Feedback overview",
            "description": "Feedback by site, topic, source and time.",
            "panelsJSON": _json([_panel(kind, id_, place) for kind, id_, place in placed]),
            "optionsJSON": _json(options),
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
            "timeRestore": True,
            "timeFrom": "now-30d/d",
            "timeTo": "now",
            "refreshInterval": {"pause": True, "value": 60_000},
        },
        "references": [
            {"type": kind, "id": id_, "name": f"{id_}:panel_{id_}"} for kind, id_, _ in placed
        ],
        "coreMigrationVersion": _CORE_VERSION,
        "typeMigrationVersion": "8.7.0",
    }


def _panel(kind: str, id_: str, place: Place) -> dict[str, Any]:
    x, y, w, h = place
    return {
        "version": _PANEL_VERSION,
        "type": kind,
        "gridData": {"x": x, "y": y, "w": w, "h": h, "i": id_},
        "panelIndex": id_,
        "embeddableConfig": {"enhancements": {}},
        "panelRefName": f"panel_{id_}",
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
