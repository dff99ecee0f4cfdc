"""Dates of feeds: zones, languages, clocks of twelve hours, numbers only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.sdk.written_dates import parse_date

AT = datetime(2026, 5, 19, 16, 8, tzinfo=UTC)
"""A Tuesday."""


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 19 May 2026 16:08:00 GMT",
        "Tue, 19 May 2026 16:08:00 +0000",
        "Tue, 19 May 2026 18:08:00 +0200",
        "Tue, 19 May 26 11:08 EST",
        "Di, 19 Mai 2026 18:08:00 +0200",
        "Di, 19.05.2026 - 16:08",
        "di, 19 mei 2026 16:08:00 +0000",
        "mar. 19 mai 2026 16h08",
        "mar, 19 may 2026 18:08:00 +0200",
        "вт, 19 мая 2026 19:08:00 +0300",
        "19. Mai 2026, 16.08 Uhr",
        "Tue, 19 May 2026 04:08 PM",
        "Tuesday, May 19th, 2026 at 4:08 p.m.",
        "May 19, 2026 4:08 pm",
        "TUE,19 MAY 2026 16:08:00",
        "Tue, 19 May 2026 17:08:00 BST",
        "Tue, 19 May 2026 18:08:00 CEST",
        "Tue, 19 May 2026 18:08:00 MESZ",
        "Tue, 19 May 2026 18:08:00 GMT+2",
        "Tue, 19 May 2026 17:08:00 Europe/London",
        "Tue May 19 17:08:00 BST 2026",
        "Tue May 19 16:08:00 2026",
        "2026-05-19T16:08:00Z",
        "2026-05-19T18:08:00.123+02:00",
        "2026-05-19 18:08:00.364419679 +0200 CEST",
        "2026-05-19 16:08",
        "2026-05-19 4:08 PM",
        "2026/05/19 16:08:00",
        "20260519T160800Z",
        "20260519160800",
        "19/05/2026 16:08:00",
        "05/19/2026 4:08 PM",
        "19-May-2026 16:08",
        "2026年5月19日 午後4:08",
        "2026년 5월 19일 오후 4:08",
        "Tue, 19 May 2026 12:08 America/New_York",
        "Tuesday, 19-May-26 16:08:00 GMT",
        "1779206880",
        "1779206880123",
    ],
)
def test_reads_every_form(text: str) -> None:
    at = parse_date(text)
    assert at is not None
    assert at.replace(microsecond=0) == AT


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-19", 19),
        ("19 May 2026", 19),
        ("Tue, 19 May 2026 24:00:00 GMT", 20),
        ("Tue, 19 May 2026 12:00 AM", 19),
    ],
)
def test_a_day_begins_at_midnight(text: str, day: int) -> None:
    assert parse_date(text) == datetime(2026, 5, day, tzinfo=UTC)


def test_the_order_of_day_and_month_is_that_of_the_language() -> None:
    assert parse_date("3/4/2026") == datetime(2026, 4, 3, tzinfo=UTC)
    assert parse_date("3/4/2026", language="en-US") == datetime(2026, 3, 4, tzinfo=UTC)
    assert parse_date("19/4/2026", language="en-US") == datetime(2026, 4, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "in 2026", "31 Feb 2026", "2026-13-45", "May 2026", "16:08", "9" * 5_000, "19.5."],
)
def test_what_is_not_a_date_is_none(text: str) -> None:
    assert parse_date(text) is None
