"""Behaviour of ``app_store`` only: storefronts, feeds that come empty, and feeds unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from connectors.reviews.app_store import AppStore, _classify
from connectors.sdk.errors import BadRecord, Retry
from connectors.sdk.http import HttpResponse
from schemas.feedback import Feedback
from schemas.measures import Stars
from tests.support.fake_service import Served, moment, serve_fake
from tests.support.fakes import build_source
from tests.support.services.app_store import APP, FakeAppStore

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeAppStore:
    return FakeAppStore()


@pytest.fixture
def service(fake: FakeAppStore) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build_app_store(fake: FakeAppStore, url: str) -> AppStore:
    source = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(source, AppStore)
    return source


def read(fake: FakeAppStore, url: str, cursor: str | None = None) -> tuple[list[Feedback], str]:
    """Return the records of a run, and the cursor that it leaves."""
    source = build_app_store(fake, url)
    records = []
    for page in source.fetch(cursor):
        records += [source.parse(item) for item in page.items]
        cursor = page.cursor
    return records, cursor or ""


def parse(fake: FakeAppStore, review: Any) -> Feedback:
    source = build_app_store(fake, "http://127.0.0.1:9")
    return source.parse(source.item(review, origin="1", payload=b"{}"))


def test_reads_a_review(fake: FakeAppStore) -> None:
    review = fake.storefronts["us"][3]
    record = parse(fake, review)
    assert record.native_id == "6290024603"
    assert record.text == "Visit 3\nThe receptionist was rude to my mother. Visit 3."
    assert record.stars == Stars(value=4)
    assert record.created_at == moment(3)
    assert record.revision == moment(3).timestamp() * 1000
    assert record.redated
    assert record.attributes == {"version": "3.3.0"}
    assert record.url == f"https://apps.apple.com/app/id{APP}"


def test_a_review_is_the_same_in_every_storefront(fake: FakeAppStore) -> None:
    there = orjson.loads(orjson.dumps(fake.storefronts["us"][3]))
    there["author"]["uri"]["label"] = "https://itunes.apple.com/gb/reviews/id63853"
    here, there = parse(fake, fake.storefronts["us"][3]), parse(fake, there)
    assert here.author is not None
    assert here.model_copy(update={"collected_at": None}) == there.model_copy(
        update={"collected_at": None}
    )


def test_a_reviewer_without_an_id_goes_by_the_name(fake: FakeAppStore) -> None:
    review = fake.storefronts["us"][0]
    review["author"]["uri"]["label"] = ""
    other = fake.storefronts["us"][1]
    other["author"]["uri"]["label"] = ""
    assert parse(fake, review).author == parse(fake, other).author is not None


@pytest.mark.parametrize("rating", ["0", "6"])
def test_refuses_a_rating_off_the_scale(fake: FakeAppStore, rating: str) -> None:
    review = fake.storefronts["us"][0]
    review["im:rating"]["label"] = rating
    with pytest.raises(BadRecord):
        parse(fake, review)


def test_reads_the_storefronts_one_after_the_other(fake: FakeAppStore, service: Served) -> None:
    records, _ = read(fake, service.url)
    newest_first = [f"62900246{number:02d}" for number in (*range(9, -1, -1), *range(12, 6, -1))]
    assert [record.native_id for record in records] == newest_first


def test_asks_for_the_pages_that_there_are(fake: FakeAppStore, service: Served) -> None:
    fake.empty.clear()
    read(fake, service.url)
    paths = [request.path.split("/rss")[0] for request in service.requests]
    assert paths == ["/us", "/us", "/us", "/gb", "/gb"]


def test_goes_on_to_an_empty_page_where_no_last_one_is_named(
    fake: FakeAppStore, service: Served
) -> None:
    fake.names_pages = False
    records, cursor = read(fake, service.url)
    assert {record.native_id for record in records} == set(fake.texts)
    assert read(fake, service.url, cursor)[0] == []


def test_asks_for_no_page_behind_the_tenth(fake: FakeAppStore, service: Served) -> None:
    fake.storefronts["us"] = [fake._review(number) for number in range(45)]
    records, _ = read(fake, service.url)
    assert len([record for record in records if int(record.native_id) % 100 > 4]) == 40 + 6
    assert not any("page=11" in request.path for request in service.requests)


def test_a_lone_review_comes_without_a_list(fake: FakeAppStore, service: Served) -> None:
    fake.storefronts = {"us": fake.storefronts["us"][:1]}
    records, _ = read(fake, service.url)
    assert [record.native_id for record in records] == ["6290024600"]


def test_an_unchanged_feed_is_not_sent_again(fake: FakeAppStore, service: Served) -> None:
    _, cursor = read(fake, service.url)
    service.requests.clear()
    assert list(build_app_store(fake, service.url).fetch(cursor)) == []
    assert [request.headers.get("if-none-match") for request in service.requests] == [
        orjson.loads(cursor)[country]["etag"] for country in ("us", "gb")
    ]


def test_a_first_page_that_stays_empty_moves_no_cursor(fake: FakeAppStore, service: Served) -> None:
    _, cursor = read(fake, service.url)
    fake.edit()
    fake.empty["us", 1] = fake.empty["gb", 1] = 100
    assert list(build_app_store(fake, service.url).fetch(cursor)) == []
    fake.empty.clear()
    records, _ = read(fake, service.url, cursor)
    assert {record.text for record in records} == {fake.texts["6290024608"]}


def test_an_empty_storefront_has_no_cursor(fake: FakeAppStore, service: Served) -> None:
    fake.storefronts["gb"] = []
    _, cursor = read(fake, service.url)
    assert orjson.loads(cursor).keys() == {"us"}


def test_a_promised_page_that_stays_empty_is_read_by_the_next_run(
    fake: FakeAppStore, service: Served
) -> None:
    fake.empty["us", 2] = 3
    records, cursor = read(fake, service.url)
    missing = set(fake.texts) - {record.native_id for record in records}
    assert missing == {f"62900246{number:02d}" for number in range(6)}
    records, cursor = read(fake, service.url, cursor)
    assert missing <= {record.native_id for record in records}
    assert read(fake, service.url, cursor)[0] == []


def test_a_wrong_promise_is_believed_twice_and_not_for_ever(
    fake: FakeAppStore, service: Served
) -> None:
    fake.empty["us", 2] = 1_000
    cursor: str | None = None
    brought = []
    for _ in range(3):
        records, cursor = read(fake, service.url, cursor)
        brought.append(len([record for record in records if record.native_id < "6290024610"]))
    assert brought == [4 + 3, 0, 0]


def test_an_edit_comes_to_the_top(fake: FakeAppStore, service: Served) -> None:
    _, cursor = read(fake, service.url)
    fake.edit()
    records, _ = read(fake, service.url, cursor)
    assert {(record.native_id, record.created_at) for record in records} == {
        ("6290024608", moment(40))
    }


def test_what_is_no_feed_is_asked_for_again() -> None:
    for body in (b"<html>", b"[]", b'{"feed": []}', b"{}", b'{"feed": {'):
        assert isinstance(_classify(HttpResponse(200, {}, body, "GET itunes")), Retry)  # type: ignore[arg-type]


def test_a_refusal_is_taken_for_too_many_requests() -> None:
    refusal = _classify(HttpResponse(403, {}, b"", "GET itunes"))  # type: ignore[arg-type]
    assert isinstance(refusal, Retry)
    assert refusal.wait == timedelta(minutes=2).total_seconds()


def test_a_title_that_is_null_costs_only_the_title(fake: FakeAppStore) -> None:
    review = fake.storefronts["us"][3]
    review["title"]["label"] = None
    record = parse(fake, review)
    assert record.text == review["content"]["label"]
    assert record.stars == Stars(value=4)


def test_a_review_without_a_time_has_that_of_its_first_reading_and_is_read_once(
    fake: FakeAppStore, service: Served
) -> None:
    for number, when in ((2, None), (4, "soon"), (6, "")):
        fake.storefronts["us"][number]["updated"] = {"label": when}
    del fake.storefronts["us"][2]["updated"]
    records, cursor = read(fake, service.url)
    undated = [record for record in records if record.attributes.get("date") == "first seen"]
    assert {record.native_id for record in undated} == {
        fake.storefronts["us"][number]["id"]["label"] for number in (2, 4, 6)
    }
    assert {(record.created_at, record.revision) for record in undated} == {(NOW, 0)}
    assert read(fake, service.url, cursor)[0] == []


def test_a_storefront_that_has_never_held_a_review_is_noted(
    fake: FakeAppStore, service: Served
) -> None:
    fake.storefronts["gb"] = []
    pages = list(build_app_store(fake, service.url).fetch(None))
    assert [note for page in pages for note in page.notes] == [
        "gb: the feed has never held a review"
    ]
