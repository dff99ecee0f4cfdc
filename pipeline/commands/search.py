"""`feedback search`: find feedback by words and filters, for people or as JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from pipeline.commands._context import out, print_json, settings
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.search import (
    MAX_HITS,
    Hit,
    SearchRequest,
    SearchResult,
    Sort,
    build_query,
    parse_time,
    read_response,
)
from schemas.feedback import Family, Label

if TYPE_CHECKING:
    from pipeline.settings import Settings

_TIMEOUT_S: Final = 8.0
_SHOWN_CHARACTERS: Final = 600
_STYLES: Final = {"positive": "green", "neutral": "yellow", "negative": "bold red"}
_MEASURES: Final = {
    "stars": "{:g} stars", "nps": "NPS {:g}", "csat": "CSAT {:g}", "ces": "CES {:g}",
    "fft": "FFT {:g}",
}  # fmt: skip
# Texts come from strangers: no escape sequence may reach the terminal, nor may the direction
# of writing be turned for what follows.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

_Values = list[str] | None


def _filter(flag: str, what: str) -> Any:
    return typer.Option(flag, help=f"{what}; repeatable, * for any characters.", metavar="TEXT")


def search(
    words: Annotated[
        _Values,
        typer.Argument(
            help='Words that must all occur: "exact phrase", a | b, begin*, and -not after a --.'
        ),
    ] = None,
    site: Annotated[_Values, _filter("--site", "Hospital, branch or app")] = None,
    service: Annotated[_Values, _filter("--service", "Ward, clinic or department")] = None,
    organization: Annotated[_Values, _filter("--organization", "Trust or group")] = None,
    topic: Annotated[_Values, _filter("--topic", "What the comment is about")] = None,
    theme: Annotated[_Values, _filter("--theme", "The topics' group")] = None,
    label: Annotated[list[Label] | None, typer.Option(help="Sentiment; repeatable.")] = None,
    source: Annotated[_Values, _filter("--source", "The connector")] = None,
    family: Annotated[list[Family] | None, typer.Option(help="Repeatable.")] = None,
    language: Annotated[_Values, _filter("--language", "Language found or declared")] = None,
    since: Annotated[
        str | None, typer.Option(help="From: 2026-08-01, or 7d, 24h, 30m, 2w ago (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until: a date, itself included, or as --since.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=MAX_HITS, help="How many to show.")] = 20,
    sort: Annotated[
        Sort | None, typer.Option(help="Default: relevance for words, else newest.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")] = False,
) -> None:
    """Find feedback by words, place, topic, sentiment and time."""
    now = datetime.now(UTC)
    request = SearchRequest(
        words=" ".join(words or ()),
        sites=tuple(site or ()),
        services=tuple(service or ()),
        organizations=tuple(organization or ()),
        topics=tuple(topic or ()),
        themes=tuple(theme or ()),
        labels=tuple(label or ()),
        sources=tuple(source or ()),
        families=tuple(family or ()),
        languages=tuple(language or ()),
        since=_time("--since", since, now, end_of_day=False),
        until=_time("--until", until, now, end_of_day=True),
        limit=limit,
        sort=sort,
    )
    result = run(request, settings())
    if json:
        print_json(as_json(result))
    else:
        show(result)


def run(request: SearchRequest, configuration: Settings) -> SearchResult:
    """Ask Elasticsearch; raises ``Unavailable`` or ``CommandError`` with a sentence for users."""
    from elasticsearch import ApiError, NotFoundError, TransportError, UnsupportedProductError

    from pipeline.sinks.elasticsearch_client import connect, shown_urls
    from schemas.documents import READ_ALIAS

    where = f"Elasticsearch at {shown_urls(configuration)}"
    with connect(configuration) as client:
        try:
            answer = client.options(request_timeout=_TIMEOUT_S).search(
                index=READ_ALIAS, body=build_query(request)
            )
        except NotFoundError:
            raise CommandError(
                f"searching {where}: there is no feedback in it yet; run `feedback setup`, then "
                "bring some in with `feedback ingest` or `feedback demo`"
            ) from None
        except UnsupportedProductError:
            raise Unavailable(f"connecting to {where}: what answers is something else") from None
        except ApiError as error:
            raise _refused(where, error.status_code, error.message) from None
        except TransportError as error:
            raise Unavailable(
                f"connecting to {where}: {_cause(error)}; start one with `feedback up` or set "
                "FEEDBACK_ELASTICSEARCH_URL"
            ) from None
    return read_response(answer.body)


def as_json(result: SearchResult) -> dict[str, Any]:
    """The result for machines; ``highlight`` holds starts and ends of matches in ``message``."""
    return {
        "total": result.total,
        "took_ms": result.took_ms,
        "labels": result.labels,
        "hits": [{**hit.source, "highlight": hit.spans} for hit in result.hits],
    }


def show(result: SearchResult) -> None:
    """Write the result for people."""
    for hit in result.hits:
        out.print(_head(hit))
        if hit.text:
            out.print(_indented(_passage(hit)))
        out.print(_indented(_details(hit.source)))
        out.print()
    if result.total == 0:
        out.print("Nothing found. Fewer words or filters may find more, or | between words.")
        return
    line = Text(f"{result.total:,} found in {result.took_ms} ms, {len(result.hits):,} shown")
    for name in Label:
        if name in result.labels:
            line.append(" · ")
            line.append(f"{name.replace('_', ' ')} {result.labels[name]:,}", _STYLES.get(name, ""))
    out.print(line)


def _time(option: str, text: str | None, now: datetime, *, end_of_day: bool) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_time(text, now=now, end_of_day=end_of_day)
    except ValueError as error:
        raise CommandError(f"reading {option}: {error}", ExitStatus.USAGE) from None


def _refused(where: str, status: int, message: str) -> CommandError:
    if status in (401, 403):
        return CommandError(f"searching {where}: not allowed; check FEEDBACK_ELASTICSEARCH_API_KEY")
    if status in (429, 502, 503, 504):
        return Unavailable(f"searching {where}: it is not ready ({status} {message})")
    return CommandError(f"searching {where}: {status} {message}")


def _cause(error: Exception) -> str:
    from elasticsearch import ConnectionTimeout

    if isinstance(error, ConnectionTimeout):
        return f"no answer within {_TIMEOUT_S:g} s"
    return "no connection"


def _head(hit: Hit) -> Text:
    feedback = hit.source.get("feedback", {})
    head = Text(_moment(hit.source.get("@timestamp", "")), "bold")
    place = (feedback.get("site"), feedback.get("service"))
    for name in filter(None, place):
        head.append(f"  {_clean(name)}", "cyan")
    label = feedback.get("sentiment", {}).get("label", "")
    head.append(f"  {_clean(label).replace('_', ' ')}", _STYLES.get(label, "dim"))
    return head


def _passage(hit: Hit) -> Text:
    """The text with its matches marked; of a long one, what surrounds the first match."""
    first = hit.spans[0][0] if hit.spans else 0
    start = max(0, first - _SHOWN_CHARACTERS // 2) if len(hit.text) > _SHOWN_CHARACTERS else 0
    end = min(len(hit.text), start + _SHOWN_CHARACTERS)
    passage = Text("…" if start else "")
    position = start
    for left, right in hit.spans:
        if right <= start or left >= end:
            continue
        left, right = max(left, start), min(right, end)
        passage.append(_clean(hit.text[position:left]))
        passage.append(_clean(hit.text[left:right]), "bold black on yellow")
        position = right
    passage.append(_clean(hit.text[position:end]))
    passage.append("…" if end < len(hit.text) else "")
    return passage


def _details(source: dict[str, Any]) -> Text:
    feedback = source.get("feedback", {})
    parts = [", ".join(feedback.get("topics", ()))]
    measures = feedback.get("measures", {})
    parts += [
        shape.format(measures[name]["value"])
        for name, shape in _MEASURES.items()
        if name in measures
    ]
    language = feedback.get("language", {})
    parts.append(language.get("detected") or language.get("declared") or "")
    dataset = source.get("event", {}).get("dataset", "")
    parts.append(f"{dataset} {feedback.get('family', '')}".strip())
    return Text(_clean(" · ".join(part for part in parts if part)), "dim")


def _indented(text: Text) -> Any:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, 2))


def _moment(timestamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(UTC):%Y-%m-%d %H:%M}"
    except ValueError:
        return _clean(timestamp)


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)
