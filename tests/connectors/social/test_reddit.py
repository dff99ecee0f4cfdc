"""Behaviour of the Reddit connector only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Skip
from connectors.sdk.source import Polled, Source
from connectors.social.reddit.cursor import RedditCursor
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import Served, moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.services.reddit import AGENT, FakeReddit, seconds

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def build_reddit(fake: FakeReddit, url: str, now: datetime = NOW, **settings: Any) -> Source:
    usual = fake.settings(url)
    fake.settings = lambda url: {**usual, **settings}  # type: ignore[method-assign]
    return build_source(fake, url, author_key=b"key", now=lambda: now)


def parse(thing: dict[str, Any], **settings: Any) -> Feedback:
    source = build_reddit(FakeReddit(), "http://127.0.0.1:9", **settings)
    return source.parse(source.item(thing, origin="1", payload=b"{}"))


def pages(
    fake: FakeReddit, service: Served, cursor: str | None = None, now: datetime = NOW, **more: Any
) -> list[Page]:
    source = build_reddit(fake, service.url, now, **more)
    assert isinstance(source, Polled)
    return list(source.fetch(cursor))


def test_reads_title_and_text_of_a_post() -> None:
    record = parse(FakeReddit().posts[3])
    assert record.native_id == "t3_1q0003"
    assert record.text == f"Visit 3\n{sentence(3)}"
    assert record.created_at == moment(3)
    assert record.url == "https://www.reddit.com/comments/1q0003"
    assert record.attributes == {"subreddit": "eastgate"}
    assert record.author is not None and "jobloggs" not in record.author


def test_reads_a_comment() -> None:
    comment = FakeReddit().comments[0] | {"permalink": "/r/eastgate/comments/1q0003/visit/1q0025/"}
    record = parse(comment)
    assert (record.native_id, record.text) == ("t1_1q0025", sentence(25))
    assert record.url == "https://www.reddit.com/comments/1q0003/_/1q0025"


@pytest.mark.parametrize(
    "permalink", ["/r/u_jobloggs/comments/1q0003/visit/", "/user/jobloggs/comments/1q0003/visit/"]
)
def test_tells_no_name_of_a_profile(permalink: str) -> None:
    record = parse(FakeReddit().posts[3] | {"permalink": permalink, "subreddit": "u_jobloggs"})
    assert record.url == "https://www.reddit.com/comments/1q0003"
    assert b"jobloggs" not in record.to_payload()


@pytest.mark.parametrize(
    "change",
    [
        {"selftext": "[deleted]", "author": "[deleted]"},
        {"selftext": "[ Removed by Reddit ]"},
        {"removed_by_category": "automod_filtered"},
    ],
)
def test_what_is_gone_becomes_a_delete_after_its_last_revision(change: dict[str, Any]) -> None:
    post = {**FakeReddit().posts[3], "edited": seconds(5)}
    before, after = parse(post), parse({**post, **change})
    assert after.operation is Operation.DELETE
    assert (after.text, after.author, after.created_at) == ("", None, before.created_at)
    assert after.revision == before.revision + 1


def test_a_deleted_account_leaves_its_words_without_an_author() -> None:
    record = parse({**FakeReddit().posts[3], "author": "[deleted]"})
    assert (record.operation, record.author) == (Operation.UPSERT, None)


def test_leaves_out_crossposts_bots_and_own_accounts() -> None:
    post = FakeReddit().posts[3]
    for change in (
        {
            "crosspost_parent": "t3_1q0001",
            "crosspost_parent_list": [{"title": post["title"]}],
            "selftext": "",
        },
        {"author": "AutoModerator"},
        {"author": "eastgatehosp"},
    ):
        with pytest.raises(Skip):
            parse({**post, **change}, own_accounts=["eastgatehosp"])


def test_a_crosspost_with_a_title_of_its_own_is_feedback() -> None:
    post = {**FakeReddit().posts[3], "crosspost_parent": "t3_1q0001", "selftext": ""}
    post["title"] = "My mother waited there as well"
    for parents in ([], [{"title": "Another title"}]):
        record = parse({**post, "crosspost_parent_list": parents})
        assert record.text == "My mother waited there as well"


def test_a_text_is_what_a_reader_sees() -> None:
    text = "Two wards.\n\n&#x200B;\n\nBoth cold &amp; loud &gt; 40 dB."
    record = parse({**FakeReddit().posts[3], "title": "Q&A &#3232;", "selftext": text})
    assert record.text == "Q&A ಠ\nTwo wards.\n\nBoth cold & loud > 40 dB."


def test_a_comment_has_the_title_of_its_post_as_its_question() -> None:
    comment = {**FakeReddit().comments[1], "body": "Me too", "link_title": "Lost my scans &amp; me"}
    record = parse(comment)
    assert (record.text, record.question) == ("Me too", "Lost my scans & me")


def test_a_post_that_is_approved_a_day_later_is_read() -> None:
    fake = FakeReddit()
    late = fake.posts.pop(13)
    with serve_fake(fake) as service:
        *_, last = pages(fake, service)
        fake.posts.append(late)
        later = pages(fake, service, last.cursor)
    assert [item.data["name"] for page in later for item in page.items] == [late["name"]]


@pytest.mark.parametrize("time", [1e30, "soon", None, True, [1], 0])
def test_a_post_without_a_time_has_that_of_its_reading(time: Any) -> None:
    record = parse({**FakeReddit().posts[3], "created_utc": time})
    assert (record.created_at, record.revision) == (NOW, 0)
    assert record.attributes["date"] == "first seen"


@pytest.mark.parametrize("edited", [True, None, "long ago", {}, 1e30])
def test_an_edit_without_a_time_is_none(edited: Any) -> None:
    record = parse({**FakeReddit().posts[3], "edited": edited})
    assert record.revision == seconds(3) * 1000


def test_options_of_a_poll_and_captions_of_pictures_are_the_authors() -> None:
    poll = {"options": [{"id": "1", "text": "Nine hours"}, {"id": "2", "text": "Sent home"}]}
    record = parse({**FakeReddit().posts[3], "selftext": "", "poll_data": poll})
    assert record.text == "Visit 3\nNine hours\nSent home"
    gallery = {"items": [{"caption": "Mould above the sink", "media_id": "a"}, {"media_id": "b"}]}
    record = parse({**FakeReddit().posts[3], "selftext": None, "gallery_data": gallery})
    assert record.text == "Visit 3\nMould above the sink"


def test_a_crosspost_is_about_what_it_repeats() -> None:
    parent = {
        "crosspost_parent": "t3_a",
        "crosspost_parent_list": [{"title": "They lost my scans"}],
    }
    record = parse({**FakeReddit().posts[3], **parent, "title": "Same here", "selftext": ""})
    assert (record.text, record.question) == ("Same here", "They lost my scans")


@pytest.mark.parametrize(
    "beside",
    [
        {"crosspost_parent_list": None},
        {"poll_data": "none"},
        {"gallery_data": {"items": {"a": 1}}},
        {"permalink": None},
        {"subreddit": 7},
        {"removed_by_category": []},
        {"removed_by_category": ""},
        {"author": {"name": "jo"}},
    ],
)
def test_what_stands_beside_a_post_never_refuses_it(beside: dict[str, Any]) -> None:
    assert parse({**FakeReddit().posts[3], **beside}).text == f"Visit 3\n{sentence(3)}"


@pytest.mark.parametrize("broken", ["/new", "/comments"])
def test_a_list_that_fails_keeps_no_other_back(broken: str) -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        cursor: str | None = None
        service.broken = broken
        for run in range(3):
            fake.add()
            read = build_reddit(fake, service.url)
            assert isinstance(read, Polled)
            items: list[Any] = []
            with pytest.raises(Fatal, match="reading 1 of 2 places") as raised:
                for page in read.fetch(cursor):
                    items += page.items
                    cursor = page.cursor
            assert list(raised.value.failed_places) == [{"/new": "posts"}.get(broken, "comments")]
            assert len(items) == (1 if run else (25 if broken == "/comments" else 12) + 1)
        service.broken = ""
        rest = pages(fake, service, cursor)
    assert sum(len(page.items) for page in rest) == (15 if broken == "/comments" else 28)


def test_a_check_that_fails_is_made_in_the_next_run() -> None:
    fake = FakeReddit()
    later = NOW + timedelta(days=2)
    with serve_fake(fake) as service:
        cursor = pages(fake, service)[-1].cursor
        fake.delete()
        service.broken = "/api/info"
        fake.add()
        source = build_reddit(fake, service.url, later)
        assert isinstance(source, Polled)
        with pytest.raises(Fatal, match="changes"):
            for page in source.fetch(cursor):
                cursor = page.cursor
        service.broken = ""
        changed = pages(fake, service, cursor, later)
    names = [item.data["name"] for page in changed for item in page.items]
    assert sorted(names) == ["t1_1q0029", "t3_1q0003"]


def test_introduces_itself_and_keeps_the_secret_out_of_addresses() -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        pages(fake, service)
        assert {request.headers["user-agent"] for request in service.requests} == {AGENT}
        assert not any(fake.secrets[0] in request.query for request in service.requests)


def test_searches_the_subreddits_newest_first() -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        assert len(pages(fake, service, search="eastgate hospital", comments=False)) == 3
    assert fake.searched["q"] == "eastgate hospital"
    assert (fake.searched["restrict_sr"], fake.searched["sort"]) == ("1", "new")


def test_looks_up_again_once_a_day_and_brings_only_what_changed() -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        cursor = pages(fake, service)[-1].cursor
        fake.edit()
        fake.delete()
        later = pages(fake, service, cursor, NOW + timedelta(days=2))
        names = [item.data["name"] for page in later for item in page.items]
        assert sorted(names) == ["t1_1q0029", "t3_1q0003", "t3_1q0020"]
        again = pages(fake, service, later[-1].cursor, NOW + timedelta(days=4))
        assert [item for page in again for item in page.items] == []


def test_begins_again_where_the_post_to_go_on_after_is_gone() -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        cursor = pages(fake, service)[0].cursor
        fake.posts[15]["removed_by_category"] = "moderator"
        pages_read = pages(fake, service, cursor)
    names = {item.data["name"] for page in pages_read for item in page.items}
    assert {f"t3_1q{number:04d}" for number in range(15)} <= names


def test_says_that_a_subreddit_is_private_or_not_there() -> None:
    fake = FakeReddit()
    with serve_fake(fake) as service:
        with pytest.raises(Fatal, match="the subreddit is private"):
            pages(fake, service, subreddits=["secretward"])
        with pytest.raises(Fatal, match="the subreddit does not exist"):
            pages(fake, service, subreddits=["nowhere"])


def test_remembers_the_newest_thousand() -> None:
    state = RedditCursor()
    state.remember((f"t3_{number}", number) for number in range(1_500))
    state.remember([("t3_old", 1)])
    assert len(state.recent) == 1_000
    assert min(state.recent.values()) == 500
