"""Working hours: open or not, adding working time, counting it, over holidays and clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.settings_file import SettingsFileError
from pipeline.working_hours import WorkingHours, read_working_hours

LONDON = ZoneInfo("Europe/London")
OFFICE = {
    "zone": "Europe/London",
    "days": "mon-fri",
    "times": "08:00-12:00, 13:00-18:00",
    "holidays": ["2026-12-25", "2026-12-28"],
}


def hours(**changed: object) -> WorkingHours:
    return read_working_hours({"hours": {"office": {**OFFICE, **changed}}})["office"]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-20T08:00", True),  # a Friday
        ("2026-11-20T07:59", False),
        ("2026-11-20T12:00", False),
        ("2026-11-20T17:59", True),
        ("2026-11-20T18:00", False),
        ("2026-11-21T10:00", False),
        ("2026-12-25T10:00", False),
        ("2026-07-01T08:30", True),
    ],
)
def test_open_is_by_the_clock_of_the_zone(at: str, expected: bool) -> None:
    assert hours().is_open(local(at)) is expected
    assert hours().is_open(local(at).astimezone(UTC)) is expected


@pytest.mark.parametrize(
    ("at", "minutes", "expected"),
    [
        ("2026-11-20T09:00", 60, "2026-11-20T10:00"),
        ("2026-11-20T11:30", 60, "2026-11-20T13:30"),  # over lunch
        ("2026-11-20T17:30", 60, "2026-11-23T08:30"),  # over the weekend
        ("2026-11-20T17:00", 60, "2026-11-20T18:00"),  # used up just then
        ("2026-11-21T09:00", 0, "2026-11-23T08:00"),
        ("2026-12-24T17:30", 60, "2026-12-29T08:30"),  # over holidays and a weekend
        ("2026-03-27T17:00", 120, "2026-03-30T09:00"),  # the clocks go forward in between
    ],
)
def test_working_time_is_added(at: str, minutes: int, expected: str) -> None:
    assert hours().add(local(at), timedelta(minutes=minutes)) == local(expected)


@pytest.mark.parametrize(
    ("at", "days", "expected"),
    [
        ("2026-11-20T09:00", 1, "2026-11-23T18:00"),
        ("2026-11-20T23:00", 3, "2026-11-25T18:00"),
        ("2026-11-21T09:00", 1, "2026-11-23T18:00"),
        ("2026-12-24T09:00", 2, "2026-12-30T18:00"),
    ],
)
def test_working_days_are_counted_from_the_day_after(at: str, days: int, expected: str) -> None:
    assert hours().add_days(local(at), days) == local(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-20T09:00", "2026-11-20T10:00", 60),
        ("2026-11-20T11:00", "2026-11-20T14:00", 120),
        ("2026-11-20T17:00", "2026-11-23T09:00", 120),
        ("2026-11-21T00:00", "2026-11-22T00:00", 0),
        ("2026-11-20T10:00", "2026-11-20T09:00", 0),
        ("2026-12-24T12:00", "2026-12-30T08:00", 300 + 540),
    ],
)
def test_working_time_is_counted(start: str, end: str, expected: int) -> None:
    assert hours().between(local(start), local(end)) == timedelta(minutes=expected)


def test_what_was_added_is_what_is_counted() -> None:
    office = hours()
    start = local("2026-10-20T13:07")
    for minutes in range(0, 6_000, 137):
        working = timedelta(minutes=minutes)
        assert office.between(start, office.add(start, working)) == working


def test_a_night_shift_goes_over_midnight_and_over_the_clock_change() -> None:
    night = hours(days="mon-sun", times="22:00-06:00")
    assert night.is_open(local("2026-11-20T23:00"))
    assert night.is_open(local("2026-11-21T05:59"))
    assert not night.is_open(local("2026-11-21T06:00"))
    usual = night.between(local("2026-11-20T12:00"), local("2026-11-21T12:00"))
    longer = night.between(local("2026-10-24T12:00"), local("2026-10-25T12:00"))
    shorter = night.between(local("2026-03-28T12:00"), local("2026-03-29T12:00"))
    assert [usual, longer, shorter] == [timedelta(hours=h) for h in (8, 9, 7)]


def test_the_hour_that_comes_twice_is_worked_twice() -> None:
    odd = hours(days="sun", times="01:00-02:00")
    assert odd.between(local("2026-10-25T00:00"), local("2026-10-25T05:00")) == timedelta(hours=2)
    assert odd.between(local("2026-03-29T00:00"), local("2026-03-29T05:00")) == timedelta(0)


def test_time_given_by_the_clock_is_real_time_too() -> None:
    always = hours(days="mon-sun", times="00:00-24:00")
    before, after = local("2026-10-24T12:00"), local("2026-10-25T12:00")
    assert always.between(before, after) == timedelta(hours=25)
    assert always.add(before, timedelta(hours=25)) == after


def test_a_day_may_have_its_own_times_and_be_closed() -> None:
    own = hours(times="00:00-24:00", friday="closed", saturday="9:00-12:00")
    assert not own.is_open(local("2026-11-20T10:00"))
    assert own.is_open(local("2026-11-21T10:00"))
    assert own.next_open(local("2026-11-20T10:00")) == local("2026-11-21T09:00")
    assert own.is_open(local("2026-11-19T23:59"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"zone": "Europe/Nowhere"}, "zone: no such time zone; expected one like Europe/London"),
        ({"zone": "../../etc/passwd"}, "zone: no such time zone; expected one like Europe/London"),
        ({"days": "mon-fry"}, "days: expected days like mon-fri or mon, wed, fri"),
        ({"times": "8-18"}, "times: expected times like 08:00-18:00, or closed"),
        ({"times": "08:00-25:00"}, "times: expected times from 00:00 to 24:00"),
        ({"times": "08:00-12:00, 11:00-13:00"}, "times: times overlap"),
        ({"times": "closed"}, 'no day has times; give times = "08:00-18:00"'),
        ({"wenesday": "x"}, "wenesday: there is no such setting; did you mean wednesday?"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_place(
    changed: dict[str, object], expected: str
) -> None:
    with pytest.raises(SettingsFileError) as raised:
        hours(**changed)
    assert str(raised.value) == f"reading [hours.office]: {expected}"


def test_a_file_without_hours_has_none() -> None:
    assert read_working_hours({"notify": {}}) == {}
    with pytest.raises(SettingsFileError, match="its sections are"):
        read_working_hours({"hours": {"zone": "UTC"}})
