"""Behaviour of the Instagram connector only."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sdk.errors import Skip
from connectors.sdk.source import Polled
from connectors.social.instagram import Instagram
from schemas.feedback import Family, Feedback
from tests.support.fake_service import NOW, Served, moment, serve_fake
from tests.support.fakes import build_source
from tests.support.services._graph import USER
from tests.support.services.instagram import NAMES, FakeInstagram

ACCOUNT = "17841400000000011"


def connect(fake: FakeInstagram, service: Served, **settings: Any) -> Instagram:
    config = {**fake.settings(service.url), **settings}
    changed = type("Changed", (), {"name": fake.name, "settings": lambda _, url: config})()
    source = build_source(changed, service.url, author_key=b"key", now=lambda: NOW)
    assert isinstance(source, Instagram)
    return source


def read(source: Polled, cursor: str | None = None) -> tuple[list[Feedback], str | None]:
    """The records of a run, and its last cursor."""
    records: list[Feedback] = []
    for page in source.fetch(cursor):
        cursor = page.cursor
        for item in page.items:
            try:
                records.append(source.parse(item))
            except Skip:
                continue
    return records, cursor


@pytest.fixture
def fake() -> FakeInstagram:
    """One account with one post of its own, without comments."""
    made = FakeInstagram()
    made.texts.clear()
    made.lists.clear()
    made.lists |= {f"{account}/{edge}": [] for account in NAMES for edge in ("media", "tags")}
    made.add_media(ACCOUNT, 1, NAMES[ACCOUNT])
    return made


@pytest.fixture
def media(fake: FakeInstagram) -> dict[str, Any]:
    found: dict[str, Any] = fake.lists[f"{ACCOUNT}/media"][0]
    return found


def test_a_comment_has_the_caption_as_its_question(
    fake: FakeInstagram, media: dict[str, Any]
) -> None:
    comment = fake.add_comment(media, 2)
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service))
    assert (record.family, record.native_id) == (Family.SOCIAL, comment["id"])
    assert (record.text, record.question) == (comment["text"], media["caption"])
    assert (record.created_at, record.site) == (moment(2), "Eastgate")
    assert (record.url, record.attributes) == (media["permalink"], {"kind": "comment"})
    assert record.author and USER["username"] not in record.to_payload().decode()


def test_replies_are_feedback_about_what_they_answer(
    fake: FakeInstagram, media: dict[str, Any]
) -> None:
    comment = fake.add_comment(media, 2)
    fake.reply(comment, 3, USER["username"])
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service))
    questions = {record.text: record.question for record in records}
    (reply,) = comment["replies"]["data"]
    assert questions == {comment["text"]: media["caption"], reply["text"]: comment["text"]}


def test_posts_that_tag_the_account_are_feedback_by_their_caption(fake: FakeInstagram) -> None:
    tagged = fake.add_media(ACCOUNT, 2, USER["username"], edge="tags")
    fake.add_media(ACCOUNT, 3, "eastgate_news", edge="tags")
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service, own_accounts=["eastgate_news"]))
        assert read(connect(fake, service, mentions=False))[0] == []
    assert (record.text, record.question) == (tagged["caption"], None)
    assert (record.attributes, record.url) == ({"kind": "post"}, tagged["permalink"])


def test_what_the_account_itself_writes_is_left_out(
    fake: FakeInstagram, media: dict[str, Any]
) -> None:
    comments = fake.lists[f"{media['id']}/comments"]
    for author in (NAMES[ACCOUNT], "eastgate_news"):
        comments.append(fake._comment(2, author))
    nameless = fake._comment(3, "")
    nameless["from"] = {"id": ACCOUNT}
    comments.append(nameless)
    with serve_fake(fake) as service:
        assert read(connect(fake, service, own_accounts=["eastgate_news"]))[0] == []


def test_a_comment_without_a_name_is_somebody_s(fake: FakeInstagram, media: dict[str, Any]) -> None:
    comment = fake.add_comment(media, 2)
    del comment["username"], comment["from"], media["username"]
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service))
    assert (record.text, record.author) == (comment["text"], None)


def test_an_answer_that_comes_later_is_a_later_revision(
    fake: FakeInstagram, media: dict[str, Any]
) -> None:
    comment = fake.add_comment(media, 2)
    with serve_fake(fake) as service:
        ((before,), cursor) = read(connect(fake, service))
        fake.reply(comment, 4, NAMES[ACCOUNT])
        ((after,), cursor) = read(connect(fake, service), cursor)
        assert read(connect(fake, service), cursor)[0] == []
    assert before.attributes == {"kind": "comment"}
    assert after.attributes == {"kind": "comment", "answered": "yes"}
    assert (after.event_id, after.text) == (before.event_id, before.text)
    assert after.revision > before.revision


def test_replies_behind_the_first_ones_are_read(fake: FakeInstagram, media: dict[str, Any]) -> None:
    comment = fake.add_comment(media, 2)
    for number in range(3, 9):
        fake.reply(comment, number, USER["username"])
    replies = comment["replies"]["data"]
    fake.lists[f"{comment['id']}/replies"] = replies
    last = replies[5]  # the fake has the newest first
    paging = {"cursors": {"after": last["id"]}, "next": "https://graph.example/?after=1"}
    comment["replies"] = {"data": [last], "paging": paging}
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service))
    assert {record.text for record in records} == {*fake.texts.values()}


@pytest.mark.parametrize(
    "spoiled",
    [
        {"from": None},
        {"username": 7},
        {"timestamp": None},
        {"replies": []},
        {"replies": {"data": [7, None]}},
        {"caption": None},
    ],
)
def test_nothing_beside_a_comment_refuses_it(
    fake: FakeInstagram, media: dict[str, Any], spoiled: dict[str, Any]
) -> None:
    comment = fake.add_comment(media, 2)
    comment.update(spoiled)
    media["permalink"] = 7
    media["caption"] = {}
    with serve_fake(fake) as service:
        source = connect(fake, service)
        items = [item for page in source.fetch(None) for item in page.items]
    comments = [item for item in items if isinstance(item.data.get("comment"), dict)]
    assert [source.parse(item).text for item in comments] == [comment["text"]]
