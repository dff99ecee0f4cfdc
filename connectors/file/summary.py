"""Summary of a file's columns, and of what was guessed or left out, for the user.

Examples are shown of dates, numbers and choices only: never of comments, nor of what names people.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from connectors.file.columns.choose_texts import asks_for_choice, is_refused
from connectors.file.columns.look import name_others
from connectors.file.columns.mapping import MEASURES, join_names
from connectors.file.columns.presets import load_words
from connectors.file.columns.profile import Column
from connectors.file.plan import ReadPlan, count_undated
from connectors.file.values.date_evidence import DateEvidence
from connectors.file.values.dates import build_date_parser
from connectors.file.values.names import join_words, split_words
from connectors.file.values.scores import parse_answer
from connectors.sdk.errors import BadRecord
from connectors.sdk.personal_questions import is_personal

_MAX_EXAMPLE_CHARACTERS: Final = 40
_MAX_NAMES: Final = 12
_PERSON_NAME: Final = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr)\.? )?[A-ZÀ-Þ][\w'’-]*\.?(?: [A-ZÀ-Þ][\w'’-]+){1,3}"
)
_STAFF: Final = frozenset({
    "consultant", "doctor", "nurse", "staff", "clinician", "gp", "name", "names", "midwife",
    "surgeon", "author", "user", "patient", "contact", "phone", "email", "address",
    "respondent",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column as the user is shown it."""

    column: str
    field: str | None
    """None if it is left out."""
    fill: float
    kind: str
    example: str | None
    """None for comments, and for what names people."""
    wording: str | None = None
    """Its question, if its name is not that."""


def list_columns(plan: ReadPlan) -> list[ColumnSummary]:
    """Return all columns in the order of the file, with what they are taken as."""
    fields = {column: field for field, column in plan.mapping.describe().items()}
    fields |= {text.column: "text" for text in plan.mapping.texts}
    for text in plan.mapping.texts:
        fields |= {column: measure for measure, column in text.measures.items()}
    wordings = name_others(plan.look.columns, plan.look.questions)
    return [
        ColumnSummary(
            column=name,
            field=fields.get(name),
            fill=round(column.fill(plan.look.rows), 4),
            kind=_describe_kind(column),
            example=_choose_example(plan, column),
            wording=_describe_wording(name, wordings.get(name, name)),
        )
        for name, column in plan.look.columns.items()
    ]


def describe_scores(plan: ReadPlan) -> dict[str, dict[str, Any]]:
    """Return scale, spread and unreadable answers of each measure."""
    described = {}
    for measure, scale in plan.mapping.scales.items():
        cells = plan.look.columns[plan.mapping.columns[measure]].values
        spread: dict[str, int] = {}
        unreadable = missing = 0
        for cell, count in sorted(cells.items()):
            answer = parse_answer(cell)
            if answer is None or scale.is_missing(answer):
                missing += count
            elif (value := scale.read(answer)) is None:
                unreadable += count
            else:
                spread[f"{value:g}"] = spread.get(f"{value:g}", 0) + count
        described[measure] = {
            "worst": scale.worst,
            "best": scale.best,
            "is_seen": scale.is_seen,
            "spread": dict(sorted(spread.items(), key=lambda pair: float(pair[0]))),
            "unreadable": unreadable,
            "not_answered": missing,
        }
    return described


def describe_dates(plan: ReadPlan) -> dict[str, Any]:
    """Return format, certainty, span, and the number of rows without a readable date."""
    column = plan.mapping.columns.get("created_at")
    evidence = plan.look.columns[column].dates if column is not None else None
    described: dict[str, Any] = {
        "format": plan.mapping.date_format,
        "certainty": plan.dates.certainty,
        "reason": plan.dates.reason,
        "earliest": None,
        "latest": None,
        "unreadable": 0,
        "partial": 0,
        "estimated": plan.estimates_dates,
    }
    if column is None or evidence is None:
        return described
    span = evidence.span(plan.mapping.date_format)
    if span is not None:
        described |= {"earliest": span[0].date(), "latest": span[1].date()}
    described["partial"] = evidence.partial
    described["unreadable"] = _count_undated(plan, column, evidence)
    return described


def list_notes(plan: ReadPlan) -> list[str]:
    """Return what was guessed, left out or can't be read, as sentences."""
    notes = [*_note_dates(plan), *_note_other_dates(plan), *_note_scores(plan), *_note_ids(plan)]
    if plan.look.header_rows:
        notes.append(
            f"rows below the header that belong to it and are left out: {plan.look.header_rows}"
        )
    likely = [
        name
        for name in plan.mapping.left_out
        if plan.look.columns[name].is_text and not is_refused(name) and not asks_for_choice(name)
    ]
    if likely and plan.export is None:
        options = " ".join(f"--map text={name!r}" for name in likely[:3])
        notes.append(f"columns that may hold comments are left out: {options} would read them")
    if plan.mapping.scores_left_out:
        notes.append(
            "columns of scores that are left out (--map csat=COLUMN, or stars, nps, ces, fft, "
            f"reads one): {join_names(plan.mapping.scores_left_out, _MAX_NAMES)}"
        )
    return notes


def as_json(plan: ReadPlan) -> dict[str, Any]:
    """Return all of it, for ``--json``."""
    return {
        "export": plan.export,
        "texts": [text.column for text in plan.mapping.texts],
        "questions": {text.column: text.question for text in plan.mapping.texts},
        "column_summaries": [asdict(summary) for summary in list_columns(plan)],
        "left_out": list(plan.mapping.left_out),
        "scores_left_out": list(plan.mapping.scores_left_out),
        "dates": describe_dates(plan),
        "scores": describe_scores(plan),
        "notes": list_notes(plan),
    }


def show_both_ways(plan: ReadPlan) -> tuple[str, datetime, datetime] | None:
    """Return a date of the file as it is read, and as the other order reads it, if it is open."""
    choice = plan.dates
    if choice.certainty != "guess":
        return None
    try:
        return (
            choice.example,
            build_date_parser(choice.date_format, plan.zone)(choice.example),
            build_date_parser(choice.other, plan.zone)(choice.example),
        )
    except BadRecord:
        return None


def _note_dates(plan: ReadPlan) -> list[str]:
    notes = []
    dates = describe_dates(plan)
    both = show_both_ways(plan)
    if both is not None:
        example, taken, other = both
        notes.append(
            f"nothing in the file tells whether its dates are {plan.dates.date_format} or "
            f"{plan.dates.other}: {example} is read as {taken:%-d %B %Y}, and may be "
            f"{other:%-d %B %Y} (--date-format dmy or mdy)"
        )
    elif plan.dates.certainty == "likely":
        notes.append(
            f"dates are taken as {plan.dates.date_format}, since {plan.dates.reason} "
            "(--date-format dmy or mdy)"
        )
    if dates["partial"]:
        notes.append(
            "dates that name a month, a week or a span are taken as its first day: "
            f"{dates['partial']:,}"
        )
    if dates["unreadable"]:
        what = (
            "get the date of the row before" if plan.estimates_dates else
            "get the time of the file if they have a comment, and are dead-lettered otherwise"
        )  # fmt: skip
        notes.append(f"rows without a readable date, which {what}: {dates['unreadable']:,}")
    return notes


def _note_other_dates(plan: ReadPlan) -> list[str]:
    """Return a note if no name tells which of several dates is that of the comment."""
    name = plan.mapping.columns.get("created_at", "")
    others = [other for other in plan.mapping.left_out if plan.look.columns[other].is_date]
    if not name or not others or plan.export or load_words()["created_at"].rank(name) is not None:
        return []
    return [
        f"{name!r} is taken as the date of the comments; {join_names(others, _MAX_NAMES)} holds "
        "dates, too (--map created_at=COLUMN)"
    ]


def _note_scores(plan: ReadPlan) -> list[str]:
    notes = []
    for measure, score in describe_scores(plan).items():
        column = plan.mapping.columns[measure]
        if not score["is_seen"]:
            notes.append(
                f"nothing shows the scale of {column!r}: it is taken as {score['worst']:g} to "
                f"{score['best']:g} (--scale {measure}=WORST:BEST)"
            )
        if score["unreadable"]:
            notes.append(
                f"cells of {column!r} that can't be read as {measure}: {score['unreadable']:,}"
            )
        if score["not_answered"]:
            notes.append(f"cells of {column!r} that are not answered: {score['not_answered']:,}")
    return notes


def _note_ids(plan: ReadPlan) -> list[str]:
    column = plan.mapping.columns.get("id")
    if column is None or plan.mapping.identity == column:
        return []
    if plan.look.columns[column].is_numbering:
        return [f"{column!r} numbers the rows: a comment's id is made of its cells"]
    return [f"{column!r} does not identify comments: a comment's id is made of its cells"]


def _count_undated(plan: ReadPlan, column: str, evidence: DateEvidence) -> int:
    if "%" in plan.mapping.date_format:
        return 0
    missing = plan.look.rows - plan.look.unreadable - plan.look.columns[column].filled
    if plan.mapping.other_dates or plan.mapping.no_date:
        return 0
    return count_undated(evidence, plan.mapping.date_format, missing)


def _describe_kind(column: Column) -> str:
    if not column.filled:
        return "empty"
    if column.is_date:
        return "dates"
    if column.is_time:
        return "times"
    if column.is_number:
        return "numbers"
    if column.is_link:
        return "links"
    if column.is_text:
        return f"text, {column.words / column.filled:.0f} words each"
    return "choices" if not column.is_open and len(column.values) < 0.5 * column.filled else "words"


def _describe_wording(name: str, wording: str) -> str | None:
    """Return a question, unless it is the name of its column in other words."""
    question = " ".join(wording.split())
    return question if question and join_words(question) != join_words(name) else None


def _choose_example(plan: ReadPlan, column: Column) -> str | None:
    name = column.name
    is_shown = column.is_date or column.is_time or column.is_number or (
        not column.is_open and not column.is_text and not column.is_link)  # fmt: skip
    if not is_shown or not column.values or name in {text.column for text in plan.mapping.texts}:
        return None
    is_place = name in {plan.mapping.columns.get(each) for each in ("site", "service", *MEASURES)}
    if not is_place and (
        (name in plan.mapping.unhashed and not column.is_numbering)
        or is_personal(name)
        or _STAFF & set(split_words(name))
        or column.is_personal
    ):
        return None
    example = " ".join(next(iter(column.values)).split())
    if not is_place and _PERSON_NAME.fullmatch(example):
        return None  # it may be a person's name, whatever its column is called
    return example if len(example) <= _MAX_EXAMPLE_CHARACTERS else None
