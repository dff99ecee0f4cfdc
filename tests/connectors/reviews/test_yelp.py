"""Behaviour of ``yelp`` only: its clock, its businesses, and its ways of saying no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.reviews.yelp import Yelp
from connectors.sdk.errors import Fatal, Retry
from connectors.sdk.source import Context
from schemas.feedback import Feedback
from schemas.measures import Stars
from tests.support.fake_service import Served, moment, serve_fake
from tests.support.fakes import WAITS
from tests.support.services.yelp import BUSINESSES, FakeYelp

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeYelp:
    return FakeYelp()


@pytest.fixture
def service(fake: FakeYelp) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build_yelp(fake: FakeYelp, url: str, **settings: object) -> Yelp:
    config = Yelp.Config.model_validate(fake.settings(url) | settings)
    return Yelp(config, Context("test", author_key=b"key", now=lambda: NOW, sleep=WAITS.append))


def read(source: Yelp, cursor: str | None = None) -> list[Feedback]:
    with source:
        return [source.parse(item) for page in source.fetch(cursor) for item in page.items]


def test_reads_an_excerpt(fake: FakeYelp, service: Served) -> None:
    record = read(build_yelp(fake, service.url))[0]
    assert record.native_id == "xAG4O7l-t1ubbwVAlPnD04"
    assert record.text == "Clean ward, good food, kind doctors. Visit 4."
    assert record.stars == Stars(value=5)
    assert record.url == "https://www.yelp.com/biz/clinic?hrid=4&utm_medium=api_v3_business_reviews"
    assert record.author is not None
    assert record.attributes == {"business": BUSINESSES[0]}


def test_reads_times_on_yelps_clock(fake: FakeYelp, service: Served) -> None:
    # In November, San Francisco is 8 hours behind UTC.
    record = read(build_yelp(fake, service.url))[0]
    assert record.created_at == moment(4) + timedelta(hours=8)


def test_the_business_is_the_site_unless_one_is_set(fake: FakeYelp, service: Served) -> None:
    sites = {record.site for record in read(build_yelp(fake, service.url))}
    assert sites == set(BUSINESSES)
    sites = {record.site for record in read(build_yelp(fake, service.url, site="Eastgate"))}
    assert sites == {"Eastgate"}


@pytest.mark.parametrize(
    "time", ["soon", None, 7.5e30, "0001-01-01 00:00:00", "9999-12-31 23:59:59"]
)
def test_a_review_without_a_time_has_that_of_its_reading(fake: FakeYelp, time: object) -> None:
    source = build_yelp(fake, "http://127.0.0.1:9")
    review = {**fake.reviews[BUSINESSES[0]][0], "time_created": time}
    item = source.item({"business": "a", "review": review}, origin="1", payload=b"{}")
    record = source.parse(item)
    assert (record.created_at, record.attributes["date"]) == (item.collected_at, "first seen")


def test_goes_on_behind_the_business_of_the_cursor(fake: FakeYelp, service: Served) -> None:
    records = read(build_yelp(fake, service.url), BUSINESSES[0])
    sites = list(dict.fromkeys(record.site for record in records))
    assert sites == [*BUSINESSES[1:], BUSINESSES[0]]


def test_reviews_in_other_languages_only_are_noted(fake: FakeYelp, service: Served) -> None:
    fake.languages = ["nl"]
    with build_yelp(fake, service.url) as source:
        pages = [*source.fetch(None)]
    assert [len(page.items) for page in pages] == [0, 0, 0]
    assert pages[0].notes == [
        f"{BUSINESSES[0]}: 5 reviews, none in the language of `locale`; there are some in: nl"
    ]


@pytest.mark.parametrize("cursor", [BUSINESSES[-1], "a-business-that-was-taken-out"])
def test_begins_again_behind_the_last_business(
    fake: FakeYelp, service: Served, cursor: str
) -> None:
    assert len(read(build_yelp(fake, service.url), cursor)) == 9


def test_a_business_of_which_yelp_tells_nothing_is_passed_over(
    fake: FakeYelp, service: Served
) -> None:
    source = build_yelp(fake, service.url, businesses=["quiet-clinic", BUSINESSES[1]])
    with source:
        assert [len(page.items) for page in source.fetch(None)] == [0, 3]


def test_a_business_that_there_is_not_ends_the_run(fake: FakeYelp, service: Served) -> None:
    with pytest.raises(Fatal, match="status 404"):
        read(build_yelp(fake, service.url, businesses=["nowhere"]))


def test_waits_for_midnight_when_the_days_requests_are_used_up(
    fake: FakeYelp, service: Served
) -> None:
    fake.day_is_over = True
    with pytest.raises(Retry) as raised:
        read(build_yelp(fake, service.url))
    assert raised.value.wait == timedelta(days=1).total_seconds()
    assert len(service.requests) == len(BUSINESSES)


def test_asks_in_the_language_that_is_set(fake: FakeYelp, service: Served) -> None:
    read(build_yelp(fake, service.url, locale="en_GB"))
    assert {request.query for request in service.requests} == {"sort_by=newest&locale=en_GB"}
