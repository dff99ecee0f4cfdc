"""Behaviour of ``google_places`` only: its few reviews, their translations, and its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.reviews.google_places import GooglePlaces
from connectors.sdk.errors import BadRecord, Fatal, Retry, Skip, Unauthorized
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.source import Context
from schemas.feedback import Feedback
from schemas.measures import Stars
from tests.support.fake_service import NOW, Served, serve_fake
from tests.support.fakes import WAITS
from tests.support.services.google_places import PLACES, FakeGooglePlaces

REVIEW = {
    "name": "places/ChIJ_eastgate-11/reviews/Ci9D",
    "rating": 4,
    "originalText": {"text": "Gute Pflege", "languageCode": "de"},
    "text": {"text": "Good care", "languageCode": "en"},
    "publishTime": "2026-05-03T10:15:00.123456789Z",
    "googleMapsUri": "https://www.google.com/maps/reviews/data=!4m6",
}


@pytest.fixture
def fake() -> FakeGooglePlaces:
    return FakeGooglePlaces()


@pytest.fixture
def service(fake: FakeGooglePlaces) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build(url: str = "http://127.0.0.1:9", **settings: Any) -> GooglePlaces:
    config = GooglePlaces.Config.model_validate({**FakeGooglePlaces().settings(url), **settings})
    context = Context("test", author_key=b"key", now=lambda: NOW, sleep=WAITS.append)
    return GooglePlaces(config, context)


def parse(place: str = PLACES[0], **review: Any) -> Feedback:
    with build() as source:
        data = {"place": place, "name": "Eastgate Clinic", "review": {**REVIEW, **review}}
        return source.parse(source.item(data, origin="1", payload=b"{}"))


def read(source: GooglePlaces, cursor: str | None = None) -> tuple[list[Feedback], str]:
    with source:
        pages = [*source.fetch(cursor)]
        records = [source.parse(item) for page in pages for item in page.items]
    return records, pages[-1].cursor if pages else cursor or ""


def test_a_review_is_read_in_the_authors_own_words() -> None:
    record = parse()
    assert (record.text, record.language) == ("Gute Pflege", "de")
    assert record.native_id == "ChIJ_eastgate-11/Ci9D"
    assert record.stars == Stars(value=4)
    assert record.site == "Eastgate"
    assert record.created_at.isoformat() == "2026-05-03T10:15:00.123456+00:00"
    assert record.url == REVIEW["googleMapsUri"]
    assert record.attributes == {"attribution": "Google Maps"}


@pytest.mark.parametrize("original", [None, {}, {"text": None}, {"text": " "}, {"text": 7}, "x"])
def test_a_text_is_read_where_there_is_no_original(original: object) -> None:
    record = parse(originalText=original)
    assert (record.text, record.language) == ("Good care", "en")


def test_a_text_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadRecord, match="words"):
        parse(originalText={"text": ["Gute Pflege"]}, text=None)


def test_stars_alone_are_feedback_and_neither_is_none() -> None:
    record = parse(originalText=None, text=None)
    assert (record.text, record.language, record.stars) == ("", None, Stars(value=4))
    with pytest.raises(Skip):
        parse(originalText=None, text=None, rating=None)


@pytest.mark.parametrize(
    "field",
    [
        {"rating": 0},
        {"rating": "many"},
        {"authorAttribution": "Jo"},
        {"publishTime": "yesterday"},
        {"visitDate": {"year": 2026, "month": 0}},
        {"googleMapsUri": 7},
        {"originalText": {"text": "Gute Pflege", "languageCode": 7}},
        {"text": {"text": 7}},
        {"text": "Good care"},
    ],
)
def test_nothing_beside_the_comment_refuses_it(field: dict[str, Any]) -> None:
    assert parse(**field).text == "Gute Pflege"


def test_a_month_of_a_visit_is_an_attribute() -> None:
    assert parse(visitDate={"year": 2026, "month": 4}).attributes["visited"] == "2026-04"


def test_only_an_address_on_the_web_is_a_link() -> None:
    assert parse(googleMapsUri="javascript:alert(1)").url is None


@pytest.mark.parametrize(
    ("author", "known_as"),
    [
        ({"displayName": "Jo Bloggs", "uri": "https://maps/contrib/1"}, "https://maps/contrib/1"),
        ({"displayName": "Jo Bloggs"}, "Jo Bloggs"),
        ({"displayName": "A Google user"}, ""),
        (None, ""),
    ],
)
def test_an_author_becomes_a_pseudonym(author: object, known_as: str) -> None:
    assert parse(authorAttribution=author).author == pseudonym(b"key", known_as)


@pytest.mark.parametrize("name", ["", "Ci9D", "places/x/reviews/", "places/x"])
def test_what_has_no_name_of_a_review_is_refused(name: str) -> None:
    with pytest.raises(BadRecord, match="name"):
        parse(name=name)


def test_a_place_without_a_site_has_its_own_name(fake: FakeGooglePlaces, service: Served) -> None:
    records, _ = read(build(service.url))
    assert {record.site for record in records} == {"Eastgate", "Westgate", "Southgate Clinic"}


def test_a_second_run_brings_nothing_again_in_any_order(
    fake: FakeGooglePlaces, service: Served
) -> None:
    _, cursor = read(build(service.url))
    for reviews in fake.reviews.values():
        reviews.reverse()
        reviews[:] = [*reviews[5:], *reviews[:5]]
    again, _ = read(build(service.url), cursor)
    assert again == []


def test_an_old_review_that_is_shown_at_last_is_read(
    fake: FakeGooglePlaces, service: Served
) -> None:
    _, cursor = read(build(service.url))
    old = fake.reviews[PLACES[0]].pop(0)
    fake.reviews[PLACES[0]].append(old)
    (record,), _ = read(build(service.url), cursor)
    assert record.text == old["originalText"]["text"]


def test_an_edit_with_a_new_time_replaces_the_review(
    fake: FakeGooglePlaces, service: Served
) -> None:
    records, cursor = read(build(service.url))
    review = fake.reviews[PLACES[0]][-1]
    before = next(each for each in records if each.native_id.endswith(review["name"][-9:]))
    review["publishTime"] = (NOW - timedelta(hours=1)).isoformat()
    (after,), _ = read(build(service.url), cursor)
    assert after.event_id == before.event_id
    assert after.revision > before.revision and after.redated


def test_an_edit_that_is_taken_back_arrives_too(fake: FakeGooglePlaces, service: Served) -> None:
    _, cursor = read(build(service.url))
    words = fake.reviews[PLACES[0]][-1]["originalText"]
    before, texts = words["text"], []
    for text in ("Worse than I thought.", before):
        words["text"] = text
        (record,), cursor = read(build(service.url), cursor)
        texts.append(record.text)
    assert texts == ["Worse than I thought.", before]


def test_a_place_without_reviews_is_noted_in_every_run(
    fake: FakeGooglePlaces, service: Served
) -> None:
    fake.reviews[PLACES[1]] = []
    with build(service.url) as source:
        pages = [*source.fetch(None)]
        (again,) = source.fetch(pages[-1].cursor)
    assert [len(page.items) for page in pages] == [5, 0, 5]
    assert [*pages[1].notes] == [*again.notes] == [f"{PLACES[1]}: no reviews are shown"]


def test_a_place_that_is_named_later_brings_history(
    fake: FakeGooglePlaces, service: Served
) -> None:
    first = {PLACES[0]: "Eastgate"}
    with build(service.url, places=first) as source:
        (page,) = source.fetch(None)
    with build(service.url) as source:
        pages = [*source.fetch(page.cursor)]
    assert [page.is_history for page in pages] == [True, True]
    assert orjson.loads(pages[-1].cursor).keys() == {*PLACES}


def test_a_key_that_is_refused_ends_the_run(fake: FakeGooglePlaces, service: Served) -> None:
    with build(service.url, api_key="old-4711") as source, pytest.raises(Unauthorized) as raised:
        list(source.fetch(None))
    assert "the API key is refused" in str(raised.value)
    assert "old-4711" not in str(raised.value)


def test_a_place_that_there_is_not_is_told(fake: FakeGooglePlaces, service: Served) -> None:
    with build(service.url, places={"nowhere": ""}) as source, pytest.raises(Fatal) as raised:
        list(source.fetch(None))
    assert "there is no such place" in str(raised.value)


@pytest.mark.parametrize(
    "answer", [[], "text", 7, {}, {"error": "busy"}, {"id": "x", "reviews": {}}]
)
def test_what_is_no_place_is_a_failure(
    fake: FakeGooglePlaces, service: Served, answer: object
) -> None:
    fake.answer = answer
    with build(service.url) as source, pytest.raises(Retry):
        list(source.fetch(None))


@pytest.mark.parametrize(
    "settings", [{"places": {}}, {"places": {"a/b": "East"}}, {"site": "Eastgate"}]
)
def test_settings_that_name_no_place_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        build(**settings)
