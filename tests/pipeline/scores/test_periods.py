"""Calendar periods, in time zones that change their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.scores.periods import (
    default_step,
    format_period,
    format_period_short,
    last_complete_period,
    period_at,
    preceding_periods,
    previous_period,
    split_period,
)
from schemas.score import Period, PeriodName

LONDON = ZoneInfo("Europe/London")
MOMENT = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # 1 April, half past midnight, in London


@pytest.mark.parametrize(
    ("name", "zone", "start", "end", "title"),
    [
        (PeriodName.DAY, UTC, "2026-03-31", "2026-04-01", "31 March 2026"),
        (PeriodName.WEEK, UTC, "2026-03-30", "2026-04-06", "week of 30 March 2026"),
        (PeriodName.MONTH, UTC, "2026-03-01", "2026-04-01", "March 2026"),
        (PeriodName.QUARTER, UTC, "2026-01-01", "2026-04-01", "2026 Q1"),
        (PeriodName.MONTH, LONDON, "2026-04-01", "2026-05-01", "April 2026"),
        (PeriodName.QUARTER, LONDON, "2026-04-01", "2026-07-01", "2026 Q2"),
    ],
)
def test_a_moment_is_in_the_zone_s_period(
    name: PeriodName, zone: ZoneInfo, start: str, end: str, title: str
) -> None:
    period = period_at(name, MOMENT, zone)
    ends = tuple(f"{moment.astimezone(zone):%Y-%m-%d}" for moment in (period.start, period.end))
    assert ends == (start, end)
    assert period.start.astimezone(zone).hour == period.end.astimezone(zone).hour == 0
    assert format_period(period, zone) == title


def test_a_day_on_which_clocks_change_has_23_hours() -> None:
    day = period_at(PeriodName.DAY, datetime(2026, 3, 29, 12, tzinfo=UTC), LONDON)
    assert day.end.astimezone(UTC) - day.start.astimezone(UTC) == timedelta(hours=23)


def test_the_period_before_crosses_the_year_and_the_last_complete_one_is_over() -> None:
    january = period_at(PeriodName.MONTH, datetime(2026, 1, 9, tzinfo=UTC), UTC)
    assert format_period(previous_period(january, UTC), UTC) == "December 2025"
    assert (
        format_period(last_complete_period(PeriodName.QUARTER, january.start, UTC), UTC)
        == "2025 Q4"
    )
    titles = [format_period_short(period, UTC) for period in preceding_periods(january, 3, UTC)]
    assert titles == ["Nov 25", "Dec 25", "Jan 26"]


def _custom(start: str, end: str) -> Period:
    first, last = (datetime.fromisoformat(day).replace(tzinfo=LONDON) for day in (start, end))
    return Period(name=PeriodName.CUSTOM, start=first, end=last)


def test_before_whole_months_are_as_many_months_and_before_days_as_many_days() -> None:
    months = previous_period(_custom("2026-01-01", "2026-04-01"), LONDON)
    assert format_period(months, LONDON) == "1 October 2025 to 31 December 2025"
    days = previous_period(_custom("2026-03-25", "2026-04-04"), LONDON)
    assert format_period(days, LONDON) == "15 March 2026 to 24 March 2026"


def test_a_custom_period_is_divided_by_the_calendar_with_cut_ends() -> None:
    period = _custom("2026-03-25", "2026-05-10")
    steps = split_period(period, PeriodName.MONTH, LONDON)
    assert [period.name for period in steps] == ["custom", "month", "custom"]
    assert (steps[0].start, steps[-1].end) == (period.start, period.end)
    assert default_step(period) is PeriodName.WEEK
