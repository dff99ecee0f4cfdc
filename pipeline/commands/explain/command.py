"""`feedback explain`: what is found in one comment, and why. Needs neither Kafka nor Elasticsearch.

How it is drawn for people is ``_explain_view``'s.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from pipeline.commands.explain.view import drawn
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.enrich.explanation import Explanation
from pipeline.enrich.explanation import explain as explained
from pipeline.enrich.loading import load_analyzer
from pipeline.errors import CommandError, ExitStatus
from pipeline.stages.score_sentiment import MEASURES
from pipeline.terminal import out, print_json
from schemas.feedback import MAX_TEXT_CHARACTERS, Family, Feedback
from schemas.validation import first_fault

_MOST_BYTES: Final = 4 * MAX_TEXT_CHARACTERS + 1
_WHERE: Final = {"text": "the text", "question": "--question"}


def explain(
    text: Annotated[str, typer.Argument(help="The comment; -: standard input.")],
    question: Annotated[
        str | None, typer.Option(help="The question that it answers.", metavar="TEXT")
    ] = None,
    rating: Annotated[
        str | None,
        typer.Option(
            help="Stars from 1, worst, to 5, best; or another measure on its own scale: fft=4, "
            "stars=2, nps=3, csat=2, ces=6.",
            metavar="[MEASURE=]NUMBER",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show what is found in one comment, and which of its words say so.

    Needs no server. Personal data is hidden first and never shown. Example:

    feedback explain "Nobody rang back." --question "What could we do better?" --rating fft=4
    """
    record = record_of(_written(text), question, rating)
    explanation = explained(load_analyzer(settings()), record)
    if json:
        print_json(as_json(explanation))
    else:
        out.print(drawn(explanation))


def as_json(explanation: Explanation) -> dict[str, Any]:
    """The explanation for machines: see :func:`pipeline.enrich.explanation.explain`."""
    return {
        **asdict(explanation),
        "language": explanation.language.model_dump(),
        "sentiment": explanation.sentiment.model_dump(),
    }


def record_of(text: str, question: str | None, rating: str | None) -> Feedback:
    """The comment as a connector would bring it.

    Raises :class:`~pipeline.errors.CommandError`, which repeats nothing that was written.
    """
    if not text.strip():
        raise CommandError("reading the text: it is empty", ExitStatus.USAGE)
    measures = {} if rating is None else _measure(rating)
    try:
        return Feedback.collect(
            source="explain",
            native_id="1",
            created_at=datetime.now(UTC),
            family=Family.FORM,
            text=text,
            question=None if question is None else _readable(question),
            **measures,
        )
    except ValidationError as error:
        fault = first_fault(error)
        where = _WHERE.get(fault.place.partition(".")[0], "--rating")
    raise CommandError(f"reading {where}: {fault.message}", ExitStatus.USAGE)


def _written(text: str) -> str:
    if text != "-":
        return _readable(text)
    return sys.stdin.buffer.read(_MOST_BYTES).decode("utf-8-sig", "replace").rstrip("\r\n")


def _readable(text: str) -> str:
    """An argument without the halves of characters that stand for bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _measure(rating: str) -> dict[str, dict[str, float]]:
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
