"""``python -m bench.alerts``: simulate, judge, write docs/alerting.md and docs/alerting.png."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bench.alerts import nhs, ours, page, speed, verdicts, walk
from bench.alerts.hospitals import Hospitals, Size, simulate
from pipeline.alerting.options import Options

DOCS: Final = Path(__file__).parents[2] / "docs"
BUDGET: Final = 1.5e-4
"""False alarms a key and day: one a day for 6,800 keys."""


def compare(title: str, hospitals: Hospitals) -> page.Comparison:
    """Everybody's verdict on the same counts."""
    truth = verdicts.truth_of(hospitals)
    options = Options()
    rules = replace(options.negative, false_alarms_a_day=BUDGET * hospitals.keys)
    fired = ours.run(hospitals, replace(options, negative=rules))
    own = verdicts.judge_ours(hospitals, truth, fired)
    others = verdicts.judge_baselines(hospitals, truth, own)
    limit = verdicts.judge_limit(hospitals, BUDGET)
    return page.Comparison(title, hospitals, truth, [own, *others], limit, BUDGET)


def main() -> None:
    """Run it all; ``--quick`` for a tenth of the sites and nothing written."""
    parser = argparse.ArgumentParser(prog="python -m bench.alerts", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the NHS file")
    parser.add_argument("--quick", action="store_true", help="20 sites, 90 days, write nothing")
    asked = parser.parse_args()
    size = Size(sites=20, days=90) if asked.quick else Size()
    comparisons = [compare("Simulated hospitals", simulate(size))]
    try:
        folder = asked.data or Path("../shared/data")
        real = nhs.resample(folder, sites=24 if asked.quick else 200, days=size.days)
        comparisons.append(compare("Real days of two NHS trusts", real))
    except nhs.NoData as error:
        print(f"skipped: {error}")
    block = page.rendered(comparisons, walk.through(), speed.measure())
    print(block)
    if not asked.quick:
        page.write(DOCS / "alerting.md", block)
        page.draw(comparisons[0], DOCS / "alerting.png")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
