"""Calendar periods of a time zone, as Elasticsearch's ``calendar_interval`` has them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from schemas.score import Period, PeriodName

_DAYS_BY_DAY = 21
_DAYS_BY_WEEK = 120
_DAYS_BY_MONTH = 1_100


def period_of(name: PeriodName, moment: datetime, zone: tzinfo) -> Period:
    """The period that holds a moment; ``name`` is not custom."""
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


def before(period: Period, zone: tzinfo) -> Period:
    """The period before; of a custom one, what ends where it begins and is as long.

    As many months where it is of whole months, else as many days and hours by the clock.
    """
    if period.name is not PeriodName.CUSTOM:
        return period_of(period.name, period.start - timedelta(microseconds=1), zone)
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in _ends(period))
    if all(moment == moment.replace(day=1, hour=0, minute=0, second=0) for moment in (start, end)):
        months = 2 * _months(start) - _months(end)
        began = datetime(months // 12, months % 12 + 1, 1, tzinfo=zone)
    else:
        began = (start - (end - start)).replace(tzinfo=zone)
    return Period(name=PeriodName.CUSTOM, start=began, end=period.start)


def last_complete(name: PeriodName, now: datetime, zone: tzinfo) -> Period:
    """The last period that is over at ``now``."""
    return before(period_of(name, now, zone), zone)


def leading_to(period: Period, count: int, zone: tzinfo) -> list[Period]:
    """As many periods of the calendar, the last of which is ``period``."""
    found = [period]
    while len(found) < count:
        found.append(before(found[-1], zone))
    return found[::-1]


def steps_of(period: Period, step: PeriodName, zone: tzinfo) -> list[Period]:
    """The calendar's periods that a custom one touches; the first and the last may be cut off."""
    found = []
    start = period.start
    while start < period.end:
        whole = period_of(step, start, zone)
        end = min(whole.end, period.end)
        cut = (start, end) != _ends(whole)
        name = PeriodName.CUSTOM if cut else step
        found.append(Period(name=name, start=start, end=end))
        start = end
    return found


def usual_step(period: Period) -> PeriodName:
    """By what a period of this length is best divided."""
    days = (period.end - period.start).days
    if days <= _DAYS_BY_DAY:
        return PeriodName.DAY
    if days <= _DAYS_BY_WEEK:
        return PeriodName.WEEK
    return PeriodName.MONTH if days <= _DAYS_BY_MONTH else PeriodName.QUARTER


def title_of(period: Period, zone: tzinfo) -> str:
    """As people write it: March 2026, week of 2 March 2026, 2026 Q1, 1 March to 4 April 2026."""
    start, end = (moment.astimezone(zone) for moment in _ends(period))
    if period.name is PeriodName.MONTH:
        return f"{start:%B %Y}"
    if period.name is PeriodName.QUARTER:
        return f"{start.year} Q{(start.month + 2) // 3}"
    if period.name is PeriodName.WEEK:
        return f"week of {_day(start)}"
    if period.name is PeriodName.DAY:
        return _day(start)
    return f"{_moment(start)} to {_moment(end, last=True)}"


def short_title_of(period: Period, zone: tzinfo) -> str:
    """What fits below a plot: Mar 26, 2 Mar, Q1 26."""
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
    # Where clocks skip midnight this is the instant at which they do: the day's first.
    return datetime.combine(day, time.min, zone)


def _ends(period: Period) -> tuple[datetime, datetime]:
    return period.start, period.end


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _moment(moment: datetime, *, last: bool = False) -> str:
    """The day alone where the moment is a midnight; of an end the day before it, which it ends."""
    if moment.time() == time.min:
        return _day(moment - timedelta(days=1) if last else moment)
    return f"{_day(moment)} {moment:%H:%M}"
