"""Behaviour of ``google_play`` only: tokens that die, and replies."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.reviews.google_play import GooglePlay
from connectors.sdk.errors import BadRecord, Retry, Unauthorized
from connectors.sdk.source import Context
from schemas.feedback import Feedback
from schemas.measures import Stars
from tests.support.fake_service import Served, moment, serve_fake
from tests.support.fakes import WAITS
from tests.support.google_key import key_file
from tests.support.services.google_play import APP, FakeGooglePlay

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeGooglePlay:
    return FakeGooglePlay()


@pytest.fixture
def service(fake: FakeGooglePlay) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def build_google_play(fake: FakeGooglePlay, url: str, **settings: object) -> GooglePlay:
    config = GooglePlay.Config.model_validate(fake.settings(url) | settings)
    return GooglePlay(
        config, Context("test", author_key=b"key", now=lambda: NOW, sleep=WAITS.append)
    )


def parse(fake: FakeGooglePlay, review: Any) -> Feedback:
    source = build_google_play(fake, "http://127.0.0.1:9")
    return source.parse(source.item(review, origin="1", payload=b"[]"))


def test_reads_a_review_and_not_the_developers_answer(fake: FakeGooglePlay) -> None:
    record = parse(fake, fake.reviews[3])
    native_id = "f0b6d5f6-0000-4000-8000-000000000003"
    assert record.native_id == native_id
    assert record.text == "The receptionist was rude to my mother. Visit 3."
    assert record.stars == Stars(value=4)
    assert record.created_at == moment(3)
    assert record.redated
    assert record.author is not None
    assert record.attributes == {"version": "1.3", "answered": "yes"}
    assert record.url == f"https://play.google.com/store/apps/details?id={APP}&reviewId={native_id}"


def test_a_closed_account_is_no_author(fake: FakeGooglePlay) -> None:
    assert parse(fake, fake.reviews[0]).author is None


def test_keeps_a_rating_without_text(fake: FakeGooglePlay) -> None:
    fake.reviews[1][4] = None
    assert (parse(fake, fake.reviews[1]).text, parse(fake, fake.reviews[1]).stars) == (
        "",
        Stars(value=2),
    )


@pytest.mark.parametrize(
    "at", [None, [], [None], ["soon"], [10**17], [253402300799], [-1], [True], [{}]]
)
def test_a_review_without_a_time_has_that_of_its_reading(fake: FakeGooglePlay, at: object) -> None:
    fake.reviews[1][5] = at
    assert parse(fake, fake.reviews[1]).attributes["date"] == "first seen"


def test_certificates_are_still_checked_with_the_library_in(fake: FakeGooglePlay) -> None:
    parse(fake, fake.reviews[1])
    assert ssl._create_default_https_context is ssl.create_default_context


def test_shows_the_stores_cookie_again(fake: FakeGooglePlay, service: Served) -> None:
    with build_google_play(fake, service.url) as source:
        list(source.fetch(None))
    assert fake.cookies_seen == [None, "511=abc", "511=abc", "511=abc"]


def test_walks_from_the_newest_where_the_cursors_token_has_died(
    fake: FakeGooglePlay, service: Served
) -> None:
    with build_google_play(fake, service.url) as source:
        first = next(iter(source.fetch(None)))
    fake.life += 1
    with build_google_play(fake, service.url) as source:
        pages = list(source.fetch(first.cursor))
        items = [item for page in [first, *pages] for item in page.items]
        native_ids = [source.parse(item).native_id for item in items]
        assert native_ids == [review[0] for review in reversed(fake.reviews)]
        assert next(iter(source.fetch(pages[-1].cursor))).items == []


def test_a_token_that_dies_within_a_run_ends_it_and_loses_nothing(
    fake: FakeGooglePlay, service: Served
) -> None:
    with build_google_play(fake, service.url) as source:
        pages = source.fetch(None)
        first = next(pages)
        fake.life += 1
        with pytest.raises(Retry, match="not a list of reviews"):
            next(pages)
        later = list(source.fetch(first.cursor))
    assert sum(len(page.items) for page in [first, *later]) == len(fake.reviews)


def test_a_token_that_comes_back_ends_the_walk(fake: FakeGooglePlay, service: Served) -> None:
    fake.is_stuck = True
    with build_google_play(fake, service.url) as source:
        assert len(list(source.fetch(None))) == 2


def test_an_app_without_reviews_brings_none(fake: FakeGooglePlay, service: Served) -> None:
    fake.reviews = []
    with build_google_play(fake, service.url) as source:
        assert [page.items for page in source.fetch(None)] == [[]]


@pytest.mark.parametrize(
    "name", ["A Google user", "Ein Google-Nutzer", "Un utilisateur de Google", "Google ユーザー"]
)
def test_a_closed_account_is_no_author_in_any_language(fake: FakeGooglePlay, name: str) -> None:
    review = fake.reviews[3]
    assert parse(fake, review).author is not None
    review[1][0] = name
    assert parse(fake, review).author is None


def test_reviews_that_repeat_under_new_tokens_end_the_walk(
    fake: FakeGooglePlay, service: Served
) -> None:
    fake.repeats = True
    with build_google_play(fake, service.url) as source:
        pages = list(source.fetch(None))
        assert sum(len(page.items) for page in pages) == len(fake.reviews)
        assert len(service.requests) < 10


def test_publishes_a_reply(fake: FakeGooglePlay, service: Served) -> None:
    with build_google_play(fake, service.url) as source:
        source.send_reply(source.build_reply("gp:AOqpTO-_E", "We are sorry."))
    assert fake.replies == {"gp:AOqpTO-_E": "We are sorry."}


def test_a_service_account_replies_too(fake: FakeGooglePlay, service: Served) -> None:
    none: dict[str, object] = {"client_id": None, "client_secret": None, "refresh_token": None}
    with build_google_play(fake, service.url, **none, service_account=key_file()) as source:
        source.send_reply(source.build_reply("gp:AOqpTO-_E", "We are sorry."))
    assert fake.replies == {"gp:AOqpTO-_E": "We are sorry."}
    (claims,) = fake.claims
    assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
    assert "sub" not in claims


def test_a_dead_refresh_token_is_said(fake: FakeGooglePlay, service: Served) -> None:
    source = build_google_play(fake, service.url, refresh_token="gp-refresh-old")  # noqa: S106
    with source, pytest.raises(Unauthorized) as raised:
        source.send_reply(source.build_reply("1", "We are sorry."))
    assert "gp-refresh" not in str(raised.value)


@pytest.mark.parametrize("text", ["", " ", "x" * 351])
def test_refuses_replies_that_the_store_would_not_take(fake: FakeGooglePlay, text: str) -> None:
    with pytest.raises(BadRecord, match="1 to 350 characters"):
        build_google_play(fake, "http://127.0.0.1:9").build_reply("1", text)


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "refresh_token"])
def test_replies_need_credentials(fake: FakeGooglePlay, missing: str) -> None:
    source = build_google_play(fake, "http://127.0.0.1:9", **{missing: None})
    with pytest.raises(BadRecord, match="not set"):
        source.build_reply("1", "We are sorry.")
