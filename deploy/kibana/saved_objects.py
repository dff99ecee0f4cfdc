"""The saved objects that Kibana imports: data views, saved searches, charts, dashboard.

Pure functions that return plain dicts. Each object declares the version of its format; Kibana 9
migrates older formats and rejects newer ones.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from deploy.kibana import charts
from deploy.kibana.lens import DATA_VIEW, saved_object
from schemas.alert_documents import ALERTS_INDEX
from schemas.documents import READ_ALIAS

DASHBOARD: Final = "feedback-overview"
ALERTS_VIEW: Final = "feedback-alerts"
_PLACE_AND_TEXT: Final = ("feedback.site", "feedback.service", "feedback.topics", "message")
_SEARCH_INDEX: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"
_CORE_VERSION: Final = "8.8.0"
_PANEL_VERSION: Final = "8.9.0"

_LAYOUT: Final = (
    # chart, x, y, width, height; Kibana's grid has 48 columns
    (charts.total(), 0, 0, 12, 7),
    (charts.negative_share(), 12, 0, 12, 7),
    (charts.stars(), 24, 0, 12, 7),
    (charts.fft(), 36, 0, 12, 7),
    (charts.volume(), 0, 7, 24, 13),
    (charts.negative_share_by_site(), 24, 7, 24, 13),
    (charts.urgent_by_reason(), 0, 20, 24, 12),
    (charts.interactions(), 24, 20, 24, 12),
    (charts.sites(), 0, 32, 24, 14),
    (charts.topics(), 24, 32, 24, 14),
    (charts.services(), 0, 46, 16, 12),
    (charts.sources(), 16, 46, 16, 12),
    (charts.languages(), 32, 46, 16, 12),
)

SavedObject = dict[str, Any]


def saved_objects() -> list[SavedObject]:
    """Return every object, each after the ones that it references."""
    return [
        data_view(DATA_VIEW, READ_ALIAS, "Feedback"),
        data_view(ALERTS_VIEW, ALERTS_INDEX, "Feedback alerts"),
        alerts_search(),
        urgent_search(),
        negative_search(),
        *(saved_object(chart) for chart, *_ in _LAYOUT),
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


def alerts_search() -> SavedObject:
    """Return the search for spike alerts, resolved ones too, newest first."""
    return _search(
        "feedback-spikes",
        "Spike alerts",
        "More negative or urgent feedback than usual, newest first.",
        view=ALERTS_VIEW,
        query="event.kind: alert",
        columns=["alert.state", "alert.severity", "message"],
    )


def urgent_search() -> SavedObject:
    """Return the search for urgent comments, newest first."""
    return _search(
        "feedback-urgent",
        "Urgent feedback",
        "Urgent comments, newest first.",
        query="feedback.urgent: true",
        columns=["feedback.urgent_reasons", *_PLACE_AND_TEXT],
    )


def negative_search() -> SavedObject:
    """Return the search for negative comments, newest first."""
    return _search(
        "feedback-negative",
        "Negative feedback",
        "Negative comments, newest first.",
        query="feedback.sentiment.label: negative",
        columns=["feedback.sentiment.level", "feedback.urgent", *_PLACE_AND_TEXT],
    )


def _search(
    id_: str,
    title: str,
    description: str,
    *,
    query: str,
    columns: list[str],
    view: str = DATA_VIEW,
) -> SavedObject:
    source = {
        "highlightAll": True,
        "version": True,
        "query": {"query": query, "language": "kuery"},
        "filter": [],
        "indexRefName": _SEARCH_INDEX,
    }
    return {
        "type": "search",
        "id": id_,
        "attributes": {
            "title": title,
            "description": description,
            "columns": columns,
            "sort": [["@timestamp", "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
        },
        "references": [{"type": "index-pattern", "id": view, "name": _SEARCH_INDEX}],
        "coreMigrationVersion": _CORE_VERSION,
        "typeMigrationVersion": "7.9.3",
    }


def dashboard() -> SavedObject:
    """Return the dashboard of the last 30 days."""
    placed = [("lens", chart.id, (x, y, w, h)) for chart, x, y, w, h in _LAYOUT]
    placed += [
        ("search", alerts_search()["id"], (0, 58, 48, 10)),
        ("search", urgent_search()["id"], (0, 68, 48, 14)),
        ("search", negative_search()["id"], (0, 82, 48, 18)),
    ]
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


def _panel(kind: str, id_: str, place: tuple[int, int, int, int]) -> dict[str, Any]:
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
