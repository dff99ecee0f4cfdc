"""Calendar periods in a time zone, as in Elasticsearch's ``calendar_interval``."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from schemas.score import Period, PeriodName

_DAYS_BY_DAY = 21
_DAYS_BY_WEEK = 120
_DAYS_BY_MONTH = 1_100


def period_at(name: PeriodName, moment: datetime, zone: tzinfo) -> Period:
    """Return the period that contains a moment; ``name`` is not custom."""
    day = moment.astimezone(zone).date()
    if name is PeriodName.DAY:
        first = day
    elif name is PeriodName.WEEK:
        first = day - timedelta(days=day.weekday())
    elif name is PeriodName.MONTH:
        first = day.replace(day=1)
    else:
        first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return Period(name=name, start=_midnight(first, zone), end=_midnight(_next(name, first), zone))


def previous_period(period: Period, zone: tzinfo) -> Period:
    """Return the period before; for a custom one, the equally long one that ends where it begins.

    Equally long means as many months if it has whole months, else as many days and hours.
    """
    if period.name is not PeriodName.CUSTOM:
        return period_at(period.name, period.start - timedelta(microseconds=1), zone)
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in _ends(period))
    if all(moment == moment.replace(day=1, hour=0, minute=0, second=0) for moment in (start, end)):
        months = 2 * _months(start) - _months(end)
        began = datetime(months // 12, months % 12 + 1, 1, tzinfo=zone)
    else:
        began = (start - (end - start)).replace(tzinfo=zone)
    return Period(name=PeriodName.CUSTOM, start=began, end=period.start)


def last_complete_period(name: PeriodName, now: datetime, zone: tzinfo) -> Period:
    """Return the last period that is over at ``now``."""
    return previous_period(period_at(name, now, zone), zone)


def preceding_periods(period: Period, count: int, zone: tzinfo) -> list[Period]:
    """Return ``count`` calendar periods, the last of which is ``period``."""
    periods = [period]
    while len(periods) < count:
        periods.append(previous_period(periods[-1], zone))
    return periods[::-1]


def split_period(period: Period, step: PeriodName, zone: tzinfo) -> list[Period]:
    """Split a period into calendar periods; the first and the last may be cut off."""
    steps = []
    start = period.start
    while start < period.end:
        whole = period_at(step, start, zone)
        end = min(whole.end, period.end)
        cut = (start, end) != _ends(whole)
        name = PeriodName.CUSTOM if cut else step
        steps.append(Period(name=name, start=start, end=end))
        start = end
    return steps


def default_step(period: Period) -> PeriodName:
    """Return the step by which a period of this length is divided by default."""
    days = (period.end - period.start).days
    if days <= _DAYS_BY_DAY:
        return PeriodName.DAY
    if days <= _DAYS_BY_WEEK:
        return PeriodName.WEEK
    return PeriodName.MONTH if days <= _DAYS_BY_MONTH else PeriodName.QUARTER


def format_period(period: Period, zone: tzinfo) -> str:
    """Format as March 2026, week of 2 March 2026, 2026 Q1, 1 March to 4 April 2026."""
    start, end = (moment.astimezone(zone) for moment in _ends(period))
    if period.name is PeriodName.MONTH:
        return f"{start:%B %Y}"
    if period.name is PeriodName.QUARTER:
        return f"{start.year} Q{(start.month + 2) // 3}"
    if period.name is PeriodName.WEEK:
        return f"week of {_format_day(start)}"
    if period.name is PeriodName.DAY:
        return _format_day(start)
    return f"{_format_moment(start)} to {_format_moment(end, last=True)}"


def format_period_short(period: Period, zone: tzinfo) -> str:
    """Format for the axis of a plot: Mar 26, 2 Mar, Q1 26."""
    start = period.start.astimezone(zone)
    if period.name is PeriodName.MONTH:
        return f"{start:%b %y}"
    if period.name is PeriodName.QUARTER:
        return f"Q{(start.month + 2) // 3} {start:%y}"
    return f"{start.day} {start:%b}"


def _next(name: PeriodName, first: date) -> date:
    if name is PeriodName.DAY:
        return first + timedelta(days=1)
    if name is PeriodName.WEEK:
        return first + timedelta(days=7)
    months = first.month - 1 + (1 if name is PeriodName.MONTH else 3)
    return date(first.year + months // 12, months % 12 + 1, 1)


def _months(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _midnight(day: date, zone: tzinfo) -> datetime:
    # If clocks skip midnight, this is the instant at which they do: the day's first.
    return datetime.combine(day, time.min, zone)


def _ends(period: Period) -> tuple[datetime, datetime]:
    return period.start, period.end


def _format_day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _format_moment(moment: datetime, *, last: bool = False) -> str:
    """Format a moment, without the time at midnight; an end at midnight as the day before."""
    if moment.time() == time.min:
        return _format_day(moment - timedelta(days=1) if last else moment)
    return f"{_format_day(moment)} {moment:%H:%M}"
