"""`feedback evaluate`: compares the analysis with labels that readers gave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.model.figures import figures_tables
from pipeline.commands.model.labelled_data import (
    FileArgument,
    LabelOptions,
    MapOption,
    PresetOption,
    ScaleOption,
    SentimentOption,
    TaxonomyOption,
    TopicOption,
    TopicsOption,
    read_labelled,
)
from pipeline.commands.model.train import require_training
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.enrich.loading import load_analyzer
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, out, print_json
from pipeline.training.evaluate import NoLabelledData
from pipeline.training.evaluate import evaluate as judge


def evaluate(
    path: FileArgument,
    preset: PresetOption = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Folder of the model; default: FEEDBACK_MODEL, or the built-in one."),
    ] = None,
    mapping: MapOption = None,
    sentiment: SentimentOption = None,
    sentiment_scale: ScaleOption = None,
    topic: TopicOption = None,
    topics: TopicsOption = None,
    taxonomy: TaxonomyOption = None,
    unseen_only: Annotated[
        bool,
        typer.Option(
            "--unseen-only", help="Leave out comments by authors that the model was trained on."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Evaluate topics and sentiment against labels, and measure the time per comment.

    Runs the whole enrichment as the worker does. A comment in a language that is not scored counts
    as neutral.
    """
    require_training()
    changes = {name: value for name, value in (("model", model), ("taxonomy", taxonomy)) if value}
    # The model is judged, also where a scorer takes its place.
    analyzer = load_analyzer(settings().model_copy(update={**changes, "scorer": None}), changes)
    options = LabelOptions(preset, mapping or [], sentiment, sentiment_scale, topic or [], topics)
    examples = read_labelled(path, options).examples
    try:
        figures = judge(examples, analyzer, unseen_only=unseen_only)
    except NoLabelledData as error:
        raise CommandError(f"evaluating {path}: {error}", ExitStatus.BAD_INPUT) from None
    seen = figures["of_writers_trained_on"]
    if seen:
        err.print(
            f"[yellow]{seen:,} of these comments are by authors that the model was trained on: "
            "the figures are too good.[/] --unseen-only leaves them out; the model card has "
            "figures for unseen authors.",
            soft_wrap=True,
        )
    if json:
        print_json(figures)
    else:
        out.print(figures_tables(figures))
