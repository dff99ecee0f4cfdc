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


def by_time(label: str, source_field: str) -> Column:
    """Group by time, in intervals that fit the selected range."""
    return {
        "label": label,
        "customLabel": True,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": source_field,
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
    }


def by_terms(
    label: str, source_field: str, *, order_by: str | None = None, size: int = 10
) -> Column:
    """Group by the values that are largest in the column ``order_by``, or alphabetically.

    ``order_by`` can't be a formula.
    """
    order: dict[str, Any] = {"type": "alphabetical"}
    if order_by is not None:
        order = {"type": "column", "columnId": order_by}
    return {
        "label": label,
        "customLabel": True,
        "dataType": "string",
        "operationType": "terms",
        "sourceField": source_field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": size,
            "orderBy": order,
            "orderDirection": "asc" if order_by is None else "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def count(label: str, query: str = "") -> Column:
    """Count documents, optionally only those that match a KQL query."""
    column: Column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "count",
        "sourceField": RECORDS,
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": False},
    }
    if query:
        column["filter"] = _kuery(query)
    return column


def average(label: str, source_field: str, *, decimals: int = 2) -> Column:
    """Average a numeric field."""
    return {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "average",
        "sourceField": source_field,
        "isBucketed": False,
        "scale": "ratio",
        "params": {
            "emptyAsNull": True,
            "format": {"id": "number", "params": {"decimals": decimals}},
        },
    }


def share(name: str, label: str, *, part: str, whole: str) -> Columns:
    """Divide the documents that match the KQL query ``part`` by those of ``whole``, in percent."""
    formula = f"count(kql='{part}') / count(kql='{whole}')"
    parts = [f"{name}X0", f"{name}X1"]
    ratio: Column = {
        "label": f"Part of {label}",
        "customLabel": True,
        "dataType": "number",
        "operationType": "math",
        "isBucketed": False,
        "scale": "ratio",
        "params": {
            "tinymathAst": {
                "type": "function",
                "name": "divide",
                "args": parts,
                "location": {"min": 0, "max": len(formula)},
                "text": formula,
            }
        },
        "references": parts,
    }
    whole_column: Column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "formula",
        "isBucketed": False,
        "scale": "ratio",
        "params": {
            "formula": formula,
            "isFormulaBroken": False,
            "format": {"id": "percent", "params": {"decimals": 0}},
        },
        "references": [f"{name}X2"],
    }
    return {
        parts[0]: count(f"Part of {label}", part),
        parts[1]: count(f"Part of {label}", whole),
        f"{name}X2": ratio,
        name: whole_column,
    }


def metric(accessor: str) -> dict[str, Any]:
    """Draw one column as a large number (``lnsMetric``)."""
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": accessor}


def table(*columns: str) -> dict[str, Any]:
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
    y: tuple[str, ...],
    split: str | None = None,
    colors: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Draw columns over another (``lnsXY``); ``series`` is a type of Lens, as ``bar_stacked``."""
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": x,
        "accessors": list(y),
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
