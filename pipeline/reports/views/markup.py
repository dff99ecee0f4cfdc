"""The parts that the report's page is made of: sections, figures, tables, cells. All text is
escaped here, but for the cells of a table, which are HTML already.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pipeline.reports import words
from schemas.score import Score


def section(title: str, body: str) -> str:
    """A section with its heading."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def figure(plot: str, note: str, table: str) -> str:
    """A plot, what to say of it, and its numbers."""
    return f"<figure>{plot}<figcaption>{escape(note)}</figcaption></figure>{table}"


def details(summary: str, body: str) -> str:
    """What opens when asked for, and always on paper."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def bullets(lines: Iterable[str]) -> str:
    """Sentences as a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table; the cells are HTML already."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    table = f"<table><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def cell(score: Score) -> str:
    """Score, change, interval and n of a group."""
    if score.value is None or score.low is None or score.high is None:
        return f'<span class="few">n {score.n:,}</span>' if score.n else ""
    value, name = words.valued(score.measure, score.value), score.measure
    around = words.ranged(name, score.low, score.high)
    return f"<b>{value}</b> {change(score)}<br><small>{around}<br>n {score.n:,}</small>"


def change(score: Score) -> str:
    """A change, coloured where it is distinguishable from chance."""
    css = {True: "good", False: "bad", None: "open"}[words.is_better(score)]
    said = words.moved(score)
    return f'<span class="{css}">{escape(said)}</span>' if said else ""
