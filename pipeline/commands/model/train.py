"""`feedback train`: from labelled comments to a model, its card and its plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

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
from pipeline.commands.shared.context import settings
from pipeline.enrich.loading import translate_load_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.terminal import err, out, print_json
from pipeline.training.examples import Examples


def train(
    path: FileArgument,
    preset: PresetOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the model; default: model-TAXONOMY."),
    ] = None,
    mapping: MapOption = None,
    sentiment: SentimentOption = None,
    sentiment_scale: ScaleOption = None,
    topic: TopicOption = None,
    topics: TopicsOption = None,
    taxonomy: TaxonomyOption = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="Set phrases (TOML); default: healthcare's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and file give the same model.")] = 7,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a model that is there.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Train topics and sentiment on labelled comments.

    The figures are of comments whose writers the judged models had not seen; the model itself is
    trained on all. Use it with FEEDBACK_MODEL=FOLDER.
    """
    require_training()
    # scikit-learn and matplotlib are an optional extra, whose absence is an error in one line.
    from pipeline.training.report import write_report
    from pipeline.training.train import InsufficientData
    from pipeline.training.train import train as fit

    chosen, words = _data_files(taxonomy or settings().taxonomy, lexicon)
    folder = output or Path(f"model-{chosen.name}")
    if (folder / "model.npz").exists() and not force:
        raise CommandError(
            f"writing {folder}: there is a model already; --force writes over it", ExitStatus.USAGE
        )
    options = LabelOptions(preset, mapping or [], sentiment, sentiment_scale, topic or [], topics)
    read = read_labelled(path, options)
    _warn_of_strangers(read.examples, chosen)
    try:
        with _progress() as show:
            trained = fit(read.examples, chosen, words, data=read.data, seed=seed, progress=show)
    except InsufficientData as error:
        raise CommandError(f"training on {path}: {error}", ExitStatus.BAD_INPUT) from None
    try:
        trained.parameters.save(folder, trained.card)
        write_report(folder, trained)
    except OSError as error:
        reason = (error.strerror or "it fails").lower()
        raise CommandError(f"writing {folder}: {reason}") from None
    if json:
        print_json({"model": str(folder), "version": trained.card.version, **trained.card.figures})
    else:
        out.print(figures_tables(trained.card.figures))
        err.print(f"wrote {folder}: use it with FEEDBACK_MODEL={folder}", soft_wrap=True)


def require_training() -> None:
    """Raise a sentence where the extra is not installed."""
    try:
        import matplotlib  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError:
        raise CommandError(
            "this needs the extra: pip install 'feedback-pipeline[train]'", ExitStatus.USAGE
        ) from None


def _data_files(taxonomy: Path | None, lexicon: Path | None) -> tuple[Taxonomy, Any]:
    with translate_load_errors("reading taxonomy and lexicon"):
        return Taxonomy.load(taxonomy), Lexicon.load(lexicon)


def _warn_of_strangers(examples: Examples, taxonomy: Taxonomy) -> None:
    strangers = sorted(set(examples.counts()) - set(taxonomy.topics))
    if strangers:
        shown = ", ".join(strangers[:5]) + (", …" if len(strangers) > 5 else "")
        err.print(
            f"[yellow]{len(strangers)} labels are no topics of the taxonomy {taxonomy.name} and "
            f"are left out:[/] {shown}",
            soft_wrap=True,
        )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("training, five times to judge and once to keep", total=6)
        yield lambda done, of: bar.update(task, completed=done, total=of)
