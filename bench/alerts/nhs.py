"""The real dates of the NHS comments: days that are as uneven as days are.

The file has a date for each comment and no time. Its comments are resampled, whole days at a time
and with their sentiment, onto the hours of a day, for several hospitals and half a year; what the
simulation cannot know, how uneven real days and real days' shares are, is then in the counts.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np

from bench.alerts.hospitals import (
    DAY,
    SOURCES,
    Hospitals,
    Size,
    hours_of_a_day,
    plan,
    plant_counts,
)

FILE: Final = "nhs_feedback.csv"
_NEGATIVE: Final = 4.0
_MIN_PER_DAY: Final = 4
_TOPICS: Final = (0.6, 0.3, 0.1)
"""Parts of the comments that are about one thing or another."""
_FOLD: Final = 8  # the file is a sample; the number of comments that came for each in it


class NoData(Exception):
    """The file is not there."""


def resample(folder: Path, *, sites: int, days: int, seed: int = 5) -> Hospitals:
    """Sites with real days, one trust's each; raises :class:`NoData`."""
    path = folder / FILE
    if not path.is_file():
        raise NoData(f"reading {FILE}: it is not in the folder of the data")
    by_trust = _days(path)
    size = Size(sites=sites, topics=len(_TOPICS), days=days, seed=seed)
    rng = np.random.default_rng(seed)
    x = np.zeros((sites, len(SOURCES), len(_TOPICS), size.buckets), dtype=np.uint8)
    n = np.zeros_like(x)
    trusts = sorted(by_trust)
    parts = np.multiply.outer(SOURCES, _TOPICS)[..., None]
    for site in range(sites):
        real = by_trust[trusts[site % len(trusts)]]
        hours = hours_of_a_day(rng)
        for day in range(days):
            negative, scored = real[int(rng.integers(len(real)))]
            span = slice(day * DAY, (day + 1) * DAY)
            bad = rng.poisson(_FOLD * negative * parts * hours)
            good = rng.poisson(_FOLD * (scored - negative) * parts * hours)
            x[site, ..., span] = np.minimum(bad, 120)
            n[site, ..., span] = np.minimum(bad, 120) + np.minimum(good, 70)
    spikes = plan(rng, size)
    usual = [plant_counts(rng, size, spike, x, n) for spike in spikes]
    return Hospitals(size, x, n, spikes, usual)


def _days(path: Path) -> dict[str, list[tuple[int, int]]]:
    """For each trust, its days' negative and judged comments; days of a mass entry are left out,
    which are backfills."""
    counts: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day, sentiment = _date(row["Date"]), row["Comment sentiment"]
            if day is not None and sentiment:
                counts[row["Trust"], day][1] += 1
                counts[row["Trust"], day][0] += float(sentiment) >= _NEGATIVE
    by_trust: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (trust, _), (negative, scored) in sorted(counts.items()):
        by_trust[trust].append((negative, scored))
    for trust, days in by_trust.items():
        most = 5 * float(np.median([scored for _, scored in days])) + _MIN_PER_DAY
        by_trust[trust] = [each for each in days if each[1] <= most]
    return by_trust


def _date(written: str) -> date | None:
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        try:
            return datetime.strptime(written, form).date()
        except ValueError:
            continue
    return None
