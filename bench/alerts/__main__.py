"""``python -m bench.alerts``: simulate, judge, write docs/alerting.md and docs/alerting.png."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.alerts import nhs, ours, page, speed, verdicts, walk
from bench.alerts.hospitals import Hospitals, Size, simulate
from pipeline.watch.detection.options import DetectorOptions

DOCS: Final = Path(__file__).parents[2] / "docs"
BUDGET: Final = 1.5e-4
"""False alarms per key and day: one per day for 6,700 keys."""
REAL_SITES: Final = 600
"""Many, because the budget allows few false alarms and these are to be counted."""
_NONE: Final = np.zeros((0, 0, 0, 0), dtype=np.uint8)


def compare(title: str, hospitals: Hospitals) -> page.Comparison:
    """Return the verdicts on the detector and on each baseline, from the same counts."""
    print(f"{title}: {hospitals.keys:,} keys", file=sys.stderr, flush=True)
    truth = verdicts.compute_truth(hospitals)
    options = DetectorOptions()
    rules = replace(options.negative, false_alarms_a_day=BUDGET * hospitals.keys)
    run = ours.run(hospitals, replace(options, negative=rules), lambda *at: _say(title, *at))
    own = verdicts.judge_ours(hospitals, truth, run.fired)
    others = verdicts.judge_baselines(hospitals, truth, own)
    return page.Comparison(
        title,
        # What follows needs no counts, and they are large.
        replace(hospitals, x=_NONE, n=_NONE),
        replace(truth, clean=np.zeros((0, 0), dtype=np.bool_)),
        [own, *(replace(other, scored=verdicts.UNSCORED) for other in others)],
        verdicts.judge_limit(hospitals, BUDGET),
        BUDGET,
        {half: _gain(hospitals, truth, half, own, others) for half in truth.halves},
        verdicts.alarms_after_loads(hospitals, truth, run.fired),
        verdicts.alarms_of_silence(hospitals, truth, run.fired),
        run.dropped,
        run.events,
    )


def _gain(
    hospitals: Hospitals,
    truth: verdicts.Truth,
    half: str,
    own: verdicts.Verdict,
    others: list[verdicts.Verdict],
) -> verdicts.Gain:
    rival = page.best(others, truth.halves[half][truth.keys])
    return verdicts.bootstrap_gain(hospitals, truth, half, own, rival)


def _say(title: str, day: int, days: int) -> None:
    if day % 10 == 0 or day == days:
        print(f"{title}: day {day} of {days}", file=sys.stderr, flush=True)


def compare_simulated(size: Size) -> page.Comparison:
    """Compare on simulated hospitals."""
    return compare("Simulated hospitals", simulate(size))


def compare_real(folder: Path | None, sites: int, days: int) -> page.Comparison | None:
    """Compare on the days of the NHS file, if it is available."""
    try:
        if folder is None:
            raise nhs.NoData(f"reading {nhs.FILE}: --data names its folder")
        return compare("Real days of two NHS trusts", nhs.resample(folder, sites=sites, days=days))
    except nhs.NoData as error:
        print(f"skipped: {error}", file=sys.stderr)
        return None


def main() -> None:
    """Run it all; ``--quick`` for a tenth of the sites, without writing."""
    parser = argparse.ArgumentParser(prog="python -m bench.alerts", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the NHS file")
    parser.add_argument("--quick", action="store_true", help="20 sites, 90 days, write nothing")
    asked = parser.parse_args()
    size = Size(sites=20, days=90) if asked.quick else Size()
    sites = 24 if asked.quick else REAL_SITES
    speeds = speed.measure()  # before the two that share the machine
    with ProcessPoolExecutor(2, initializer=_strict) as pool:
        drawn = pool.submit(compare_simulated, size)
        resampled = pool.submit(compare_real, asked.data, sites, size.days)
        comparisons = [each for each in (drawn.result(), resampled.result()) if each]
    block = page.render(comparisons, walk.run_walk(), speeds)
    print(block)
    if asked.quick:
        return
    if missing := page.missing_sections(DOCS / "alerting.md", block):
        sys.exit(f"docs/alerting.md is kept as it is: not measured were {', '.join(missing)}")
    page.write(DOCS / "alerting.md", block)
    page.draw(comparisons[0], DOCS / "alerting.png")


def _strict() -> None:
    np.seterr(all="raise", under="ignore")


if __name__ == "__main__":
    _strict()
    main()
