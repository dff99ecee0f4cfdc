"""Parts of Lens visualizations: columns, layers and charts, as Kibana 8.9 and later store them.

A column is a grouping or a metric; the parts of a formula are columns too. Field names come from
the caller and are those of ``schemas.documents``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

RECORDS: Final = "___records___"
"""Lens's field for counting documents."""

DATA_VIEW: Final = "feedback"
LAYER: Final = "layer"
LAYER_REFERENCE: Final = f"indexpattern-datasource-layer-{LAYER}"

# Comments that no scorer could judge, or only by translation, are left out of shares.
_JUDGED: Final = (
    "not feedback.sentiment.label: not_scored and not feedback.sentiment.by_translation: true"
)
_NEGATIVE: Final = f"feedback.sentiment.label: negative and {_JUDGED}"
_MIXED: Final = f"feedback.sentiment.mixed: true and {_JUDGED}"

Column = dict[str, Any]
Columns = dict[str, Column]


@dataclass(frozen=True, slots=True)
class Chart:
    """A Lens visualization before it becomes a saved object."""

    id: str
    title: str
    description: str
    kind: str
    columns: Columns
    visualization: dict[str, Any]
    query: str = ""


def _kuery(query: str) -> dict[str, str]:
    return {"query": query, "language": "kuery"}


def _column(label: str, data_type: str, operation: str, scale: str, **rest: Any) -> Column:
    return {
        "label": label,
        "customLabel": True,
        "dataType": data_type,
        "operationType": operation,
        "scale": scale,
        "isBucketed": data_type != "number",
        **rest,
    }


def by_time(label: str, field: str) -> Column:
    """Group by time, in intervals that fit the selected range."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return _column(label, "date", "date_histogram", "interval", sourceField=field, params=params)


def by_terms(label: str, field: str, *, order_by: str | None = None, size: int = 10) -> Column:
    """Group by the values that are largest in the column ``order_by``, or alphabetically.

    ``order_by`` can't be a formula.
    """
    order: dict[str, Any] = {"type": "alphabetical"}
    if order_by is not None:
        order = {"type": "column", "columnId": order_by}
    params = {
        "size": size,
        "orderBy": order,
        "orderDirection": "asc" if order_by is None else "desc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    return _column(label, "string", "terms", "ordinal", sourceField=field, params=params)


def _number(label: str, operation: str, params: dict[str, Any], **rest: Any) -> Column:
    return _column(label, "number", operation, "ratio", params=params, **rest)


def _format(kind: str, decimals: int) -> dict[str, Any]:
    return {"id": kind, "params": {"decimals": decimals}}


def count(label: str, query: str = "") -> Column:
    """Count documents, optionally only those that match a KQL query."""
    column = _number(label, "count", {"emptyAsNull": False}, sourceField=RECORDS)
    return {**column, "filter": _kuery(query)} if query else column


def average(label: str, field: str, *, decimals: int = 2) -> Column:
    """Average a numeric field."""
    params = {"emptyAsNull": True, "format": _format("number", decimals)}
    return _number(label, "average", params, sourceField=field)


def negative_share(name: str, label: str) -> Columns:
    """Divide the negative comments by those whose sentiment could be judged, in percent."""
    return _share(name, label, _NEGATIVE)


def mixed_share(name: str, label: str) -> Columns:
    """Divide the mixed comments by those whose sentiment could be judged, in percent."""
    return _share(name, label, _MIXED)


def _share(name: str, label: str, query: str) -> Columns:
    formula = f"count(kql='{query}') / count(kql='{_JUDGED}')"
    parts = [f"{name}X0", f"{name}X1"]
    division = {
        "type": "function",
        "name": "divide",
        "args": parts,
        "location": {"min": 0, "max": len(formula)},
        "text": formula,
    }
    whole = {"formula": formula, "isFormulaBroken": False, "format": _format("percent", 0)}
    return {
        parts[0]: count(f"Part of {label}", query),
        parts[1]: count(f"Part of {label}", _JUDGED),
        f"{name}X2": _number(
            f"Part of {label}", "math", {"tinymathAst": division}, references=parts
        ),
        name: _number(label, "formula", whole, references=[f"{name}X2"]),
    }


def metric(accessor: str) -> dict[str, Any]:
    """Draw one column as a large number (``lnsMetric``)."""
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": accessor}


def table(columns: list[str]) -> dict[str, Any]:
    """Draw columns as a table (``lnsDatatable``)."""
    return {
        "layerId": LAYER,
        "layerType": "data",
        "columns": [{"columnId": column} for column in columns],
    }


def bars(
    series: str,
    *,
    x: str,
    y: list[str],
    split: str | None = None,
    colors: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Draw columns over another (``lnsXY``); ``series`` is a type of Lens, as ``bar_stacked``."""
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": x,
        "accessors": y,
        "yConfig": [
            {"forAccessor": accessor, "color": color, "axisMode": "left"}
            for accessor, color in (colors or {}).items()
        ],
    }
    if split is not None:
        layer["splitAccessor"] = split
    shown = {"x": True, "yLeft": True, "yRight": True}
    return {
        "legend": {"isVisible": len(y) > 1 or split is not None, "position": "bottom"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
        "tickLabelsVisibilitySettings": shown,
        "gridlinesVisibilitySettings": shown,
        "preferredSeriesType": series,
        "layers": [layer],
    }


def saved_object(chart: Chart) -> dict[str, Any]:
    """Return the chart as a saved object of type lens."""
    return {
        "type": "lens",
        "id": chart.id,
        "attributes": {
            "title": chart.title,
            "description": chart.description,
            "visualizationType": chart.kind,
            "state": {
                "datasourceStates": {
                    "formBased": {
                        "layers": {
                            LAYER: {
                                "columns": chart.columns,
                                "columnOrder": list(chart.columns),
                                "incompleteColumns": {},
                            }
                        }
                    }
                },
                "visualization": chart.visualization,
                "query": _kuery(chart.query),
                "filters": [],
                "internalReferences": [],
                "adHocDataViews": {},
            },
        },
        "references": [{"type": "index-pattern", "id": DATA_VIEW, "name": LAYER_REFERENCE}],
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": "8.9.0",
    }
