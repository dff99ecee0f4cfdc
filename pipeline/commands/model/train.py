"""`feedback train`: trains a model, and writes it with its card and plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
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
from pipeline.enrich.data_files import translate_load_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.terminal import err, out, print_json, print_note
from pipeline.training.corpora import FORMATS, Corpus, read_corpus
from pipeline.training.examples import Examples
from pipeline.training.labelled_text import WRITTEN


def train(
    path: FileArgument,
    preset: PresetOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Output folder; default: model-TAXONOMY."),
    ] = None,
    mapping: MapOption = None,
    sentiment: SentimentOption = None,
    sentiment_scale: ScaleOption = None,
    topic: TopicOption = None,
    topics: TopicsOption = None,
    taxonomy: TaxonomyOption = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="Lexicon of set phrases (TOML); default: healthcare.")
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=FILE",
            help="Further labelled texts to learn from: nhs-phase1, vader (its ground truth) or "
            "written (without FILE: the package's invented comments); repeatable.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Random seed; the same seed and file give the same model.")
    ] = 7,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing model.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train the topic and sentiment model on labelled comments.

    The figures are cross-validated, with no author in both training and test data; the model itself
    is trained on everything. Use it with FEEDBACK_MODEL=FOLDER.
    """
    require_training()
    # scikit-learn and matplotlib are an optional extra, whose absence is an error in one line.
    from pipeline.training import report
    from pipeline.training import train as training

    taxonomy_, words = _data_files(taxonomy or settings().taxonomy, lexicon)
    folder = output or Path(f"model-{taxonomy_.name}")
    if (folder / "model.npz").exists() and not force:
        raise CommandError(
            f"writing {folder}: it has a model already; --force overwrites it", ExitStatus.USAGE
        )
    options = LabelOptions(preset, mapping or [], sentiment, sentiment_scale, topic or [], topics)
    read = read_labelled(path, options)
    corpora = [_read_corpus(option) for option in corpus or ()]
    _warn_of_unknown_topics(read.examples, taxonomy_)
    try:
        with _progress() as show:
            trained = training.train(
                read.examples,
                taxonomy_,
                words,
                data=read.data,
                corpora=corpora,
                seed=seed,
                progress=show,
            )
    except training.InsufficientData as error:
        raise CommandError(f"training on {path}: {error}", ExitStatus.BAD_INPUT) from None
    try:
        trained.parameters.save(folder, trained.card)
        report.write_report(folder, trained)
    except OSError as error:
        reason = (error.strerror or "write failed").lower()
        raise CommandError(f"writing {folder}: {reason}") from None
    if json:
        print_json({"model": str(folder), "version": trained.card.version, **trained.card.figures})
    else:
        out.print(figures_tables(trained.card.figures))
        print_note(f"wrote {folder}: use it with FEEDBACK_MODEL={folder}")


def _read_corpus(option: str) -> Corpus:
    """Read a corpus, given as FORMAT=FILE; raises ``CommandError``."""
    if option == "written":
        return read_corpus("written", WRITTEN)
    kind, _, name = option.partition("=")
    if kind not in FORMATS or not name:
        raise CommandError(
            f"reading --corpus {option!r}: expected FORMAT=FILE, with one of the formats "
            f"{', '.join(FORMATS)}",
            ExitStatus.USAGE,
        )
    try:
        return read_corpus(kind, Path(name))
    except OSError as error:
        reason = (error.strerror or "read failed").lower()
        raise CommandError(f"reading {name}: {reason}", ExitStatus.BAD_INPUT) from None
    except ValueError as error:
        raise CommandError(f"reading {name}: {error}", ExitStatus.BAD_INPUT) from None


def require_training() -> None:
    """Raise ``CommandError`` if the extra is not installed."""
    if not all(map(find_spec, ("matplotlib", "sklearn"))):
        raise CommandError(
            "this needs the extra: pip install 'feedback-pipeline[train]'", ExitStatus.USAGE
        )


def _data_files(taxonomy: Path | None, lexicon: Path | None) -> tuple[Taxonomy, Any]:
    with translate_load_errors("reading taxonomy and lexicon"):
        return Taxonomy.load(taxonomy), Lexicon.load(lexicon)


def _warn_of_unknown_topics(examples: Examples, taxonomy: Taxonomy) -> None:
    unknown = sorted(set(examples.counts()) - set(taxonomy.topics))
    if unknown:
        shown = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
        print_note(
            f"{len(unknown)} labels are not topics of the taxonomy {taxonomy.name} and "
            f"are ignored: {shown}",
            style="yellow",
        )


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("training: folds and corpora for the figures, then the model", total=1)
        yield lambda done, of: bar.update(task, completed=done, total=of)
