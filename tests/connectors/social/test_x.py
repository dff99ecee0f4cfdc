"""Behaviour of the X connector only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from connectors.sdk.errors import BadRecord, Retry
from connectors.sdk.http import HttpResponse
from connectors.sdk.source import Polled
from connectors.social.x import _classify, _posts
from schemas.feedback import Feedback
from tests.support.fake_service import Served, moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.services.x import FakeX, snowflake


def parse(post: dict[str, Any]) -> Feedback:
    source = build_source(FakeX(), "http://127.0.0.1:9", author_key=b"key", now=lambda: moment(50))
    return source.parse(source.item(post, origin="1", payload=b"{}"))


def fetch_pages(fake: FakeX, service: Served, cursor: str | None = None) -> list[tuple[int, str]]:
    """Return the number of posts and the cursor of each page."""
    source = build_source(fake, service.url, now=lambda: fake.now)
    assert isinstance(source, Polled)
    return [(len(page.items), page.cursor) for page in source.fetch(cursor)]


def test_reads_a_post_with_language_address_and_pseudonym() -> None:
    record = parse(FakeX().posts[3])
    assert record.native_id == snowflake(3)
    assert record.text == sentence(3)
    assert record.language == "en"
    assert record.created_at == moment(3)
    assert record.url == f"https://x.com/i/web/status/{snowflake(3)}"
    assert record.author is not None and "224403" not in record.author


def test_an_edit_goes_by_the_first_id_and_time_with_a_higher_revision() -> None:
    fake = FakeX()
    before = parse(fake.posts[20])
    fake.edit()
    after = parse(fake.posts[20])
    assert (after.native_id, after.created_at) == (before.native_id, before.created_at)
    assert after.revision - before.revision == 20 * 7_200_000


def test_a_long_post_is_read_to_its_end() -> None:
    post = {**FakeX().posts[1], "note_tweet": {"text": "All of it. " * 40}}
    assert parse(post).text == "All of it. " * 40


def test_a_language_that_x_does_not_know_is_none() -> None:
    assert parse({**FakeX().posts[1], "lang": "und"}).language is None


def test_an_id_that_is_no_number_is_a_bad_record() -> None:
    with pytest.raises(BadRecord, match="parsing x: id"):
        parse({**FakeX().posts[1], "id": "abc"})


def test_asks_only_for_what_is_newer_than_the_last_run() -> None:
    fake = FakeX()
    with serve_fake(fake) as service:
        *_, (_, cursor) = fetch_pages(fake, service)
        assert [count for count, _ in fetch_pages(fake, service, cursor)] == [0]
        since = int(parse_qs(service.requests[-1].query)["since_id"][0])
        assert since == int(snowflake(31)) - 31  # six hours earlier: the search may be late


def test_after_more_than_seven_days_the_whole_of_them_is_searched() -> None:
    fake = FakeX()
    with serve_fake(fake) as service:
        (_, first), *_, (_, last) = fetch_pages(fake, service)
        fake.now = moment(34) + timedelta(days=8)
        for cursor in (first, last):
            fetch_pages(fake, service, cursor)
            assert "since_id" not in service.requests[-1].query


def test_a_plan_s_cap_is_waited_for_and_not_hammered() -> None:
    fake = FakeX()
    fake.capped = True
    with serve_fake(fake) as service:
        with pytest.raises(Retry, match="cap of posts is reached") as raised:
            fetch_pages(fake, service)
        assert len(service.requests) == 1
    assert raised.value.wait == 6 * 3_600


def test_a_text_is_what_a_reader_sees() -> None:
    post = {**FakeX().posts[3], "text": "Q&amp;A: &lt; 2 h &gt; 1 h"}
    assert parse(post).text == "Q&A: < 2 h > 1 h"
    assert parse({**post, "note_tweet": {"text": "Q&amp;A at length"}}).text == "Q&A at length"


@pytest.mark.parametrize("note", [{}, {"text": ""}, {"text": None}, None, {"text": " "}])
def test_a_long_post_without_its_end_is_its_beginning(note: Any) -> None:
    assert parse({**FakeX().posts[3], "note_tweet": note}).text == sentence(3)


def test_options_of_a_poll_and_descriptions_of_pictures_are_the_authors() -> None:
    fake = FakeX()
    fake.posts = fake.posts[:3]
    fake.posts[1]["attachments"] = {"poll_ids": ["9"], "media_keys": ["3_1", "3_2", "3_9"]}
    fake.includes = {
        "polls": [
            {"id": "9", "options": [{"position": 1, "label": "Nine hours &amp; more"}]},
            {"id": "8", "options": [{"position": 1, "label": "Somebody else's"}]},
        ],
        "media": [{"media_key": "3_1", "alt_text": "Mould"}, {"media_key": "3_2"}, None, "odd"],
    }
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, now=lambda: fake.now)
        assert isinstance(source, Polled)
        texts = [source.parse(item).text for page in source.fetch(None) for item in page.items]
    assert texts == [sentence(2), f"{sentence(1)}\nNine hours & more\nMould", sentence(0)]


@pytest.mark.parametrize(
    "beside",
    [
        {"author_id": 7},
        {"author_id": None},
        {"edit_history_tweet_ids": [None]},
        {"polls": "none"},
        {"media": [None] * 30},
        {"attachments": []},
        {"created_at": 7},
    ],
)
def test_what_stands_beside_a_post_never_refuses_it(beside: dict[str, Any]) -> None:
    assert parse({**FakeX().posts[3], **beside}).text == sentence(3)


def test_an_id_may_be_a_number() -> None:
    post = FakeX().posts[3]
    assert parse({**post, "id": int(post["id"])}) == parse(post)


@pytest.mark.parametrize(
    ("lang", "language"), [("in", "id"), ("iw", "he"), ("und", None), ("x" * 40, None), (7, None)]
)
def test_languages_have_current_codes(lang: object, language: str | None) -> None:
    assert parse({**FakeX().posts[3], "lang": lang}).language == language


def test_credits_that_are_used_up_are_waited_for() -> None:
    answer = HttpResponse(402, httpx.Headers(), b'{"title":"Credits"}', "GET api.x.com/2")
    problem = _classify(answer)
    assert isinstance(problem, Retry)
    assert "credits" in str(problem) and problem.wait >= 3_600


@pytest.mark.parametrize("body", ['{"errors":[{"title":"Service error"}]}', "[]", '{"meta":{}}'])
def test_a_page_with_errors_only_is_a_failure(body: str) -> None:
    with pytest.raises(Retry):
        _posts(orjson.loads(body))


def test_understands_the_cursor_of_earlier_versions() -> None:
    fake = FakeX()
    with serve_fake(fake) as service:
        at = int(snowflake(30))
        old = orjson.dumps({"known": [at, [snowflake(30)]], "deep": 0}).decode()
        assert [count for count, _ in fetch_pages(fake, service, old)] == [4]
