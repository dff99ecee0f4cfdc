"""Behaviour of ``nhs_reviews`` only: its ratings, responses and removals, and its lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.reviews.nhs_reviews.connector import NhsReviews
from connectors.sdk.errors import BadRecord, Fatal, Retry, Skip, Unauthorized
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.source import Context
from schemas.feedback import Feedback, Operation
from schemas.measures import Stars
from tests.support.fake_service import NOW, Served, moment, sentence, serve_fake
from tests.support.fakes import WAITS
from tests.support.services.nhs_reviews import CODES, KEY, FakeNhsReviews

COMMENT = {
    "commentId": "0f3b6c1e-0000-4000-8000-000000000001",
    "odsCode": "RRV03",
    "title": "Kind staff",
    "commentText": "They explained everything.",
    "dateSubmitted": "2026-05-03T10:15:00.1234567",
    "lastUpdated": "2026-05-04T10:15:00",
    "publisherID": "7e0d1c5a-nhs",
    "screenName": "Jo Bloggs",
    "ratings": [{"question": "How do you rate your experience?", "rating": 4}],
}


@pytest.fixture
def fake() -> FakeNhsReviews:
    return FakeNhsReviews()


@pytest.fixture
def service(fake: FakeNhsReviews) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build(
    url: str = "http://127.0.0.1:9", later: timedelta = timedelta(0), **settings: Any
) -> NhsReviews:
    config = NhsReviews.Config.model_validate({**FakeNhsReviews().settings(url), **settings})
    context = Context("test", author_key=b"key", now=lambda: NOW + later, sleep=WAITS.append)
    return NhsReviews(config, context)


def parse(*, removed: bool = False, **comment: Any) -> Feedback:
    with build() as source:
        data = {"organization": "RRV03", "removed": removed, "comment": {**COMMENT, **comment}}
        return source.parse(source.item(data, origin="1"))


def read(source: NhsReviews, cursor: str | None = None) -> tuple[list[Feedback], str]:
    with source:
        pages = [*source.fetch(cursor)]
        records = [source.parse(item) for page in pages for item in page.items]
    return records, pages[-1].cursor if pages else cursor or ""


def test_a_review_is_read() -> None:
    record = parse(department="Maternity", visit={"month": 4, "year": 2026})
    assert record.native_id == COMMENT["commentId"]
    assert record.text == "Kind staff\nThey explained everything."
    assert record.stars == Stars(value=4)
    assert (record.site, record.service) == ("Eastgate", "Maternity")
    assert record.created_at.isoformat() == "2026-05-03T10:15:00.123456+00:00"
    assert record.revision == 1_777_889_700_000
    assert record.author == pseudonym(b"key", "Jo Bloggs")
    assert record.attributes == {
        "answered": "no",
        "ods_code": "RRV03",
        "publisher": "7e0d1c5a-nhs",
        "visited": "2026-04",
    }


def _rate(**answers: object) -> list[dict[str, object]]:
    return [{"question": question, "rating": rating} for question, rating in answers.items()]


@pytest.mark.parametrize(
    ("ratings", "stars"),
    [
        (_rate(Cleanliness=2), 2),
        (_rate(Cleanliness=2, Overall=5), 5),
        (_rate(Cleanliness=2, Parking=4), None),
        (_rate(Overall=2, Recommend=4), None),
        (_rate(Cleanliness=0, Parking="3"), 3),
        (_rate(Cleanliness=6), None),
        (_rate(Cleanliness="good"), None),
        ([{"question": 10_004, "rating": 3}], 3),
        ([{"rating": 3}], 3),
        (None, None),
        ("none", None),
    ],
)
def test_stars_are_the_only_rating_or_the_one_of_the_whole(
    ratings: object, stars: float | None
) -> None:
    record = parse(ratings=ratings)
    assert record.stars == (None if stars is None else Stars(value=stars))
    assert record.text == "Kind staff\nThey explained everything."


def test_several_ratings_are_an_attribute() -> None:
    attributes = parse(ratings=_rate(Cleanliness=2, Parking=4, Food=0)).attributes
    assert attributes["ratings"] == "Cleanliness 2; Parking 4"


@pytest.mark.parametrize(
    "field",
    [
        {"dateSubmitted": None},
        {"lastUpdated": "soon"},
        {"visit": {"month": 0, "year": 0}},
        {"visit": {"month": "May"}},
        {"screenName": ["Jo"]},
        {"commentOriginalURL": {}},
        {"odsCode": 7},
        {"publisherID": None},
        {"department": []},
    ],
)
def test_nothing_beside_the_comment_refuses_it(field: dict[str, Any]) -> None:
    assert parse(**field).text == "Kind staff\nThey explained everything."


def test_a_time_that_is_not_set_is_none() -> None:
    record = parse(dateSubmitted="0001-01-01T00:00:00")
    assert record.created_at.isoformat() == "2026-05-04T10:15:00+00:00"
    record = parse(dateSubmitted="0001-01-01T00:00:00", lastUpdated=None)
    assert record.attributes["date"] == "first seen"


def test_what_the_service_escapes_twice_is_read_as_written() -> None:
    assert parse(title="A&amp;E on a Saturday", commentText=None).text == "A&E on a Saturday"


def test_stars_without_words_are_feedback_and_neither_is_none() -> None:
    assert parse(title=None, commentText=" ").text == ""
    with pytest.raises(Skip):
        parse(title=None, commentText=None, ratings=[])


@pytest.mark.parametrize("name", ["Anonymous", " anonymous ", "", None])
def test_an_anonymous_author_has_no_pseudonym(name: object) -> None:
    assert parse(screenName=name).author is None


def test_only_an_address_on_the_web_is_a_link() -> None:
    assert parse(commentOriginalURL="https://www.nhs.uk/1").url == "https://www.nhs.uk/1"
    assert parse(commentOriginalURL="javascript:alert(1)").url is None


def test_a_removal_counts_as_later_than_what_was_removed() -> None:
    record, gone = parse(), parse(removed=True, commentText=None)
    assert gone.operation is Operation.DELETE and gone.redated
    assert (gone.event_id, gone.created_at) == (record.event_id, record.created_at)
    assert gone.revision == record.revision + 1
    assert gone.text == ""


def test_a_removal_without_a_time_is_one_too() -> None:
    gone = parse(removed=True, dateSubmitted=None, lastUpdated=None)
    assert gone.operation is Operation.DELETE
    assert gone.created_at == NOW and gone.revision > parse().revision


@pytest.mark.parametrize("wraps", [True, False])
def test_a_response_is_noticed_in_the_next_run(
    fake: FakeNhsReviews, service: Served, wraps: bool
) -> None:
    fake.wraps = wraps
    records, cursor = read(build(service.url))
    assert {record.attributes["answered"] for record in _upserts(records)} == {"no"}
    fake.respond(5)
    (answered,), cursor = read(build(service.url), cursor)
    assert answered.attributes["answered"] == "yes"
    assert answered.text == f"Visit 5\n{sentence(5)}"
    assert answered.created_at == moment(5)
    again, cursor = read(build(service.url), cursor)
    assert again == []
    fake.find(5)["response"] = fake.find(5)["comment"]["responseID"] = None
    (unanswered,), _ = read(build(service.url), cursor)
    assert unanswered.attributes["answered"] == "no"


@pytest.mark.parametrize(
    ("response", "answered"),
    [
        ({"responseID": "a-1"}, "yes"),
        ({"responseID": "00000000-0000-0000-0000-000000000000"}, "no"),
        ({"response": {"commentText": "Thank you.", "status": "removed"}}, "no"),
        ({"response": "Thank you."}, "no"),
    ],
)
def test_a_response_that_is_there_answers(
    fake: FakeNhsReviews, service: Served, response: dict[str, Any], answered: str
) -> None:
    fake.find(5)["comment"].update(response)
    records, _ = read(build(service.url))
    (record,) = [each for each in records if each.text.startswith("Visit 5\n")]
    assert record.attributes["answered"] == answered


def _upserts(records: list[Feedback]) -> list[Feedback]:
    return [record for record in records if record.operation is Operation.UPSERT]


def test_removals_are_looked_for_once_per_day(fake: FakeNhsReviews, service: Served) -> None:
    records, cursor = read(build(service.url))
    assert [each.operation for each in records].count(Operation.DELETE) == 1
    fake.delete()
    soon, cursor = read(build(service.url, timedelta(hours=2)), cursor)
    assert soon == []
    (gone,), cursor = read(build(service.url, timedelta(days=1)), cursor)
    assert gone.native_id.endswith("04") and gone.operation is Operation.DELETE
    again, _ = read(build(service.url, timedelta(days=2)), cursor)
    assert again == []


def test_a_review_that_comes_back_and_goes_again_is_gone(
    fake: FakeNhsReviews, service: Served
) -> None:
    records, cursor = read(build(service.url))
    comment = fake.find(4)["comment"]
    for day, status in enumerate(("removed", "published", "removed"), start=1):
        comment["status"] = status
        comment["lastUpdated"] = (moment(4) + timedelta(days=day)).isoformat()
        later, cursor = read(build(service.url, timedelta(days=day)), cursor)
        records += later
    seen = [record for record in records if record.native_id == comment["commentId"]]
    assert [record.operation.value for record in seen] == ["upsert", "delete", "upsert", "delete"]
    assert sorted(record.revision for record in seen) == [record.revision for record in seen]


def test_the_status_of_a_review_decides_and_not_its_list(
    fake: FakeNhsReviews, service: Served
) -> None:
    fake.ignores_status = True
    records, cursor = read(build(service.url))
    deleted = [record for record in records if record.operation is Operation.DELETE]
    assert len(deleted) == 1
    again, _ = read(build(service.url, timedelta(days=1)), cursor)
    assert again == []


def test_a_removal_that_does_not_say_so_is_a_dead_letter(
    fake: FakeNhsReviews, service: Served
) -> None:
    fake.says = {"status": None}
    refused, records = 0, []
    with build(service.url) as source:
        for item in (item for page in source.fetch(None) for item in page.items):
            try:
                records.append(source.parse(item))
            except BadRecord as error:
                assert error.reason.endswith("status: a review among the removed has none")
                refused += 1
    assert refused == 1
    assert {record.text for record in records} == {*fake.texts.values()}


def test_a_later_run_reads_the_last_months_only(fake: FakeNhsReviews, service: Served) -> None:
    _, cursor = read(build(service.url))
    service.requests.clear()
    read(build(service.url, recheck_days=30), cursor)
    assert all("fromDate=2026-10-21" in request.query for request in service.requests)
    assert service.requests[0].query == (
        "api-version=1.0&odsCode=RRV03&status=published&limit=10&fromDate=2026-10-21&offset=0"
    )


def test_a_run_that_was_interrupted_reads_from_the_beginning(
    fake: FakeNhsReviews, service: Served
) -> None:
    with build(service.url) as source:
        first = next(iter(source.fetch(None)))
    records, _ = read(build(service.url), first.cursor)
    assert len(_upserts(records)) == len(fake.texts) - len(first.items)
    assert "fromDate" not in service.requests[1].query


def test_what_is_removed_while_pages_are_read_hides_nothing_for_good(
    fake: FakeNhsReviews, service: Served
) -> None:
    with build(service.url) as source:
        pages = source.fetch(None)
        begun = next(pages)
        fake.delete()  # all that follows moves up by one
        rest = [*pages]
        records = [source.parse(item) for page in [begun, *rest] for item in page.items]
    later, _ = read(build(service.url), rest[-1].cursor)
    assert {record.text for record in _upserts([*records, *later])} >= {*fake.texts.values()}


def test_an_organization_that_is_named_later_brings_history(
    fake: FakeNhsReviews, service: Served
) -> None:
    _, cursor = read(build(service.url, ods_codes={CODES[0]: "Eastgate"}))
    with build(service.url) as source:
        pages = [*source.fetch(cursor)]
    assert pages and all(page.is_history for page in pages)
    assert orjson.loads(pages[-1].cursor).keys() == {*CODES}


def test_the_key_is_sent_in_the_header_that_is_set(fake: FakeNhsReviews, service: Served) -> None:
    fake.header = "apikey"
    records, _ = read(build(service.url, key_header="apikey"))
    assert records
    with build(service.url) as source, pytest.raises(Unauthorized) as raised:
        list(source.fetch(None))
    assert KEY not in str(raised.value)


def test_a_code_without_reviews_is_told(fake: FakeNhsReviews, service: Served) -> None:
    with (
        build(service.url, ods_codes={"X99": "Nowhere"}) as source,
        pytest.raises(Fatal, match="no organization of this ODS code has reviews"),
    ):
        list(source.fetch(None))


@pytest.mark.parametrize("answer", [[], {}, {"comments": None}, {"comments": {}}, "busy"])
def test_what_is_no_list_is_a_failure(
    fake: FakeNhsReviews, service: Served, answer: object
) -> None:
    fake.answer = answer
    with build(service.url) as source, pytest.raises(Retry):
        list(source.fetch(None))


@pytest.mark.parametrize(
    "settings",
    [{"ods_codes": {}}, {"ods_codes": {"R V": "East"}}, {"site": "Eastgate"}],
)
def test_settings_that_name_no_organization_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        build(**settings)
