"""Behaviour of the YouTube connector only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from connectors.sdk.errors import BadRecord, Fatal, Retry, Skip, Unauthorized
from connectors.sdk.source import Polled
from connectors.social.youtube import YouTubeConfig
from schemas.feedback import Family, Feedback
from tests.support.fake_service import moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.services.youtube import CHANNEL, VIDEO, FakeYouTube


def parse(thread: dict[str, Any]) -> Feedback:
    source = build_source(
        FakeYouTube(), "http://127.0.0.1:9", author_key=b"key", now=lambda: moment(50)
    )
    return source.parse(source.item(thread, origin="1", payload=b"{}"))


def fetch_pages(fake: FakeYouTube, cursor: str | None = None, **settings: Any) -> list[str]:
    """Cursors of a run."""
    with serve_fake(fake) as service:
        source = build_source(_with(fake, settings), service.url, now=lambda: moment(50))
        assert isinstance(source, Polled)
        return [page.cursor for page in source.fetch(cursor)]


def _with(fake: FakeYouTube, settings: dict[str, Any]) -> FakeYouTube:
    usual = fake.settings
    fake.settings = lambda url: {**usual(url), **settings}  # type: ignore[method-assign]
    return fake


def test_reads_a_thread_with_video_address_and_pseudonym() -> None:
    record = parse(FakeYouTube().threads[3])
    assert record.family is Family.SOCIAL
    assert record.native_id == "Ugx0003AaABAg"
    assert record.text == sentence(3)
    assert record.created_at == moment(3)
    assert record.url == f"https://www.youtube.com/watch?v={VIDEO}&lc=Ugx0003AaABAg"
    assert record.attributes == {"video": VIDEO}
    assert record.author is not None and "UCauthor3" not in record.to_payload().decode()


def test_leaves_out_what_the_channel_itself_wrote() -> None:
    thread = FakeYouTube().threads[3]
    thread["snippet"]["topLevelComment"]["snippet"]["authorChannelId"] = {"value": CHANNEL}
    with pytest.raises(Skip, match="channel itself"):
        parse(thread)


def test_asks_for_one_video_where_one_is_named() -> None:
    fake = FakeYouTube()
    with serve_fake(fake) as service:
        source = build_source(_with(fake, {"video": VIDEO, "channel": None}), service.url)
        assert isinstance(source, Polled)
        assert len(list(source.fetch(None))) == 4
        query = parse_qs(service.requests[0].query)
    assert query["videoId"] == [VIDEO]
    assert "allThreadsRelatedToChannelId" not in query and "key" not in query


def test_needs_either_a_video_or_a_channel() -> None:
    for both in ({}, {"video": "v", "channel": "c"}):
        with pytest.raises(ValidationError, match="either video or channel"):
            YouTubeConfig.model_validate({"api_key": "k", **both})


@pytest.mark.parametrize(
    ("reason", "wait"), [("quotaExceeded", 3_600.0), ("rateLimitExceeded", 120.0)]
)
def test_a_spent_quota_is_waited_for_and_not_hammered(reason: str, wait: float) -> None:
    fake = FakeYouTube()
    fake.problem = (403, reason)
    with serve_fake(fake) as service:
        source = build_source(fake, service.url)
        assert isinstance(source, Polled)
        with pytest.raises(Retry, match=reason) as raised:
            list(source.fetch(None))
        assert len(service.requests) == 1
    assert raised.value.wait == wait


def test_comments_turned_off_end_the_run_with_a_sentence() -> None:
    fake = FakeYouTube()
    fake.problem = (403, "commentsDisabled")
    with pytest.raises(Fatal, match="has turned comments off"):
        fetch_pages(fake)


def test_a_wrong_key_is_named_as_one() -> None:
    with pytest.raises(Unauthorized, match="API key is not valid"):
        fetch_pages(FakeYouTube(), api_key="wrong")


def test_begins_again_where_the_next_page_s_token_has_expired() -> None:
    fake = FakeYouTube()
    first = fetch_pages(fake)[0]
    fake.spoiled = True
    fake.threads = fake.threads[-10:]
    assert len(fetch_pages(fake, first)) == 1


def reply(number: int, text: str = "Mine was loud, and they lost my form") -> dict[str, Any]:
    return {
        "id": f"Ugx0003AaABAg.{number}",
        "snippet": {
            "textDisplay": text,
            "authorChannelId": {"value": f"UCreply{number}"},
            "publishedAt": moment(20 + number).isoformat(),
            "parentId": "Ugx0003AaABAg",
        },
    }


def read_texts(fake: FakeYouTube) -> dict[str, Feedback]:
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, now=lambda: moment(50))
        assert isinstance(source, Polled)
        items = [item for page in source.fetch(None) for item in page.items]
        records = [source.parse(item) for item in items]
    return {record.native_id: record for record in records}


def test_replies_are_feedback_about_what_they_answer() -> None:
    fake = FakeYouTube()
    fake.threads = [fake.threads[3]]
    fake.threads[0]["replies"] = {"comments": [reply(1)]}
    fake.threads[0]["snippet"]["totalReplyCount"] = 1
    records = read_texts(fake)
    assert records.keys() == {"Ugx0003AaABAg", "Ugx0003AaABAg.1"}
    answer = records["Ugx0003AaABAg.1"]
    assert (answer.question, answer.created_at) == (sentence(3), moment(21))
    assert answer.text == "Mine was loud, and they lost my form"


def test_replies_that_a_thread_does_not_show_are_asked_for() -> None:
    fake = FakeYouTube()
    fake.threads = [fake.threads[3]]
    fake.replies = [reply(number) for number in range(7)]
    fake.threads[0]["replies"] = {"comments": fake.replies[:2]}
    fake.threads[0]["snippet"]["totalReplyCount"] = 7
    assert len(read_texts(fake)) == 1 + 7


@pytest.mark.parametrize("odd", [None, "Kind", {"id": 7}, {"id": "r", "snippet": "Kind"}])
def test_a_reply_that_cannot_be_read_is_not_the_comment_above_it(odd: Any) -> None:
    thread = FakeYouTube().threads[3]
    with pytest.raises(BadRecord, match="reply"):
        parse({"snippet": thread["snippet"], "reply": odd})


def test_replies_that_are_none_are_not_lost() -> None:
    fake = FakeYouTube()
    fake.threads = [fake.threads[3]]
    fake.threads[0]["replies"] = {"comments": [None, "Kind", reply(1)]}
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, now=lambda: moment(50))
        assert isinstance(source, Polled)
        items = [item for page in source.fetch(None) for item in page.items]
    assert len(items) == 4


def test_says_that_the_channel_has_answered() -> None:
    thread = FakeYouTube().threads[3]
    answer = reply(1, "Please call us.")
    answer["snippet"]["authorChannelId"] = {"value": CHANNEL}
    thread["replies"] = {"comments": [answer]}
    assert parse(thread).attributes == {"video": VIDEO, "answered": "yes"}


def test_an_old_comment_on_top_hides_none_behind_it() -> None:
    fake = FakeYouTube()
    pinned, fake.threads = fake.threads[0], fake.threads[1:3]
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, now=lambda: moment(50))
        assert isinstance(source, Polled)
        *_, last = source.fetch(None)
        fake.threads += [fake._thread(number) for number in range(10, 35)]
        fake.pinned = pinned
        items = [item for page in source.fetch(last.cursor) for item in page.items]
    assert len(items) == 1 + 25
