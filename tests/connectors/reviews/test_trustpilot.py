"""Trustpilot: what a review becomes, the daily look back, and replies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.reviews.trustpilot import Trustpilot
from connectors.sdk.errors import BadRecord
from connectors.sdk.pseudonyms import pseudonym
from schemas.feedback import Feedback
from tests.support.fake_service import moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.services.trustpilot import FakeTrustpilot

NOW = moment(50)


def source(url: str = "http://127.0.0.1:9", *, days: int = 0, **settings: Any) -> Trustpilot:
    fake = FakeTrustpilot()
    made = build_source(fake, url, now=lambda: NOW + timedelta(days=days), author_key=b"key")
    assert isinstance(made, Trustpilot)
    made.config = made.Config.model_validate({**fake.settings(url), **settings})  # type: ignore[assignment]
    return made


def parse(made: Trustpilot | None = None, **review: Any) -> Feedback:
    made = made or source()
    whole = {"id": "60a1", "stars": 4, "createdAt": "2026-05-03T10:15:00Z", **review}
    return made.parse(made.item(whole, origin="60a1", payload=b"{}"))


def texts(made: Trustpilot, cursor: str | None) -> list[str]:
    return [made.parse(item).text for page in made.fetch(cursor) for item in page.items]


def test_a_review_tells_its_stars_language_author_and_address() -> None:
    record = parse(
        title="Kind",
        text="They listened.",
        language="en",
        consumer={"id": "c1", "displayName": "Jo Bloggs"},
        isVerified=True,
    )
    assert (record.native_id, record.text, record.language) == (
        "60a1",
        "Kind\nThey listened.",
        "en",
    )
    assert record.stars is not None and record.stars.score == 0.75
    assert record.author == pseudonym(b"key", "c1")
    assert record.url == "https://www.trustpilot.com/reviews/60a1"
    assert record.attributes == {"verified": "yes"}


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [("Kind", None, "Kind"), (None, "Kind", "Kind"), ("", "", ""), (None, None, "")],
)
def test_a_review_may_lack_its_title_its_text_or_both(
    title: str | None, text: str | None, expected: str
) -> None:
    assert parse(title=title, text=text, consumer=None).text == expected


def test_a_time_without_a_zone_is_in_utc() -> None:
    record = parse(createdAt="2026-05-03T10:15:00", updatedAt="2026-05-04T10:15:00")
    assert record.created_at.isoformat() == "2026-05-03T10:15:00+00:00"
    assert record.revision == 1_777_889_700_000


def test_the_reviewed_location_is_the_site_unless_the_settings_name_one() -> None:
    location = {"id": "1cd4", "name": "Westgate"}
    assert parse(location=location).site == "Westgate"
    assert parse(source(site="Eastgate"), location=location).site == "Eastgate"


def test_asks_for_the_newest_first_page_by_page() -> None:
    with serve_fake(FakeTrustpilot()) as service:
        pages = list(source(service.url).fetch(None))
        asked = [request.query for request in service.requests if request.method == "GET"]
    assert [len(page.items) for page in pages] == [10, 10, 10, 5, 0]
    assert asked == [f"orderBy=createdat.desc&page={page}&perPage=10" for page in range(1, 6)]


def test_a_review_without_a_time_has_that_of_its_reading() -> None:
    for created in (None, "soon", ""):
        made = source()
        record = parse(made, text="Kind", createdAt=created)
        assert (record.created_at, record.revision, record.redated) == (NOW, 0, True)
        assert record.attributes == {"date": "first seen"}
    record = parse(text="Kind", createdAt=None, updatedAt="2026-05-03T10:15:00Z")
    assert record.created_at.isoformat() == "2026-05-03T10:15:00+00:00"


def test_what_is_no_review_at_all_ends_no_page() -> None:
    fake = FakeTrustpilot()
    fake.reviews[34]["stars"] = 7
    with serve_fake(fake) as service:
        made = source(service.url)
        first = next(iter(made.fetch(None)))
        with pytest.raises(BadRecord):
            made.parse(first.items[0])
    assert len(first.items) == 10


def test_edits_are_looked_for_once_a_day_as_far_back_as_stated() -> None:
    fake = FakeTrustpilot()
    with serve_fake(fake) as service:
        *_, last = source(service.url).fetch(None)
        fake.edit()
        assert texts(source(service.url), last.cursor) == []
        near = texts(source(service.url, days=1, recheck_days=3), last.cursor)
        far = texts(source(service.url, days=1), last.cursor)
    assert (len(near), len(far)) == (9, 35)
    assert "Visit 20\nI take it back: they called and made it good." in far
    assert f"Visit 34\n{sentence(34)}" in near


def test_a_reply_is_published_in_a_users_name() -> None:
    fake = FakeTrustpilot()
    with serve_fake(fake) as service:
        made = source(service.url, reply_as="507f191e")
        reply = made.build_reply("60a1", "Thank you!")
        assert (reply.method, reply.path, reply.json) == (
            "POST",
            "/v1/private/reviews/60a1/reply",
            {"authorBusinessUserId": "507f191e", "message": "Thank you!"},
        )
        made.send_reply(reply)
    assert fake.replies == {"60a1": "Thank you!"}


@pytest.mark.parametrize(
    ("reply_as", "native_id", "text"),
    [(None, "60a1", "Thanks"), ("507f191e", "60a1", " "), ("507f191e", "../60a1", "Thanks")],
)
def test_a_reply_that_can_not_be_sent_is_refused(
    reply_as: str | None, native_id: str, text: str
) -> None:
    with pytest.raises(BadRecord, match="replying on trustpilot"):
        source(reply_as=reply_as).build_reply(native_id, text)


@pytest.mark.parametrize("stars", [0, 6, -1, "0", 5.5])
def test_stars_that_are_off_the_scale_are_a_bad_record(stars: Any) -> None:
    with pytest.raises(BadRecord, match="stars"):
        parse(text="Kind", stars=stars)


@pytest.mark.parametrize("stars", ["many", "", [5], {}, True, "NaN"])
def test_stars_that_cannot_be_read_cost_only_themselves(stars: Any) -> None:
    made = source()
    record = parse(made, text="Kind", stars=stars)
    assert (record.text, record.stars) == ("Kind", None)
    assert made.take_notes() == ["1 times unreadable: stars"]
    with pytest.raises(BadRecord, match="neither stars nor a text"):
        parse(text="", stars=stars)


@pytest.mark.parametrize(("stars", "value"), [("5", 5), (4.5, 4.5), ("4.0", 4)])
def test_stars_may_be_text_or_halves(stars: Any, value: float) -> None:
    rating = parse(text="Kind", stars=stars).stars
    assert rating is not None and rating.value == value


def test_a_review_without_stars_is_a_comment() -> None:
    assert parse(text="Kind", stars=None).stars is None


def test_an_empty_page_that_links_to_a_next_one_is_not_the_end() -> None:
    fake = FakeTrustpilot()
    fake.gap = 2
    with serve_fake(fake) as service:
        made = build_source(fake, service.url, now=lambda: NOW)
        assert isinstance(made, Trustpilot)
        assert len(texts(made, None)) == 35


@pytest.mark.parametrize(
    "beside",
    [
        {"language": "de-CH-1901-x-a-very-long-private-extension"},
        {"language": 7},
        {"title": {"text": "Kind"}},
        {"consumer": "c1"},
        {"consumer": {"id": None}},
        {"location": ["Eastgate"]},
        {"isVerified": "perhaps"},
        {"updatedAt": "yesterday"},
        {"companyReply": "Thank you"},
    ],
)
def test_what_stands_beside_a_comment_never_refuses_it(beside: dict[str, Any]) -> None:
    made = source()
    record = parse(made, text="They listened.", **beside)
    assert (record.text, record.language) == ("They listened.", None)
    assert record.stars is not None and record.stars.value == 4
    assert len(made.take_notes()) == 1


def test_the_words_themselves_are_never_left_out() -> None:
    with pytest.raises(BadRecord, match="text"):
        parse(title="Kind", text=["They listened."])


def test_says_whether_a_review_was_answered() -> None:
    assert parse(companyReply=None).attributes == {"answered": "no"}
    assert parse(companyReply={"text": "Thank you."}).attributes == {"answered": "yes"}


def test_a_short_page_in_the_middle_is_not_the_end() -> None:
    fake = FakeTrustpilot()
    fake.hidden = 3
    with serve_fake(fake) as service:
        made = build_source(fake, service.url, now=lambda: NOW)
        assert isinstance(made, Trustpilot)
        assert len(texts(made, None)) == 35 - 3
