"""`feedback search`: finds feedback by words and filters."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.commands.search.view import render
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.elasticsearch import open_elasticsearch
from pipeline.commands.shared.options import Json, Since, Values, filter_option, parse_time_option
from pipeline.errors import CommandError, ExitStatus
from pipeline.search.hits import Hit
from pipeline.search.query import (
    MAX_HITS,
    SearchRequest,
    SearchResult,
    Sort,
    build_query,
    read_response,
)
from pipeline.settings import Settings
from pipeline.terminal import out, print_json
from schemas.documents import READ_ALIAS, TOPIC_LISTS
from schemas.feedback import Family, Label, Level, Priority


def search(
    words: Annotated[
        Values,
        typer.Argument(
            help='Words that must all occur: "exact phrase", a | b, prefix*; to exclude a word, '
            "write `-- -word`."
        ),
    ] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    service: Annotated[Values, filter_option("--service", "Ward, clinic or department")] = None,
    organization: Annotated[Values, filter_option("--organization", "Trust or group")] = None,
    topic: Annotated[Values, filter_option("--topic", "Topic of the comment")] = None,
    theme: Annotated[Values, filter_option("--theme", "Theme, a group of topics")] = None,
    topic_sentiment: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TOPIC:SENTIMENT",
            help="Topic with its own sentiment, such as waiting_time:negative; repeatable, * "
            "matches any characters.",
        ),
    ] = None,
    label: Annotated[list[Label] | None, typer.Option(help="Sentiment; repeatable.")] = None,
    level: Annotated[
        list[Level] | None, typer.Option(help="Sentiment in five levels; repeatable.")
    ] = None,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Only what both praises and blames.")
    ] = False,
    by_translation: Annotated[
        bool, typer.Option("--by-translation", help="Only where a translation was judged.")
    ] = False,
    contradicts_rating: Annotated[
        bool,
        typer.Option(
            "--contradicts-rating", help="Only where text and rating contradict each other."
        ),
    ] = False,
    urgent: Annotated[bool, typer.Option("--urgent", help="Only urgent feedback.")] = False,
    maybe_urgent: Annotated[
        bool, typer.Option("--maybe-urgent", help="Only what may be urgent: a queue to read.")
    ] = False,
    reason: Annotated[
        Values, filter_option("--reason", "Reason of the urgency, certain or not")
    ] = None,
    interaction: Annotated[
        Values, filter_option("--interaction", "Interaction type of the topics")
    ] = None,
    priority: Annotated[
        list[Priority] | None, typer.Option(help="Priority of the interaction type; repeatable.")
    ] = None,
    source: Annotated[Values, filter_option("--source", "Connector")] = None,
    family: Annotated[list[Family] | None, typer.Option(help="Family; repeatable.")] = None,
    language: Annotated[
        Values, filter_option("--language", "Language, detected or declared")
    ] = None,
    since: Since = None,
    until: Annotated[
        str | None, typer.Option(help="End: a date, inclusive, or as --since.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, max=MAX_HITS, help="Maximum number of results.")
    ] = 20,
    sort: Annotated[
        Sort | None, typer.Option(help="Order; default: relevance for words, otherwise newest.")
    ] = None,
    json: Json = False,
) -> None:
    """Search feedback by words, place, topic, sentiment, urgency and time."""
    request = SearchRequest(
        words=" ".join(words or ()),
        sites=tuple(site or ()),
        services=tuple(service or ()),
        organizations=tuple(organization or ()),
        topics=tuple(topic or ()),
        topic_sentiments=tuple(map(_parse_topic_sentiment, topic_sentiment or ())),
        themes=tuple(theme or ()),
        labels=tuple(label or ()),
        levels=tuple(level or ()),
        mixed=mixed,
        by_translation=by_translation,
        contradicts_rating=contradicts_rating,
        urgent=urgent,
        maybe_urgent=maybe_urgent,
        reasons=tuple(reason or ()),
        interactions=tuple(interaction or ()),
        priorities=tuple(priority or ()),
        sources=tuple(source or ()),
        families=tuple(family or ()),
        languages=tuple(language or ()),
        since=parse_time_option("--since", since),
        until=parse_time_option("--until", until, end_of_day=True),
        limit=limit,
        sort=sort,
    )
    result = run_search(request, settings())
    if json:
        print_json(as_json(result))
    else:
        out.print(render(result))


def _parse_topic_sentiment(text: str) -> tuple[str, Label]:
    """Return the topic and the label of ``waiting_time:negative``; raises ``CommandError``."""
    topic, _, label = text.rpartition(":")
    if not topic or label not in TOPIC_LISTS:
        raise CommandError(
            f"reading --topic-sentiment {text!r}: expected a topic with positive, neutral or "
            "negative, like waiting_time:negative",
            ExitStatus.USAGE,
        )
    return topic, Label(label)


def run_search(request: SearchRequest, configuration: Settings) -> SearchResult:
    """Search Elasticsearch; raises ``Unavailable`` or ``CommandError``."""
    with open_elasticsearch(configuration, "searching feedback") as client:
        response = client.search(index=READ_ALIAS, body=build_query(request))
    return read_response(response.body, request)


def as_json(result: SearchResult) -> dict[str, Any]:
    """Return the result as JSON; ``highlight`` has (start, end) offsets in ``message``.

    ``translation_highlight`` has those in the translation, if there is one. They mark the matches
    of the words, or without words the evidence for the filters.
    """
    return {
        "total": result.total,
        "took_ms": result.took_ms,
        "labels": result.labels,
        "urgent": result.urgent,
        "maybe_urgent": result.maybe_urgent,
        "mixed": result.mixed,
        "by_translation": result.by_translation,
        "hits": list(map(_hit_json, result.hits)),
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    translated = {"translation_highlight": hit.translation_spans} if hit.translation else {}
    return {**hit.source, "highlight": hit.spans, **translated}
