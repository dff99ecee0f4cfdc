"""Find the column with the time of day, and the scale of a measure's column."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from connectors.file.columns.choose_scores import Chooser
from connectors.file.columns.presets import Preset
from connectors.file.columns.profile import Column
from connectors.file.values.certain_dates import is_day_fraction
from connectors.file.values.names import SCHOOL_GRADES, find_scale, is_school_grade, split_words
from connectors.file.values.scales import read_numbers, see_scale
from connectors.file.values.scores import Scale, fold_answer

_CLOCK_WORDS: Final = frozenset({
    "time", "hour", "clock", "zeit", "uhrzeit", "heure", "hora", "ora", "tijd",
})  # fmt: skip
_OTHER_DATES: Final = frozenset({
    "birth", "dob", "birthday", "geburtsdatum", "geboren", "naissance", "nacimiento", "geboorte",
    "closed", "reply", "replied", "responded", "due", "target", "updated", "modified",
    "last", "exported", "published", "admission", "admitted",
})  # fmt: skip
"""Words of names of dates on which comments are not written."""
_WAITING_WORDS: Final = frozenset({"start", "wait", "waiting", "waited"})


def find_date(chooser: Chooser, aside: set[str]) -> str | None:
    """Return the first column of dates, if no name tells the date of the comment.

    Any date near the comment's is better than that of the file.
    """
    dates = [column.name for column in chooser.free_columns(aside) if column.is_date]
    fitting = [name for name in dates if not _OTHER_DATES & set(split_words(name))]
    return next(iter(fitting), None)


def find_time(chooser: Chooser, date: str | None) -> str | None:
    """Return the column with the time of day, if the cells of the date's have none."""
    dates = chooser.column(date).dates if date is not None else None
    if dates is None or dates.has_clock:
        return None
    for column in chooser.free_columns(set()):
        words = set(split_words(column.name))
        if words & _CLOCK_WORDS and not words & _WAITING_WORDS and _holds_times(column):
            return column.name
    return None


def _holds_times(column: Column) -> bool:
    """Return True for times of day, also as workbooks store them, or as dates with a time."""
    if column.is_time or (column.dates is not None and column.is_date and column.dates.has_clock):
        return True
    cells = [cell for cell in column.values if cell.strip()]
    return any(cell.strip() != "0" for cell in cells) and all(map(is_day_fraction, cells))


def see_field_scale(
    measure: str,
    column: Column,
    wording: str,
    preset: Preset,
    stated: tuple[float, float] | None,
) -> Scale:
    """Return the scale that is stated, that the name has, or that the cells show."""
    stated = stated or preset.scales.get(measure)
    words = {fold_answer(word): value for word, value in preset.values.get(measure, {}).items()}
    if words and stated is not None and measure != "fft":
        return Scale(*stated, words)
    named = stated or find_scale(wording)
    is_guess = named is None and measure == "stars" and is_school_grade(wording)
    if is_guess and max(map(abs, read_numbers(column.values)), default=0) <= max(SCHOOL_GRADES):
        return replace(see_scale(measure, column.values, SCHOOL_GRADES), is_seen=False)
    scale = see_scale(measure, column.values, named)
    return replace(
        scale,
        words={**scale.words, **words},
        zero_is_missing=scale.zero_is_missing and stated is None,
        is_seen=scale.is_seen or stated is not None,
    )
