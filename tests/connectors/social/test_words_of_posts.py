"""What of a post is its author's: polls, pictures, links; and what it quotes, as context."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sdk import BadRecord, Skip
from schemas.feedback import Feedback
from tests.support.fake_service import moment
from tests.support.fakes import build_source
from tests.support.services.bluesky import FakeBluesky, iso, tid
from tests.support.services.mastodon import FakeMastodon

NOWHERE = "http://127.0.0.1:9"


def parse_status(**changes: Any) -> Feedback:
    fake = FakeMastodon()
    source = build_source(fake, NOWHERE, now=lambda: moment(50))
    status = {**fake.status(3), "content": "<p>Which queue?</p>", **changes}
    return source.parse(source.item(status, origin="1"))


def parse_post(view: dict[str, Any] | None = None, **record: Any) -> Feedback:
    fake = FakeBluesky()
    source = build_source(fake, NOWHERE, now=lambda: moment(50))
    post = fake.post(3)
    post["record"] |= record
    return source.parse(source.item({**post, **(view or {})}, origin="1"))


def test_the_options_of_a_poll_are_the_authors() -> None:
    poll = {"options": [{"title": "Nine hours on a chair"}, {"title": "Sent home"}]}
    assert parse_status(poll=poll).text == "Which queue?\nNine hours on a chair\nSent home"


def test_the_description_of_a_picture_is_the_authors() -> None:
    media = [{"description": "Mould above the sink"}, {"description": None}, {"type": "video"}]
    assert parse_status(content="", media_attachments=media).text == "Mould above the sink"
    with pytest.raises(Skip):
        parse_status(content="", media_attachments=[{"description": None}])


def test_a_quoted_status_is_context() -> None:
    content = (
        '<p class="quote-inline">RE: <a href="https://far.example/@jo/1">far.example/@jo/1</a></p>'
        "<p>Same here</p>"
    )
    quote = {"state": "accepted", "quoted_status": {"content": "<p>They lost my scans</p>"}}
    record = parse_status(content=content, quote=quote)
    assert (record.text, record.question) == ("Same here", "They lost my scans")


@pytest.mark.parametrize(
    "beside",
    [
        {"poll": "none"},
        {"media_attachments": {"description": "a"}},
        {"quote": []},
        {"edited_at": "soon"},
        {"language": 7},
        {"account": None},
        {"reblog": {}},
        {"reblog": False},
        {"created_at": None},
        {"created_at": "soon"},
        {"media_attachments": [None] * 30},
    ],
)
def test_what_stands_beside_a_status_never_refuses_it(beside: dict[str, Any]) -> None:
    assert parse_status(**beside).text == "Which queue?"


@pytest.mark.parametrize("created", [None, "soon", {}, True])
def test_a_status_without_a_time_has_that_of_its_id(created: Any) -> None:
    assert parse_status(created_at=created).created_at == moment(3).replace(microsecond=0)
    first_seen = parse_status(created_at=created, id="01HZX")
    assert (first_seen.created_at, first_seen.attributes) == (moment(50), {"date": "first seen"})


def test_a_status_may_have_a_number_as_its_id_but_no_empty_address() -> None:
    assert parse_status(id=1167).text == "Which queue?"
    with pytest.raises(BadRecord, match="uri"):
        parse_status(uri="")


def test_a_time_without_zone_is_that_of_the_records_key() -> None:
    created = iso(moment(9)).removesuffix("Z")
    assert parse_post(createdAt=created).created_at == moment(3)
    view = {"uri": "at://did:plc:jo/app.bsky.feed.post/self", "indexedAt": iso(moment(5))}
    assert parse_post(view, createdAt=created).created_at == moment(5)
    with pytest.raises(BadRecord, match="createdAt"):
        parse_post({**view, "indexedAt": None}, createdAt=created)


@pytest.mark.parametrize("with_media", [False, True])
def test_a_quoted_post_is_context(with_media: bool) -> None:
    quoted = {"$type": "app.bsky.embed.record#viewRecord", "value": {"text": "They lost my scans"}}
    embed = {"record": {"record": quoted}, "media": {}} if with_media else {"record": quoted}
    record = parse_post({"embed": embed}, text="This.")
    assert (record.text, record.question) == ("This.", "They lost my scans")


def test_a_link_that_stands_alone_is_its_title() -> None:
    external = {"uri": "https://news.example/1", "title": "Ward to close", "description": "Soon"}
    embed = {"$type": "app.bsky.embed.external", "external": external}
    assert parse_post(text=" ", embed=embed).text == "Ward to close"
    assert parse_post(text="Why?", embed=embed).text == "Why?"
    with pytest.raises(Skip):
        parse_post(text="", embed={"external": {"uri": "https://news.example/1"}})


def test_the_descriptions_of_pictures_are_the_authors() -> None:
    images = {"images": [{"alt": "A bed in a corridor"}, {"alt": ""}]}
    assert parse_post(text="Look", embed=images).text == "Look\nA bed in a corridor"
    both = {"record": {"uri": "at://x"}, "media": images}
    assert parse_post(text="Look", embed=both).text == "Look\nA bed in a corridor"
    assert parse_post(text="", embed={"alt": "A lift that is stuck"}).text == "A lift that is stuck"


def test_a_tid_is_a_time() -> None:
    assert parse_post(
        {"uri": f"at://did:plc:a/app.bsky.feed.post/{tid(moment(2))}"}
    ).created_at == (moment(2))
