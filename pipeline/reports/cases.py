"""The part of a report that is about cases: asked for here, and worded alike in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.scores.cases import CASE_MEASURES, CaseRow, CaseScores, case_scores
from pipeline.scores.report import Report, ReportContext
from pipeline.search.query import SearchRequest, build_filters
from schemas.case_documents import case_from_document
from schemas.score import MIN_ANSWERS, MeasureName, Score

HEADINGS: Final = ("Measure", "Score", "95 % interval", "n", "Change")
SHOWN_GROUPS: Final = 20
_PAGE: Final = 1_000
_PLACES: Final = ("site", "organization", "service")

Search = Callable[[dict[str, Any]], Mapping[str, Any]]


def gather_cases(
    search: Search, scope: SearchRequest, frame: ReportContext, by: tuple[str, ...]
) -> CaseScores | None:
    """Return the scores of the scope's cases, or None if there are none."""
    start = min(frame.previous.start, frame.period.start).isoformat()
    during = {"range": {"@timestamp": {"gte": start, "lt": frame.period.end.isoformat()}}}
    body: dict[str, Any] = {
        "size": _PAGE,
        "track_total_hits": False,
        "query": {"bool": {"filter": [during, *_filters(scope)]}},
        "sort": [
            {"@timestamp": {"order": "asc", "unmapped_type": "date"}},
            {"event.id": {"order": "asc", "unmapped_type": "keyword"}},
        ],
    }
    cases = []
    while True:
        hits = search(body)["hits"]["hits"]
        cases += [case_from_document(hit["_source"]) for hit in hits]
        if len(hits) < _PAGE:
            break
        body["search_after"] = hits[-1]["sort"]
    return case_scores(
        cases,
        period=frame.period,
        previous=frame.previous,
        scope=frame.scope,
        by=by,
        computed_at=frame.computed_at,
    )


def case_rows(cases: CaseScores) -> Iterator[list[str]]:
    """Yield the cells below :data:`HEADINGS`, for all cases together."""
    for measure in CASE_MEASURES.values():
        score = cases.overall.scores[measure.name]
        yield [measure.title, *_cells(score), f"{score.n:,}", format_change(score)]


def first_place(cases: CaseScores) -> str | None:
    """Return the first place dimension that has groups, or None."""
    return next((name for name in _PLACES if cases.groups.get(name)), None)


def group_headings(dimension: str) -> list[str]:
    """Return the headings of :func:`group_rows`."""
    return [dimension.capitalize(), *(measure.title for measure in CASE_MEASURES.values())]


def group_rows(report: Report, dimension: str) -> Iterator[list[str]]:
    """Yield a row for each of the dimension's first groups."""
    if report.cases is not None:
        for row in report.cases.groups[dimension][:SHOWN_GROUPS]:
            yield [row.name or "", *(_short(row, name) for name in CASE_MEASURES)]


def case_definitions() -> Iterator[tuple[str, str]]:
    """Yield each measure's title and definition."""
    for measure in CASE_MEASURES.values():
        better = "" if measure.name is MeasureName.CASES_OPENED else "; lower is better"
        yield measure.title, f"{measure.definition}{better}; {measure.interval}"


def cases_json(cases: CaseScores) -> dict[str, Any]:
    """Return the scores as JSON; each is a ``Score`` record."""
    return {
        "measures": {
            name.value: {
                "title": measure.title,
                "unit": measure.unit,
                "definition": measure.definition,
                "interval": measure.interval,
            }
            for name, measure in CASE_MEASURES.items()
        },
        "overall": _scores(cases.overall),
        "groups": {
            dimension: [{"name": row.name, "scores": _scores(row)} for row in rows]
            for dimension, rows in cases.groups.items()
        },
    }


def is_better(score: Score) -> bool | None:
    """Return True if a significant change is an improvement; None if it is neither."""
    if not score.changed or score.change is None or score.measure is MeasureName.CASES_OPENED:
        return None
    return score.change < 0


def format_change(score: Score) -> str:
    """Return an arrow and the change, as for all scores."""
    if score.change is None:
        return ""
    arrow = ("▲" if score.change > 0 else "▼") if score.changed else "~"
    return f"{arrow} {_number(score.measure, score.change, signed=True)}"


def _scores(row: CaseRow) -> dict[str, Any]:
    return {
        name.value: score.model_dump(mode="json", exclude_none=True)
        for name, score in row.scores.items()
    }


def _cells(score: Score) -> tuple[str, str]:
    if score.suppressed:
        return "-", f"fewer than {MIN_ANSWERS}" if score.n else ""
    low = "" if score.low is None else _number(score.measure, score.low)
    if score.value is None:
        return "not yet", f"{low} or more" if low else "half are still waiting"
    value = _number(score.measure, score.value)
    if CASE_MEASURES[score.measure].unit == "%":
        value += " %"
    if score.high is None:
        return value, f"{low} or more"
    return value, f"{low} to {_number(score.measure, score.high)}"


def _short(row: CaseRow, name: MeasureName) -> str:
    value, around = _cells(row.scores[name])
    if value == "-":
        return f"n {row.scores[name].n:,}" if row.scores[name].n else ""
    return f"{value} ({around}) {format_change(row.scores[name])}".rstrip()


def _number(measure: MeasureName, value: float, *, signed: bool = False) -> str:
    whole = measure is MeasureName.CASES_OPENED
    return f"{value:{'+' if signed else ''},.{0 if whole else 1}f}"


def _filters(scope: SearchRequest) -> list[dict[str, Any]]:
    fields = {
        "organization.name": scope.organizations,
        "case.site": scope.sites,
        "case.service": scope.services,
        "case.topics": scope.topics,
        "event.dataset": scope.sources,
    }
    return build_filters(fields)
