"""The charts and searches of the dashboard, read from ``dashboard.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from deploy.kibana import lens

_DASHBOARD: Final = Path(__file__).with_name("dashboard.toml")
_COLUMNS: Final[dict[str, Callable[..., lens.Column]]] = {
    "by_time": lens.by_time,
    "by_terms": lens.by_terms,
    "count": lens.count,
    "average": lens.average,
}
_SHARES: Final[dict[str, Callable[..., lens.Columns]]] = {
    "negative_share": lens.negative_share,
    "mixed_share": lens.mixed_share,
}
_DRAWINGS: Final[dict[str, tuple[str, Callable[..., dict[str, Any]]]]] = {
    "metric": ("lnsMetric", lens.metric),
    "table": ("lnsDatatable", lens.table),
    "bars": ("lnsXY", lens.bars),
}

Place = tuple[int, int, int, int]
"""X, y, width and height in a dashboard of 48 columns."""


@dataclass(frozen=True)
class ChartSpec:
    """A chart of ``dashboard.toml``."""

    id: str
    title: str
    place: Place
    columns: dict[str, dict[str, Any]]
    drawing: dict[str, Any]
    description: str = ""
    query: str = ""

    def build(self) -> lens.Chart:
        """Return the chart."""
        columns: lens.Columns = {}
        for name, spec in self.columns.items():
            kind, options = _split(spec)
            if kind in _SHARES:
                columns |= _SHARES[kind](name, **options)
            else:
                columns[name] = _COLUMNS[kind](**options)
        kind, options = _split(self.drawing)
        type_, draw = _DRAWINGS[kind]
        return lens.Chart(
            self.id, self.title, self.description, type_, columns, draw(**options), self.query
        )


@dataclass(frozen=True)
class SearchSpec:
    """A saved search of ``dashboard.toml``."""

    id: str
    title: str
    description: str
    place: Place
    query: str
    columns: list[str]
    view: Literal["feedback", "feedback-alerts"] = "feedback"


@dataclass(frozen=True)
class DashboardSpec:
    """``dashboard.toml``."""

    charts: list[ChartSpec]
    searches: list[SearchSpec]


def load_dashboard() -> DashboardSpec:
    """Return the contents of ``dashboard.toml``; raise ``pydantic.ValidationError``."""
    return TypeAdapter(DashboardSpec).validate_python(tomllib.loads(_DASHBOARD.read_text("utf-8")))


def _split(spec: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return spec["kind"], {name: value for name, value in spec.items() if name != "kind"}
