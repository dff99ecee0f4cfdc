"""`feedback explain`: the analysis of one comment, explained. Needs no server."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from pipeline.commands.explain.view import render
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.enrich.explanation import Explanation
from pipeline.enrich.explanation import explain as explain_comment
from pipeline.enrich.loading import load_analyzer
from pipeline.errors import CommandError, ExitStatus
from pipeline.stages.score_sentiment import MEASURES
from pipeline.terminal import out, print_json
from schemas.feedback import MAX_TEXT_CHARACTERS, Family, Feedback
from schemas.validation import first_fault

_MAX_BYTES: Final = 4 * MAX_TEXT_CHARACTERS + 1
_PLACES: Final = {"text": "the text", "question": "--question"}


def explain(
    text: Annotated[str, typer.Argument(help="The comment; - reads standard input.")],
    question: Annotated[
        str | None, typer.Option(help="The survey question that it answers.", metavar="TEXT")
    ] = None,
    rating: Annotated[
        str | None,
        typer.Option(
            help="Stars from 1 (worst) to 5 (best), or another measure on its scale: fft=4, "
            "stars=2, nps=3, csat=2, ces=6.",
            metavar="[MEASURE=]NUMBER",
        ),
    ] = None,
    scorer: Annotated[
        str | None,
        typer.Option(
            help="Scorer of your own, as in FEEDBACK_SCORER: module:callable or entry point. It is "
            "checked against its contract first.",
            metavar="NAME",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Explain the analysis of one comment: each result with the words behind it.

    Needs no server. Personal data is redacted first and never shown. Example:

    feedback explain "No one rang back." --question "What could we do better?" --rating fft=4
    """
    record = build_record(_read_text(text), question, rating)
    changes = {} if scorer is None else {"scorer": scorer}
    analyzer = load_analyzer(settings().model_copy(update=changes), changes)
    explanation = explain_comment(analyzer, record)
    if json:
        print_json(as_json(explanation))
    else:
        out.print(render(explanation))


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as JSON; see :func:`pipeline.enrich.explanation.explain`."""
    return {
        **asdict(explanation),
        "language": explanation.language.model_dump(),
        "sentiment": explanation.sentiment.model_dump(),
    }


def build_record(text: str, question: str | None, rating: str | None) -> Feedback:
    """Return the comment as a record, as a connector would create it.

    Raises ``CommandError``, whose message contains nothing of the comment.
    """
    if not text.strip():
        raise CommandError("reading the text: it is empty", ExitStatus.USAGE)
    measures = {} if rating is None else _parse_rating(rating)
    try:
        return Feedback.collect(
            source="explain",
            native_id="1",
            created_at=datetime.now(UTC),
            family=Family.FORM,
            text=text,
            question=None if question is None else _replace_surrogates(question),
            **measures,
        )
    except ValidationError as error:
        fault = first_fault(error)
        where = _PLACES.get(fault.place.partition(".")[0], "--rating")
    raise CommandError(f"reading {where}: {fault.message}", ExitStatus.USAGE)


def _read_text(text: str) -> str:
    if text != "-":
        return _replace_surrogates(text)
    return sys.stdin.buffer.read(_MAX_BYTES).decode("utf-8-sig", "replace").rstrip("\r\n")


def _replace_surrogates(text: str) -> str:
    """Replace the surrogates that Python puts for invalid UTF-8 in an argument."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parse_rating(rating: str) -> dict[str, dict[str, float]]:
    name, equals, number = rating.rpartition("=")
    measure = name.strip().lower() if equals else "stars"
    try:
        if measure not in MEASURES:
            raise ValueError
        return {measure: {"value": float(number)}}
    except ValueError:
        raise CommandError(
            "reading --rating: expected a number of stars, or a measure and a number such as "
            f"fft=4 ({', '.join(MEASURES)})",
            ExitStatus.USAGE,
        ) from None
