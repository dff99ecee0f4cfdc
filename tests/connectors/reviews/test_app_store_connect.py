"""Behaviour of ``app_store_connect`` only: its tokens, its replies, and its ways of saying no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.reviews.app_store_connect.connector import AppStoreConnect
from connectors.sdk.errors import BadRecord, Fatal, Misconfigured, Retry, Skip, Unauthorized
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.source import Context
from schemas.feedback import Feedback
from schemas.measures import Stars
from tests.support.fake_service import NOW, Served, moment, sentence, serve_fake
from tests.support.fakes import WAITS
from tests.support.services.app_store_connect import ISSUER, FakeAppStoreConnect

ATTRIBUTES = {
    "rating": 4,
    "title": "Good",
    "body": "Easy to use.",
    "reviewerNickname": "jo.bloggs.1",
    "createdDate": "2026-05-03T10:15:00-07:00",
    "territory": "GBR",
}


@pytest.fixture
def fake() -> FakeAppStoreConnect:
    return FakeAppStoreConnect()


@pytest.fixture
def service(fake: FakeAppStoreConnect) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build(
    url: str = "http://127.0.0.1:9", later: timedelta = timedelta(0), **settings: Any
) -> AppStoreConnect:
    config = AppStoreConnect.Config.model_validate(
        {**FakeAppStoreConnect().settings(url), **settings}
    )
    context = Context("test", author_key=b"key", now=lambda: NOW + later, sleep=WAITS.append)
    return AppStoreConnect(config, context)


def parse(is_answered: object = False, **attributes: Any) -> Feedback:
    review = {"type": "customerReviews", "id": "r-1", "attributes": {**ATTRIBUTES, **attributes}}
    with build() as source:
        data = {"review": review, "is_answered": is_answered}
        return source.parse(source.item(data, origin="r-1"))


def read(source: AppStoreConnect, cursor: str | None = None) -> tuple[list[Feedback], str]:
    with source:
        pages = [*source.fetch(cursor)]
        return [source.parse(item) for page in pages for item in page.items], pages[-1].cursor


def test_title_and_body_are_one_comment() -> None:
    record = parse()
    assert (record.native_id, record.text) == ("r-1", "Good\nEasy to use.")
    assert record.stars == Stars(value=4)
    assert record.created_at.isoformat() == "2026-05-03T10:15:00-07:00"
    assert record.author == pseudonym(b"key", "jo.bloggs.1")
    assert record.url == "https://apps.apple.com/app/id1059224316"
    assert record.attributes == {"answered": "no", "territory": "GBR"}


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"title": None}, "Easy to use."),
        ({"title": 7}, "Easy to use."),
        ({"body": None}, "Good"),
        ({"rating": 6}, "Good\nEasy to use."),
        ({"rating": None}, "Good\nEasy to use."),
        ({"createdDate": "yesterday"}, "Good\nEasy to use."),
        ({"territory": ["GBR"]}, "Good\nEasy to use."),
        ({"reviewerNickname": None}, "Good\nEasy to use."),
        ({"title": None, "body": None}, ""),
    ],
)
def test_nothing_beside_the_comment_refuses_it(attributes: dict[str, Any], text: str) -> None:
    assert parse(**attributes).text == text


def test_a_review_without_words_and_stars_is_no_feedback() -> None:
    with pytest.raises(Skip):
        parse(title=None, body=" ", rating=None)


def test_says_whether_a_review_was_answered(fake: FakeAppStoreConnect, service: Served) -> None:
    records, _ = read(build(service.url))
    answered = {record.native_id: record.attributes["answered"] for record in records}
    assert answered.pop("r-000000000003") == "yes"
    assert {*answered.values()} == {"no"}


@pytest.mark.parametrize("where", ["review", "included"])
def test_a_reply_is_recognized_on_either_side(
    fake: FakeAppStoreConnect, service: Served, where: str
) -> None:
    fake.reply_named_in = where
    records, _ = read(build(service.url))
    (answered,) = [record for record in records if record.attributes["answered"] == "yes"]
    assert answered.native_id == "r-000000000003"


def test_a_reply_that_came_later_is_noticed_a_day_after(
    fake: FakeAppStoreConnect, service: Served
) -> None:
    _, cursor = read(build(service.url))
    fake.replies["r-000000000010"] = "Thank you."
    later, _ = read(build(service.url, timedelta(days=1)), cursor)
    answered = {record.native_id for record in later if record.attributes["answered"] == "yes"}
    assert answered == {"r-000000000003", "r-000000000010"}


def test_asks_for_the_newest_first_with_their_replies(
    fake: FakeAppStoreConnect, service: Served
) -> None:
    read(build(service.url, territories=["GBR", "IRL"]))
    first, second = service.requests[:2]
    assert first.query == (
        "sort=-createdDate&include=response&limit=5&filter%5Bterritory%5D=GBR%2CIRL"
    )
    assert second.query == f"{first.query}&cursor=p5"


def test_reads_the_territories_that_are_set(fake: FakeAppStoreConnect, service: Served) -> None:
    records, _ = read(build(service.url, territories=["IRL"]))
    assert {record.attributes["territory"] for record in records} == {"IRL"}
    assert len(records) == 9


def test_starts_anew_where_the_service_has_forgotten_the_next_page(
    fake: FakeAppStoreConnect, service: Served
) -> None:
    with build(service.url) as source:
        first = next(iter(source.fetch(None)))
    fake.forgets_pages = True
    with build(service.url) as source:
        pages = [first, *source.fetch(first.cursor)]
    assert {item.origin for page in pages for item in page.items} == {
        f"app_store_connect/test:{name}" for name in fake.texts
    }


def test_a_token_is_the_teams_and_serves_for_several_requests(
    fake: FakeAppStoreConnect, service: Served
) -> None:
    read(build(service.url))
    assert len(fake.claims) == 4
    assert all(claims == fake.claims[0] for claims in fake.claims)
    assert fake.claims[0]["iss"] == ISSUER


def test_an_individual_key_names_no_team(fake: FakeAppStoreConnect, service: Served) -> None:
    read(build(service.url, issuer_id=None))
    assert fake.claims[0]["sub"] == "user" and "iss" not in fake.claims[0]


def test_a_token_is_replaced_before_it_expires(
    fake: FakeAppStoreConnect, service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_800_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    with build(service.url) as source:
        pages = source.fetch(None)
        next(pages)
        now += 850
        list(pages)
    assert [claims["exp"] - 1_800_000_000 for claims in fake.claims] == [900, 1_750, 1_750, 1_750]


def _pem(curve: ec.EllipticCurve, *, is_public: bool = False) -> str:
    key = ec.generate_private_key(curve)
    if is_public:
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    "key",
    ["", "planted-secret", _pem(ec.SECP384R1()), _pem(ec.SECP256R1(), is_public=True)],
    ids=["empty", "text", "another curve", "public"],
)
def test_what_is_no_private_key_is_refused_and_not_repeated(key: str) -> None:
    with build(private_key=key) as source, pytest.raises(Misconfigured) as raised:
        list(source.fetch(None))
    assert str(raised.value).startswith("private_key: it is not the content of an API key's file")
    assert "planted-secret" not in str(raised.value)


def test_another_key_goes_on_from_the_same_cursor() -> None:
    with build() as before, build(key_id="NEW1", issuer_id=None, private_key="new") as after:
        assert before.instance_key == after.instance_key
    with build(territories=["GBR"]) as other:
        assert other.instance_key != before.instance_key


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-Rate-Limit": "user-hour-lim:3500;user-hour-rem:0;"}, 900.0),
        ({"X-Rate-Limit": "user-hour-lim:3500;user-hour-rem:0;", "Retry-After": "90"}, 90.0),
        ({"X-Rate-Limit": "user-hour-lim:3500;user-hour-rem:05;"}, 1.0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400.0),
        ({}, 1.0),
    ],
)
def test_waits_for_a_part_of_the_hour_that_is_used_up(
    fake: FakeAppStoreConnect, service: Served, headers: dict[str, str], wait: float
) -> None:
    fake.refusal = (429, "RATE_LIMIT_EXCEEDED", headers)
    with build(service.url) as source, pytest.raises(Retry) as raised:
        list(source.fetch(None))
    assert raised.value.wait == wait


def test_a_403_says_which_permission_is_missing(fake: FakeAppStoreConnect, service: Served) -> None:
    fake.refusal = (403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", {})
    with build(service.url) as source, pytest.raises(Unauthorized, match="REQUIRED_AGREEMENTS"):
        list(source.fetch(None))
    fake.refusal = (403, "Jo Bloggs may not", {})
    with build(service.url) as source, pytest.raises(Unauthorized) as raised:
        list(source.fetch(None))
    assert "Jo" not in str(raised.value)


def test_an_app_that_there_is_not_ends_the_run(fake: FakeAppStoreConnect, service: Served) -> None:
    with build(service.url, app="1") as source, pytest.raises(Fatal, match="status 404"):
        list(source.fetch(None))


def test_a_reply_is_published_and_replaced(fake: FakeAppStoreConnect, service: Served) -> None:
    with build(service.url) as source:
        for text in ("We are sorry.", "We have called you."):
            reply = source.build_reply("r-000000000005", text)
            source.send_reply(reply)
    assert (reply.method, reply.path) == ("POST", "/v1/customerReviewResponses")
    assert fake.replies["r-000000000005"] == "We have called you."


@pytest.mark.parametrize(
    ("native_id", "text"),
    [("", "Thanks"), ("../apps", "Thanks"), ("r-1", " "), ("r-1", "x" * 5_971)],
)
def test_a_reply_that_can_not_be_sent_is_refused(native_id: str, text: str) -> None:
    with build() as source, pytest.raises(BadRecord):
        source.build_reply(native_id, text)


def test_a_next_page_elsewhere_is_not_requested(fake: FakeAppStoreConnect, service: Served) -> None:
    records, _ = read(build(service.url))
    assert {record.text for record in records} == {*fake.texts.values()}
    assert all(request.headers["host"] in service.url for request in service.requests)


@pytest.mark.parametrize("address", ["https://api.example.org/v1/more", "http://[", 7])
def test_a_next_page_without_a_cursor_is_not_the_end(
    fake: FakeAppStoreConnect, service: Served, address: object
) -> None:
    fake.next_address = address
    with build(service.url) as source, pytest.raises(Retry, match="no cursor"):
        list(source.fetch(None))


def test_an_edit_without_a_new_time_is_noticed_a_day_after(
    fake: FakeAppStoreConnect, service: Served
) -> None:
    _, cursor = read(build(service.url))
    fake.edit()
    later, _ = read(build(service.url, timedelta(days=1)), cursor)
    (edited,) = [record for record in later if record.native_id == "r-000000000002"]
    assert edited.text == fake.texts["r-000000000002"] != f"Visit 2\n{sentence(2)}"
    assert edited.created_at == moment(2) and edited.redated
