"""Options and input of `feedback train` and `evaluate`: files with labelled comments."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from connectors.file.columns.presets import Labels, SentimentLabels, get_preset
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from pipeline.commands.ingest.command import build_connector
from pipeline.commands.ingest.pairs import parse_mapping
from pipeline.commands.shared.options import parse_columns
from pipeline.commands.sources.select import translate_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err
from pipeline.training.examples import Examples, label_attributes, to_examples

_RESPONDENTS = "respondents"
"""Key of the pseudonyms: an author must get the same one in every file."""

FileArgument = Annotated[str, typer.Argument(help="CSV or JSON Lines file with labels, also .gz.")]
PresetOption = Annotated[
    str | None, typer.Option(help="Known columns and labels: nhs-fft; or use the options below.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Column of text, question, author, stars, …; repeatable.",
    ),
]
SentimentOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Sentiment column: numbers, or very positive … very negative."
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option(metavar="BEST:WORST", help="Scale of a numeric sentiment, its best end first."),
]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic",
        metavar="TOPIC=COLUMN",
        help="Column that flags comments about a topic; repeatable.",
    ),
]
TopicsOption = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Column that lists topics, separated by ; or |."),
]
TaxonomyOption = Annotated[
    Path | None, typer.Option(help="Taxonomy file; default: FEEDBACK_TAXONOMY, or healthcare.")
]


class LabelOptions(NamedTuple):
    """The options that say which columns hold labels."""

    preset: str | None
    mapping: list[str]
    sentiment: str | None
    scale: str | None
    topic: list[str]
    topics: str | None


class LabelledFile(NamedTuple):
    """Labelled comments, and their origin."""

    examples: Examples
    data: dict[str, str | int]


def read_labelled(path: str, options: LabelOptions) -> LabelledFile:
    """Read a labelled file; raises ``CommandError``."""
    with translate_errors():
        labels: Labels = get_preset(options.preset).labels
    sentiment = labels.sentiment
    if options.sentiment is not None:
        best, worst = _ends(options.scale)
        sentiment = SentimentLabels(column=options.sentiment, best=best, worst=worst)
    named = parse_columns(options.topic, "--topic", "TOPIC=COLUMN")
    topics: dict[str, str] | str = options.topics or {**labels.topics, **named}
    if sentiment is None and not topics:
        raise CommandError(
            "reading labels: name their columns with --sentiment, --topic or --topics, or use a "
            "--preset",
            ExitStatus.USAGE,
        )
    columns = parse_mapping(options.mapping)
    kept = label_attributes(sentiment.column if sentiment else None, topics)
    connector = build_connector(
        {
            "path": path,
            "preset": options.preset,
            "columns": columns["columns"],
            "attributes": {**columns["attributes"], **kept},
            "author_key": _RESPONDENTS,
            "keep_empty_answers": True,
        }
    )
    stats = RunStats()
    with translate_errors():
        records = list(dry_run(connector, stats))
    ends = (sentiment.best, sentiment.worst) if sentiment else (None, None)
    try:
        examples = to_examples(records, best=ends[0], worst=ends[1])
    except ValueError as error:
        name = connector.source.name
        raise CommandError(f"reading {name}: {error}", ExitStatus.BAD_INPUT) from None
    err.print(f"{stats.read:,} rows, {len(examples):,} comments", style="dim")
    data: dict[str, str | int] = {"file": connector.source.name}
    if options.preset is not None:
        data["preset"] = options.preset
    if labels.url:
        data |= {"licence": labels.licence, "url": labels.url}
    return LabelledFile(Examples(examples), data)


def _ends(scale: str | None) -> tuple[Any, Any]:
    if scale is None:
        return 0.0, 0.0  # words need no scale; reading refuses numbers
    try:
        best, worst = (float(end) for end in scale.split(":"))
        if not math.isfinite(best - worst):
            raise ValueError
    except ValueError:
        raise CommandError(
            f"reading --sentiment-scale {scale!r}: it must be BEST:WORST", ExitStatus.USAGE
        ) from None
    return best, worst
