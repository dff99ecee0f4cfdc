"""Small plots as inline SVG: trends and scores of groups, with their intervals.

They need no script, font or file. Colours come from the page's style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from pipeline.terminal import clean

_CHARACTER: Final = 6.6  # about the width of one, at 12 px
_ROW: Final = 26
_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A labelled value with its interval; ``value`` is None if there is nothing to show."""

    label: str
    value: float | None
    low: float = 0.0
    high: float = 0.0
    text: str = ""
    """Text beside the point, or its tooltip."""
    css: str = ""


def line_plot(
    points: Sequence[Point],
    *,
    title: str,
    ends: tuple[float, float],
    width: int = 640,
    height: int = 190,
    level: float | None = None,
) -> Markup:
    """Return a trend as a line with dots, with the interval as a band.

    ``ends`` are the scale's limits.
    ``level`` is marked by a line, such as a target.
    """
    left, right, bottom = 48, 12, 26
    shown = [p for p in points if p.value is not None]
    low, high = _room([*shown, *([] if level is None else [Point("", level, level, level)])], ends)
    inner, tall = width - left - right, height - bottom - _TOP

    def x(place: int) -> float:
        return left + inner * (place + 0.5) / max(1, len(points))

    def y(value: float) -> float:
        return _TOP + tall * (high - value) / (high - low)

    parts = list(_grid(low, high, y, left, width - right))
    if level is not None:
        parts.append(_line(left, y(level), width - right, y(level), "target"))
    for run in _runs(points):
        upper = [f"{x(i):.1f},{y(p.high):.1f}" for i, p in run]
        lower = [f"{x(i):.1f},{y(p.low):.1f}" for i, p in reversed(run)]
        parts.append(f'<polygon class="band" points="{" ".join(upper + lower)}"/>')
        middle = [f"{x(i):.1f},{y(p.value or 0.0):.1f}" for i, p in run]
        parts.append(f'<polyline class="line" points="{" ".join(middle)}"/>')
        if len(run) == 1:
            place, point = run[0]
            parts.append(_line(x(place), y(point.low), x(place), y(point.high), "whisker"))
    each = max(1, round(len(points) * 62 / inner + 0.49))
    for place, point in enumerate(points):
        if point.value is not None:
            parts.append(
                f'<circle class="dot" cx="{x(place):.1f}" cy="{y(point.value):.1f}" r="3.5">'
                f"<title>{_escape(point.text)}</title></circle>"
            )
        # Counted from the last step, which is the reported period.
        if (len(points) - 1 - place) % each == 0:
            parts.append(_text(x(place), height - 8, point.label, "middle"))
    return _svg(width, height, title, parts)


def dot_plot(
    points: Sequence[Point],
    *,
    title: str,
    ends: tuple[float, float],
    width: int = 640,
    level: float | None = None,
) -> Markup:
    """Return one row per group: a dot at its value, a line over its interval, and its text.

    ``level`` is marked by a line through all rows, such as the overall value.
    """
    left = min(250.0, 16 + _CHARACTER * max((len(p.label) for p in points), default=0))
    right = 26 + _CHARACTER * max((len(p.text) for p in points), default=0)
    shown = [p for p in points if p.value is not None]
    low, high = _room([*shown, *([] if level is None else [Point("", level, level, level)])], ends)
    height = _TOP + _ROW * len(points) + 22
    inner = width - left - right

    def x(value: float) -> float:
        return left + inner * (value - low) / (high - low)

    foot = height - 22
    parts = []
    for tick in _ticks(low, high):
        parts.append(_line(x(tick), _TOP, x(tick), foot, "grid"))
        parts.append(_text(x(tick), height - 6, f"{tick:g}", "middle"))
    if level is not None:
        parts.append(_line(x(level), _TOP, x(level), foot, "target"))
    longest = int((left - 12) / _CHARACTER)
    for row, point in enumerate(points):
        middle = _TOP + _ROW * (row + 0.5)
        label = point.label if len(point.label) <= longest else point.label[: longest - 1] + "…"
        parts.append(_text(left - 8, middle + 4, label, "end", full=point.label))
        parts.append(_text(width - right + 18, middle + 4, point.text, "start"))
        if point.value is not None:
            css = f"whisker {point.css}".strip()
            parts.append(_line(x(point.low), middle, x(point.high), middle, css))
            parts.append(
                f'<circle class="{f"dot {point.css}".strip()}" cx="{x(point.value):.1f}" '
                f'cy="{middle:.1f}" r="5"/>'
            )
    return _svg(width, height, title, parts)


def spark(points: Sequence[Point], *, title: str, ends: tuple[float, float]) -> Markup:
    """Return a trend in the size of a word, for a table cell."""
    values = [p.value for p in points if p.value is not None]
    if not values:
        return Markup()
    room = max(max(values) - min(values), (ends[1] - ends[0]) / 10)
    top = (max(values) + min(values) + room) / 2

    def place(step: int, point: Point) -> tuple[str, str]:
        x = 4 + 92 * step / max(1, len(points) - 1)
        return f"{x:.1f}", f"{3 + 18 * (top - (point.value or 0.0)) / room:.1f}"

    parts = []
    for run in _runs(points):
        dots = [place(step, point) for step, point in run]
        parts.append(f'<polyline class="line" points="{" ".join(map(",".join, dots))}"/>')
        if len(dots) == 1:
            parts.append(f'<circle class="dot" cx="{dots[0][0]}" cy="{dots[0][1]}" r="1.6"/>')
    return _svg(100, 24, title, parts, css="spark")


def _room(points: Sequence[Point], ends: tuple[float, float]) -> tuple[float, float]:
    """Return the range to show: all intervals with some margin, within the scale."""
    if not points:
        return ends
    low, high = min(p.low for p in points), max(p.high for p in points)
    air = max((high - low) * 0.08, (ends[1] - ends[0]) * 0.02)
    return max(ends[0], low - air), min(ends[1], high + air)


def _ticks(low: float, high: float) -> list[float]:
    """Return four to eight round numbers in the range."""
    step = 10.0 ** len(str(int(max(1.0, high - low))))
    while (high - low) / step < 4:
        for part in (2, 2.5, 2):
            step /= part
            if (high - low) / step >= 4:
                break
    first = int(low // step) + (1 if low % step else 0)
    ticks = (round(step * number, 6) for number in range(first, int(high // step) + 1))
    return [tick for tick in ticks if low <= tick <= high]


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[int, Point]]]:
    """Yield the runs of points without a gap, with their indexes."""
    run: list[tuple[int, Point]] = []
    for place, point in enumerate(points):
        if point.value is not None:
            run.append((place, point))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _grid(
    low: float, high: float, y: Callable[[float], float], left: float, right: float
) -> Iterator[str]:
    for tick in _ticks(low, high):
        yield _line(left, y(tick), right, y(tick), "grid")
        yield _text(left - 6, y(tick) + 4, f"{tick:g}", "end")


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, full: str = "") -> str:
    hint = f"<title>{_escape(full)}</title>" if full != text and full else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{hint}{_escape(text)}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str], css: str = "") -> Markup:
    style = f'class="{css}" ' if css else ""
    name = _escape(title)
    svg = (
        f'<svg {style}viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{name}">'
        f"<title>{name}</title>{''.join(parts)}</svg>"
    )
    return Markup(svg)  # noqa: S704 - every text in it is escaped


def _escape(text: str) -> str:
    return escape(clean(text))
