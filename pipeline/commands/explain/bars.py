"""Bars of probabilities and of scores, for the output of `feedback explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.enrich.contributions import Score, WordPart
from pipeline.terminal import humanize

GOOD: Final = "green"
BAD: Final = "red"
NAME_WIDTH: Final = 38
BAR_WIDTH: Final = 20
_HALF: Final = 10
_MIN_SHOWN: Final = 0.005


def level_bars(levels: dict[str, float], alone: dict[str, float] | None, style: str) -> Table:
    """Return the probabilities, and those of the text alone if there is a rating."""
    table = Table.grid(padding=(0, 2))
    if alone:
        table.add_row("", "", Text("with rating", "dim"), "", Text("without", "dim"))
    sides = [levels, alone] if alone else [levels]
    for level in levels:
        row = [Text(humanize(level))]
        for side in sides:
            blocks = f"{'█' * round(BAR_WIDTH * side[level]):{BAR_WIDTH}}"
            is_best = side[level] == max(side.values())
            row += [Text(f"{side[level]:>4.0%}"), Text(blocks, style if is_best else "dim")]
        table.add_row(*row)
    return table


def score_bars(score: Score, style: str) -> Table:
    """Return the parts of a score as bars: to the right for it, to the left against it."""
    rows = []
    for part in score.words:
        name = Text(quote(part.text, len(part.spans)))
        for phrase in sorted(part.phrases, key=lambda phrase: -abs(part.phrases[phrase])):
            name.append(f" · {humanize(phrase.partition(':')[2])}", "dim")
        rows.append((name, part.value))
    extras = {
        "other words": score.other_words,
        "question": score.question,
        "rating": score.rating,
        "length": score.length,
        "VADER": score.vader,
        "before anything is read": score.intercept,
    }
    rows += [(Text(name, "italic"), value) for name, value in extras.items()]
    table = diverging_bars(rows, style)
    table.add_row(Text("sum", "bold"), Text(f"{score.score:+.2f}", "bold"))
    return table


def diverging_bars(rows: Sequence[tuple[Text, float]], style: str | None) -> Table:
    """Return names, values and bars; without a style, above 0 is good and below 0 is bad."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=NAME_WIDTH, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right")
    shown = [(name, value) for name, value in rows if abs(value) >= _MIN_SHOWN]
    largest = max((abs(value) for _, value in shown), default=0.0)
    for name, value in shown:
        blocks = "█" * round(_HALF * abs(value) / largest)
        bars = Text(f"{blocks if value < 0 else '':>{_HALF}}", BAD if style is None else "dim")
        bars.append("│", "dim").append(blocks if value > 0 else "", style or GOOD)
        table.add_row(name, f"{value:+.2f}", bars)
    return table


def evidence_line(title: str, parts: Sequence[WordPart]) -> Iterator[RenderableType]:
    """Yield a line that names parts for or against something; none without parts."""
    if parts:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=9, style="dim")
        named = (f"{quote(part.text, len(part.spans))} {part.value:+.2f}" for part in parts)
        line.add_row(f"  {title}", Text(", ".join(named)))
        yield line


def quote(words: str, times: int = 1) -> str:
    """Return words on one line, and how often they occur."""
    line = " ".join(words.split())
    return line if times == 1 else f"{line} ×{times}"
