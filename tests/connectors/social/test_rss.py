"""Behaviour of the connector of feeds only."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from pydantic import ValidationError

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import Fatal, Retry
from connectors.sdk.http import HttpResponse
from connectors.sdk.source import Polled, Source
from connectors.social.rss.connector import RssConfig, _conditional_headers
from connectors.social.rss.feeds import classify_feed, read_feed
from schemas.feedback import Feedback
from tests.support.fake_service import Served, moment, sentence, serve_fake
from tests.support.fakes import build_source
from tests.support.services.rss import KEY, FakeFeeds

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def build_rss(fake: FakeFeeds, url: str) -> Source:
    return build_source(fake, url, author_key=b"key", now=lambda: NOW)


def pages(fake: FakeFeeds, service: Served, cursor: str | None = None) -> list[Page]:
    source = build_rss(fake, service.url)
    assert isinstance(source, Polled)
    return list(source.fetch(cursor))


def records(fake: FakeFeeds, service: Served, cursor: str | None = None) -> dict[str, Feedback]:
    source = build_rss(fake, service.url)
    items: list[Item] = [item for page in pages(fake, service, cursor) for item in page.items]
    return {record.url or "": record for record in map(source.parse, items)}


def answer(body: str | bytes, **headers: str) -> HttpResponse:
    data = body if isinstance(body, bytes) else body.encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(200, httpx.Headers(names), data, "GET a.example/feed")


def parse(**changes: Any) -> Feedback:
    entry: dict[str, Any] = {
        "id": "urn:1",
        "title": {"value": "Visit", "html": False},
        "body": {"value": "Kind.", "html": False},
        "host": "a.example",
        **changes,
    }
    source = build_rss(FakeFeeds(), "http://127.0.0.1:9")
    return source.parse(source.item(entry, origin="1", payload=b"{}"))


def test_reads_atom_rss_and_json_feed() -> None:
    fake = FakeFeeds()
    with serve_fake(fake) as service:
        feedback = records(fake, service)
    atom, rss, json = (
        feedback[f"https://{where}"] for where in ("a.example/7", "b.example/13", "c.example/22")
    )
    assert (atom.text, atom.language) == (f"Visit 7\n{sentence(7)}", "en-GB")
    assert (rss.text, rss.attributes) == (f"Visit 13\n{sentence(13)}", {"tags": "ward"})
    assert (json.text, json.attributes) == (sentence(22), {"tags": "ward, parking"})
    assert [record.created_at for record in (atom, rss, json)] == [
        moment(7),
        moment(13),
        moment(22),
    ]
    assert all(record.redated for record in feedback.values()), "publishers move dates"
    assert rss.author is None
    assert atom.author is not None and atom.author == json.author


def test_asks_again_only_for_what_has_changed() -> None:
    fake = FakeFeeds()
    with serve_fake(fake) as service:
        cursor = pages(fake, service)[-1].cursor
        asked = len(service.requests)
        assert pages(fake, service, cursor) == []
        again = service.requests[asked:]
    assert len(again) == 3 and all("if-none-match" in request.headers for request in again)


@pytest.mark.parametrize("etag", ["café", '"\x80"', "a\tb"])
def test_a_validator_that_no_request_can_have_is_not_sent(etag: str) -> None:
    headers = httpx.Headers([(b"etag", etag.encode()), (b"last-modified", b"Wed")])
    sent = _conditional_headers(HttpResponse(200, headers, b"", "GET a.example/feed"))
    assert httpx.Request("GET", "https://a.example/", headers=sent)
    assert sent["If-Modified-Since"] == "Wed"


def test_shows_a_feed_s_key_nowhere() -> None:
    fake = FakeFeeds()
    with serve_fake(fake) as service:
        feedback = pages(fake, service)
        assert not any(KEY in page.cursor for page in feedback)
        assert not any(KEY in item.origin for page in feedback for item in page.items)
        assert KEY not in repr(build_rss(fake, service.url).config)
        fake.broken.add("/a/feed.atom")
        with pytest.raises(Fatal, match=r"GET 127\.0\.0\.1/a/feed\.atom: status 404") as raised:
            pages(fake, service)
    assert KEY not in str(raised.value)


def test_a_feed_that_fails_does_not_keep_the_others_back() -> None:
    fake = FakeFeeds()
    with serve_fake(fake) as service:
        fake.broken.add("/a/feed.atom")
        source = build_rss(fake, service.url)
        assert isinstance(source, Polled)
        items: list[Item] = []
        with pytest.raises(Fatal):
            for page in source.fetch(None):
                items += page.items
    assert len(items) == 20


def test_an_edit_without_a_time_of_its_own_takes_the_feed_s() -> None:
    fake = FakeFeeds()
    with serve_fake(fake) as service:
        cursor = pages(fake, service)[-1].cursor
        fake.words[13] = "Better now."
        feedback = records(fake, service, cursor)
    (record,) = feedback.values()
    assert record.text == "Visit 13\nBetter now."
    assert record.created_at == moment(13)
    assert record.revision == datetime(2026, 11, 18, 10, tzinfo=UTC).timestamp() * 1000


def test_does_not_follow_a_feed_to_another_server() -> None:
    fake = FakeFeeds()
    fake.next = "http://elsewhere.example/feed.atom"
    with serve_fake(fake) as service:
        read = pages(fake, service)
    notes = [note for page in read for note in page.notes]
    assert len(read) == 4
    assert notes == ["127.0.0.1/a/feed.atom: older pages are on another server, and are not read"]


def test_an_entry_without_a_time_gets_its_feed_s_or_that_of_its_reading() -> None:
    record = parse(feed_at="2026-11-18T10:00:00+00:00")
    assert (record.created_at, record.redated) == (datetime(2026, 11, 18, 10, tzinfo=UTC), True)
    assert record.attributes == {"date": "its feed's"}
    first_seen = parse()
    assert first_seen.created_at == first_seen.collected_at
    assert first_seen.attributes == {"date": "first seen"}


@pytest.mark.parametrize("published", ["2126-11-18T10:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_is_left_out_and_counted(published: str) -> None:
    source = build_rss(FakeFeeds(), "http://127.0.0.1:9")
    entry = {
        "id": "urn:1",
        "title": {"value": "Visit", "html": False},
        "body": {"value": "Kind.", "html": False},
        "host": "a.example",
        "published": published,
    }
    record = source.parse(source.item(entry, origin="1"))
    assert record.created_at == record.collected_at
    assert source.take_notes() == ["1 times unreadable: date"]
    assert source.take_notes() == []


def test_an_author_s_name_means_somebody_of_that_server_only() -> None:
    times = {"published": "2026-11-18T10:00:00Z", "author": "admin"}
    assert parse(**times).author != parse(**times, host="b.example").author


def test_a_text_that_begins_with_its_title_is_not_doubled() -> None:
    body = {"value": "<p>Visit to the ward</p>", "html": True}
    assert parse(feed_at="2026-11-18T10:00:00Z", body=body).text == "Visit to the ward"


@pytest.mark.parametrize(
    "body", ["<rss><channel><item>", "<html>Sign in</html>", "", '{"version": 1}', '{"items": [']
)
def test_what_is_cut_off_or_no_feed_is_tried_again(body: str) -> None:
    problem = classify_feed(answer(body))
    assert isinstance(problem, Retry)


def test_a_whole_feed_with_a_slip_is_read_all_the_same() -> None:
    body = (
        "<rss version='2.0'><channel><title>R&D</title>"
        "<item><guid>1</guid><title>Caf&eacute; & ward</title></item></channel></rss>"
    )
    assert classify_feed(answer(body)) is None
    feed = read_feed(
        answer(body, last_modified="Wed, 18 Nov 2026 10:00:00 GMT"), "http://a.example/feed"
    )
    assert [entry["title"]["value"] for entry in feed.entries] == ["Café & ward"]
    assert feed.at == "2026-11-18T10:00:00+00:00"


def test_a_feed_with_a_character_that_there_is_not_is_tried_again() -> None:
    body = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>&#xD83D;</title></entry></feed>"
    with pytest.raises(Retry, match="not well-formed"):
        read_feed(answer(body), "http://a.example/feed")


def test_addresses_may_come_as_one_text_and_must_be_of_the_web() -> None:
    config = RssConfig.model_validate({"urls": "http://a.example/1 https://b.example/2?key=k"})
    assert len(config.urls) == 2
    with pytest.raises(ValidationError, match="address 2 is not an http or https address"):
        RssConfig.model_validate({"urls": ["http://a.example/1", "file:///etc/passwd"]})


NAMESPACES = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:long='http://long.example/'"
LONG_PREFIX = "p" * 60


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp037"])
@pytest.mark.parametrize(
    ("start", "middle", "end"),
    [
        ("<author>", "", "</author>"),
        ("<dc:creator>", "", "</dc:creator>"),
        ("<managingEditor>", "", "</managingEditor>"),
        ("<author><![CDATA[", "]]><![CDATA[", "]]></author>"),
        ("<author>", "<b/>", "</author>"),
        ("<author>", "&#97;", "</author>"),
        (f"<{LONG_PREFIX}:creator>", "", f"</{LONG_PREFIX}:creator>"),
    ],
    ids=["author", "creator", "editor", "cdata", "nested", "reference", "prefix"],
)
def test_an_author_of_any_length_is_read_quickly(
    start: str, middle: str, end: str, encoding: str
) -> None:
    """Feedparser takes a minute for 60,000 letters, whatever they are written in."""
    names = f"{NAMESPACES} xmlns:{LONG_PREFIX}='http://purl.org/dc/elements/1.1/'"
    name = middle.join(["a" * 400] * 150)
    feed = (
        f"<?xml version='1.0' encoding='{encoding}'?><rss version='2.0' {names}><channel>"
        f"<item><guid>1</guid><title>Kind staff</title>{start}{name}{end}</item></channel></rss>"
    )
    response = answer(feed.encode(encoding))
    if classify_feed(response) is not None:  # an encoding that is not read at all
        return
    before = time.process_time()
    (read,) = read_feed(response, "https://a.example/").entries
    assert time.process_time() - before < 2
    assert read["title"]["value"] == "Kind staff"
    assert len(read["author"] or "") <= 500


def test_an_author_keeps_name_and_address_as_one() -> None:
    author = "<author><name>Jo</name><email>jo@a.example</email></author>"
    feed = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:1</id><title>T</title>"
        f"{author}</entry></feed>"
    )
    (read,) = read_feed(answer(feed), "https://a.example/").entries
    assert read["author"] == "Jo (jo@a.example)"


def test_a_json_feed_that_is_nested_too_deep_keeps_its_entries() -> None:
    deep = "[" * 500 + "]" * 500
    items = f'{{"id": "1", "content_text": "Kind.", "tags": {deep}}}, {{"id": "2"}}'
    entries = read_feed(answer(f'{{"items": [{items}]}}'), "https://a.example/").entries
    assert [entry["id"] for entry in entries] == ["1", "2"]
    assert orjson.dumps(entries)
