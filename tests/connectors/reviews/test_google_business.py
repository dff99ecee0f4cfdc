"""Google Business Profile: places, translations, replies, and what its pages leave out."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.reviews.google_business import GoogleBusiness, original
from connectors.runtime.instances import build_instance
from connectors.sdk import Context
from connectors.sdk.errors import BadRecord, Misconfigured, Skip, Unauthorized
from connectors.sdk.pseudonyms import pseudonym
from pipeline.settings_file import resolve_secret
from schemas.feedback import Feedback
from tests.support.fake_service import moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.google_key import key_file
from tests.support.services.google_business import FakeGoogleBusiness

NOW = moment(50)


def source(url: str = "http://127.0.0.1:9", **context: Any) -> GoogleBusiness:
    made = build_source(
        FakeGoogleBusiness(), url, **{"now": lambda: NOW, "author_key": b"key", **context}
    )
    assert isinstance(made, GoogleBusiness)
    return made


def parse(place: str = "11", **review: Any) -> Feedback:
    made = source()
    whole = {"reviewId": "AbFv-1", "createTime": "2026-05-03T10:15:00.123456789Z", **review}
    return made.parse(made.item({"location": place, "review": whole}, origin="1", payload=b"{}"))


def test_a_review_tells_its_place_its_stars_and_when_it_changed_last() -> None:
    record = parse(
        "22",
        comment="Kind staff",
        starRating="FOUR",
        updateTime="2026-05-04T10:15:00Z",
        reviewer={"displayName": "Jo Bloggs", "isAnonymous": False},
    )
    assert (record.native_id, record.site, record.text) == ("22/AbFv-1", "Westgate", "Kind staff")
    assert record.created_at.isoformat() == "2026-05-03T10:15:00.123456+00:00"
    assert record.revision == 1_777_889_700_000
    assert record.stars is not None and record.stars.score == 0.75
    assert record.author == pseudonym(b"key", "Jo Bloggs")


def test_an_anonymous_reviewer_is_nobody() -> None:
    reviewer = {"displayName": "A Google User", "isAnonymous": True}
    assert parse(comment="Fine", reviewer=reviewer).author is None


def test_stars_without_a_comment_are_feedback_and_neither_is_none() -> None:
    assert parse(starRating="ONE").text == ""
    with pytest.raises(Skip):
        parse(starRating="STAR_RATING_UNSPECIFIED")


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("(Translated by Google) Good care\n\n(Original)\nGute Pflege", "Gute Pflege"),
        ("Gute Pflege\n\n(Translated by Google)\nGood care", "Gute Pflege"),
        ("(Original)\nGute Pflege\n\n(Translated by Google)\nGood care", "Gute Pflege"),
        ("(Translated by Google) Good care", "Good care"),
        (
            "(Translated by Google) So so\n\n(Original)\nNaja (Original) eben",
            "Naja (Original) eben",
        ),
        ("Their soup (Original) is good", "Their soup (Original) is good"),
        ("  Plain \n", "Plain"),
    ],
)
def test_the_reviewers_own_words_are_kept_and_not_the_translation(
    comment: str, expected: str
) -> None:
    assert original(comment) == expected


def test_asks_for_every_place_with_the_newest_change_first() -> None:
    with serve_fake(FakeGoogleBusiness()) as service:
        pages = list(source(service.url).fetch(None))
        asked = [request for request in service.requests if request.method == "GET"]
    assert [len(page.items) for page in pages] == [10, 10, 5, 8]
    assert [request.path.split("/")[5] for request in asked] == ["11", "11", "11", "22"]
    assert asked[1].query == "pageSize=10&orderBy=updateTime+desc&pageToken=10"


def test_a_place_that_is_named_later_is_read_from_its_beginning() -> None:
    fake = FakeGoogleBusiness()
    with serve_fake(fake) as service:
        made = source(service.url)
        *_, last = made.fetch(None)
        state = {"11": orjson.loads(last.cursor)["11"], "33": "of a place no longer named"}
        (page,) = made.fetch(orjson.dumps(state).decode())
    assert len(page.items) == 8
    assert orjson.loads(page.cursor).keys() == {"11", "22"}


def test_starts_anew_where_the_service_has_forgotten_the_next_page() -> None:
    fake = FakeGoogleBusiness()
    with serve_fake(fake) as service:
        first = next(iter(source(service.url).fetch(None)))
        fake.forgets_pages = True
        pages = list(source(service.url).fetch(first.cursor))
    ids = {item.origin for page in [first, *pages] for item in page.items}
    assert len(ids) == len(fake.texts)


def test_reads_what_a_page_left_out_at_once_and_once_a_day_everything_again() -> None:
    fake = FakeGoogleBusiness()
    missing = fake.places["11"].pop(12)
    with serve_fake(fake) as service:
        *_, last = source(service.url).fetch(None)
        fake.places["11"].append(missing)
        made = source(service.url)
        pages = [*made.fetch(last.cursor)]
        assert [made.parse(item).text for page in pages for item in page.items] == [sentence(12)]
        tomorrow = source(service.url, now=lambda: NOW + timedelta(days=1))
        ids = {item.origin for page in tomorrow.fetch(pages[-1].cursor) for item in page.items}
    assert len(ids) == len(fake.texts)


def test_says_whether_a_review_was_answered() -> None:
    reply = {"comment": "Thank you.", "updateTime": "2026-11-01T10:00:00Z"}
    assert parse(comment="Kind").attributes == {"answered": "no"}
    assert parse(comment="Kind", reviewReply=reply).attributes == {"answered": "yes"}


def test_a_location_added_later_brings_history() -> None:
    fake = FakeGoogleBusiness()
    with serve_fake(fake) as service:
        config = source(service.url).config.model_copy(update={"locations": {"11": "Eastgate"}})
        with GoogleBusiness(config, Context("test", now=lambda: NOW)) as smaller:
            *_, last = smaller.fetch(None)
        pages = [*source(service.url).fetch(last.cursor)]
        assert pages and all(page.is_history for page in pages)
        assert not any(page.is_history for page in source(service.url).fetch(pages[-1].cursor))


def test_a_reply_is_put_below_its_review() -> None:
    fake = FakeGoogleBusiness()
    with serve_fake(fake) as service:
        made = source(service.url)
        reply = made.build_reply("22/AbFv-101", "Thank you!")
        assert (reply.method, reply.path, reply.json) == (
            "PUT",
            "/v4/accounts/104711/locations/22/reviews/AbFv-101/reply",
            {"comment": "Thank you!"},
        )
        made.send_reply(reply)
    assert fake.replies == {"22/AbFv-101": "Thank you!"}


@pytest.mark.parametrize(
    ("native_id", "text"),
    [
        ("33/AbFv-1", "Thanks"),
        ("11/", "Thanks"),
        ("11/..", "Thanks"),
        ("AbFv-1", "Thanks"),
        ("11/AbFv-1", " "),
        ("11/AbFv-1", "ü" * 2_049),
    ],
)
def test_a_reply_that_can_not_be_sent_is_refused(native_id: str, text: str) -> None:
    with pytest.raises(BadRecord):
        source().build_reply(native_id, text)


def test_a_refresh_token_that_was_taken_back_ends_the_run() -> None:
    with serve_fake(FakeGoogleBusiness()) as service:
        made = source(service.url)
        settings = {**FakeGoogleBusiness().settings(service.url), "refresh_token": "old-0815"}
        made.config = made.Config.model_validate(settings)  # type: ignore[assignment]
        with pytest.raises(Unauthorized) as raised:
            list(made.fetch(None))
    assert "old-0815" not in str(raised.value)


def test_a_place_is_named_by_its_id_only() -> None:
    table = {**FakeGoogleBusiness().settings("http://x"), "locations": {"locations/11": "East"}}
    with pytest.raises(Misconfigured, match="locations"):
        build_instance(GoogleBusiness, "one", table, lambda value, action: value)


def settled_with(**settings: Any) -> GoogleBusiness:
    table = {**FakeGoogleBusiness().settings("http://127.0.0.1:9"), **settings}
    values = {name: value for name, value in table.items() if value is not None}
    made = build_instance(
        GoogleBusiness, "one", values, partial(resolve_secret, resolve=lambda name: None)
    ).build(b"key")
    assert isinstance(made, GoogleBusiness)
    return made


NO_CLIENT = {"client_id": None, "client_secret": None, "refresh_token": None}


def test_a_site_beside_the_places_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"site: .*each location has its own in `locations`"):
        settled_with(site="Eastgate")


@pytest.mark.parametrize("settings", [NO_CLIENT, {"client_secret": None}, {"refresh_token": ""}])
def test_half_credentials_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="or a service_account"):
        settled_with(**settings)


@pytest.mark.parametrize(
    "file",
    [
        "planted-secret",
        "{}",
        '{"client_email": "a@b.example", "private_key": "planted-secret"}',
        '{"private_key": "planted-secret"}',
    ],
)
def test_what_is_no_key_file_is_refused_and_not_repeated(file: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        settled_with(**NO_CLIENT, service_account=file)
    assert "service_account: " in str(raised.value)
    assert "it is not the JSON key file of a service account" in str(raised.value)
    assert "planted-secret" not in str(raised.value)


def test_a_service_account_signs_for_its_token_and_again_when_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(key_file(), encoding="utf-8")
    fake = FakeGoogleBusiness()
    with serve_fake(fake) as service:
        service.faults.append("401")
        account = {"service_account": {"file": str(tmp_path / "key.json")}, "act_as": "jo@nhs.uk"}
        token_url = f"{service.url}/token"
        with settled_with(
            **NO_CLIENT, **account, base_url=service.url, token_url=token_url
        ) as made:
            texts = {made.parse(item).text for page in made.fetch(None) for item in page.items}
    assert texts == set(fake.texts.values())
    assert len(fake.claims) == 2
    assert fake.claims[0]["scope"] == "https://www.googleapis.com/auth/business.manage"
    assert fake.claims[0]["sub"] == "jo@nhs.uk"


def test_a_key_that_google_no_longer_knows_ends_the_run() -> None:
    with serve_fake(FakeGoogleBusiness()) as service:
        urls = {"base_url": service.url, "token_url": f"{service.url}/token"}
        file = key_file(known=False)
        with (
            settled_with(**NO_CLIENT, service_account=file, **urls) as made,
            pytest.raises(Unauthorized, match="status 400") as raised,
        ):
            list(made.fetch(None))
    assert "assertion" not in str(raised.value)
