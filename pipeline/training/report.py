"""The model card as a page and two plots next to the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.stages.parameters import LEVELS, Card
from pipeline.stages.score_sentiment import LEVELS as LEVEL_NAMES
from pipeline.stages.score_sentiment import choose_levels
from pipeline.training.examples import NO_LEVEL
from pipeline.training.held_out import HeldOutPredictions
from pipeline.training.train import TrainingResult

PAGE: Final = "card.md"
TOPICS_PLOT: Final = "topics.png"
SENTIMENT_PLOT: Final = "sentiment.png"
_BINS: Final = 10


def write_report(folder: Path, result: TrainingResult) -> None:
    """Write the card's page and plots into the model's folder; raises ``OSError``."""
    (folder / PAGE).write_text(page(result.card), encoding="utf-8")
    if result.card.figures["topics"]["n"]:
        _plot_topics(folder / TOPICS_PLOT, result.card)
    if result.card.figures["sentiment"]["n"]:
        _plot_sentiment(folder / SENTIMENT_PLOT, result.held_out)


def page(card: Card) -> str:
    """Render the card as Markdown."""
    topics, sentiment = card.figures["topics"], card.figures["sentiment"]
    vader = card.figures["vader"]
    lines = [
        f"# Model card: {card.version}",
        "",
        "Linear models over words, pairs of words, letters of words and word vectors. They read a "
        "comment by its sentences and mark what is denied. One gives topics with probabilities; "
        "two give sentiment in five levels: `survey` for comments with a question or a rating, "
        "and `story` for texts alone.",
        "",
        "## Data",
        "",
        *(f"- {name}: {value}" for name, value in card.data.items()),
        "- word vectors: means of all-MiniLM-L6-v2 (Apache 2.0) for single words, reduced to 96 "
        "dimensions and to bytes; no text is sent anywhere, nothing is downloaded",
        "",
        "## Figures",
        "",
        "Five-fold cross-validation, split by respondent: every comment is judged by a model, and "
        "by thresholds, that had not seen its writer. The model itself was trained on all of them.",
        "",
    ]
    if sentiment["n"]:
        lines += [
            f"Sentiment over {sentiment['n']:,} comments: accuracy over five levels "
            f"{sentiment['accuracy_5']:.3f}, macro-F1 {sentiment['macro_f1_5']:.3f}; over three "
            f"levels macro-F1 {sentiment['macro_f1_3']:.3f}, F1 of negative "
            f"{sentiment['f1_negative']:.3f} (VADER alone: {vader['macro_f1_3']:.3f} and "
            f"{vader['f1_negative']:.3f}). Expected calibration error of the level's probability "
            f"{sentiment['calibration_error']:.3f}.",
            "",
            *_group_lines(card.figures),
        ]
    if topics["n"]:
        lines += [
            f"Topics over {topics['n']:,} comments that have at least one: micro-F1 "
            f"{topics['micro_f1']:.3f}, macro-F1 {topics['macro_f1']:.3f}, samples-F1 "
            f"{topics['samples_f1']:.3f}.{_without_and_with(card.figures)}",
            "",
            "| topic | precision | recall | F1 | examples |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} "
            f"| {row['n']} |"
            for name, row in sorted(topics["topics"].items(), key=lambda item: -item[1]["n"])
        ]
        lines.append("")
    lines += _table_lines(
        card.figures.get("topics_by_writing", {}).get("topics", {}),
        "Topics with too few examples are learnt from answers that were written to be learnt "
        "from, and judged on those and on the comments together:",
    )
    lines += _table_lines(
        card.figures.get("topics_by_terms", {}).get("topics", {}),
        "Topics with too few examples are found by their terms:",
    )
    lines += [
        "## Known limits",
        "",
        "- English only. Other languages get no label, and topics by no model.",
        "- It learnt from the data above and nothing else: other services, countries and ways of "
        "writing are likely to score lower. Judge it on your own with `feedback evaluate`.",
        "- Very positive and positive, and neutral and its neighbours, are often confused, as they "
        "are by readers; so is irony.",
        "- Topics with few examples are found less well; see the table. Those with an F1 below "
        "0.3 are not given unless asked for. A comment that reaches no threshold gets its "
        "likeliest topic, if that is likely enough.",
        "- A probability says how often such a finding was right on comments like those above.",
        "",
    ]
    return "\n".join(lines)


def _group_lines(figures: dict[str, Any]) -> list[str]:
    """Return the table of the label's figures by group."""
    groups = {
        "survey: without texts that others wrote too": figures.get("sentiment_without_repeats"),
        **{f"survey: {n} words": row for n, row in figures.get("by_length", {}).items()},
        "the same comments as texts alone, by the story head": figures.get("text_alone"),
        **{f"story, trained without {n}": row for n, row in figures.get("corpora", {}).items()},
    }
    rows = [
        f"| {name} | {row['accuracy_3']:.3f} | {row['f1_negative']:.3f} | {row['negatives']:.2f} "
        f"| {row['true_negatives']:.2f} | {row['calibration_error']:.3f} | {row['n']:,} |"
        for name, row in groups.items()
        if row and row["n"]
    ]
    if not rows:
        return []
    head = "| label over three levels | accuracy | F1 of negative | negative | by readers |"
    return [f"{head} calibration error | comments |", f"|{'---|' * 7}", *rows, ""]


def _without_and_with(figures: dict[str, Any]) -> str:
    once, always = figures["topics_without_repeats"], figures["topics_with_likeliest"]
    if once["micro_f1"] is None:
        return ""
    return (
        f" Without texts that others wrote too: {once['micro_f1']:.3f} and "
        f"{once['macro_f1']:.3f}. If every comment got its likeliest topic at least: "
        f"{always['micro_f1']:.3f} and {always['macro_f1']:.3f}."
    )


def _table_lines(rows: dict[str, Any], title: str) -> list[str]:
    """Return a table of topics, if there are any."""
    if not rows:
        return []
    return [
        title,
        "",
        "| topic | precision | recall | F1 | examples |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} "
            f"| {row['n']} |"
            for name, row in rows.items()
        ),
        "",
    ]


def _plot_topics(path: Path, card: Card) -> None:
    figure, axes = _figure(7, 0.28 * len(card.figures["topics"]["topics"]) + 1.2)
    rows = sorted(card.figures["topics"]["topics"].items(), key=lambda item: item[1]["f1"])
    names = [f"{name} ({row['n']})" for name, row in rows]
    axes.barh(names, [row["f1"] for _, row in rows], color="#4477aa")
    axes.set_xlim(0, 1)
    axes.set_xlabel("F1 on respondents not seen")
    axes.set_title("Topics (examples)")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path)


def _plot_sentiment(path: Path, held_out: HeldOutPredictions) -> None:
    labelled = held_out.levels != NO_LEVEL
    shares, truth = held_out.shares[labelled], held_out.levels[labelled]
    predicted = choose_levels(shares)
    figure, (left, right) = _figure(10, 4.2, columns=2)
    matrix = np.zeros((LEVELS, LEVELS))
    np.add.at(matrix, (truth, predicted), 1)
    part = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    left.imshow(part, cmap="Blues", vmin=0, vmax=1)
    names = [name.replace("_", " ") for name in LEVEL_NAMES]
    left.set_xticks(range(LEVELS), names, rotation=30, ha="right")
    left.set_yticks(range(LEVELS), names)
    for row, column in np.ndindex(LEVELS, LEVELS):
        left.text(
            column,
            row,
            f"{matrix[row, column]:.0f}",
            ha="center",
            va="center",
            color="white" if part[row, column] > 0.5 else "black",
        )
    left.set_xlabel("given")
    left.set_ylabel("by readers")
    left.set_title("Levels on respondents not seen")
    sure = shares[range(len(shares)), predicted]
    right_ones = predicted == truth
    places = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    shown = [place for place in range(_BINS) if (places == place).any()]
    right.plot([0, 1], [0, 1], color="grey", linewidth=1)
    right.plot(
        [sure[places == place].mean() for place in shown],
        [right_ones[places == place].mean() for place in shown],
        marker="o",
    )
    right.set_xlim(0, 1)
    right.set_ylim(0, 1)
    right.set_xlabel("probability of the level")
    right.set_ylabel("share that was right")
    right.set_title("Calibration")
    right.grid(alpha=0.3)
    figure.savefig(path)


def _figure(width: float, height: float, *, columns: int = 1) -> Any:
    # A heavy library for one command. Without pyplot: no window, no state, no backend to choose.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns)
