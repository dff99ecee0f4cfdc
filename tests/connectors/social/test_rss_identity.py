"""Feeds as publishers really write them: ids that are shared, too long or people's names."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from connectors.sdk import Fatal, HttpResponse
from connectors.social.rss.feeds import classify_feed, read_feed
from connectors.social.rss.identity import (
    FeedState,
    describe_contents,
    identify_entries,
)

PAGE = "https://clinic.example/"


def item(number: int, guid: str = "", link: str = PAGE, title: str = "", extra: str = "") -> str:
    id_element = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    link_element = f"<link>{link}</link>" if link else ""
    return (
        f"<item>{id_element}{link_element}<title>{title or f'Post {number}'}</title>{extra}"
        f"<description>Text {number}.</description></item>"
    )


def respond(*items: str, head: str = "<?xml version='1.0'?>", tail: str = "") -> HttpResponse:
    body = (
        f"{head}<rss version='2.0'><channel><title>A</title>{''.join(items)}</channel></rss>{tail}"
    )
    return HttpResponse(200, httpx.Headers(), body.encode(), "GET clinic.example/feed")


def identify(state: FeedState, *items: str) -> list[str]:
    entries = read_feed(respond(*items), PAGE).entries
    return [native_id for native_id, _ in identify_entries("key", entries, state)]


@pytest.mark.parametrize(
    "items",
    [
        [item(number, "clinic.example", f"{PAGE}{number}") for number in range(3)],
        [item(number) for number in range(3)],
        [item(number, link="") for number in range(3)],
        [item(number, "same", title="Same title") for number in range(3)],
    ],
    ids=["one guid", "one link", "neither", "one guid and title"],
)
def test_entries_that_share_an_id_are_told_apart_and_stay_the_same(items: list[str]) -> None:
    state = FeedState()
    first = identify(state, *items)
    assert len(set(first)) == 3
    assert identify(state, *items) == first
    assert identify(state, items[1]) == [first[1]], "when the others have left the feed"


DATED = "<pubDate>Tue, 19 May 2026 16:08:00 GMT</pubDate>"


def test_ids_that_change_in_each_document_mean_nothing() -> None:
    state = FeedState()

    def read(*items: str) -> list[str]:
        entries = read_feed(respond(*items), PAGE).entries
        native_ids = [native_id for native_id, _ in identify_entries("key", entries, state)]
        state.contents = describe_contents(entries)
        return native_ids

    def listed(run: int, *numbers: int, extra: str = DATED) -> list[str]:
        return [
            item(number, f"{number}-{run}", f"{PAGE}{number}", extra=extra) for number in numbers
        ]

    assert read(*listed(1, 1, 2)) == ["key:1-1", "key:2-1"]
    second = read(*listed(2, 1, 2, 3))
    assert second == [f"{PAGE}{number}" for number in (1, 2, 3)]
    assert read(*listed(3, 2, 3, 4))[:2] == second[1:]


@pytest.mark.parametrize("extra", ["", DATED])
def test_ids_that_stay_are_believed(extra: str) -> None:
    """Two short comments may be the same, and two people's."""
    state = FeedState()
    runs = [["a"], ["a", "b"], ["b", "c"]]
    for guids in runs if extra else [["a"], ["b"], ["c"]]:
        items = [item(1, guid, title="Good", extra=extra) for guid in guids]
        entries = read_feed(respond(*items), PAGE).entries
        identified = identify_entries("key", entries, state)
        assert [native_id for native_id, _ in identified] == [f"key:{guid}" for guid in guids]
        state.contents = describe_contents(entries)
    assert not state.ids_change


def test_an_entry_listed_twice_is_one() -> None:
    state = FeedState()
    assert identify(state, item(1, "a"), item(1, "a")) == ["key:a", "key:a"]
    assert state.shared == {}


def test_ids_that_are_too_long_or_name_a_person_are_hashed() -> None:
    state = FeedState()
    (long,) = identify(state, item(1, "CBM" * 250))
    (person,) = identify(state, item(1, "https://social.example/@jobloggs/1"))
    (usual,) = identify(state, item(1, "https://clinic.example/?p=7"))
    assert len(long) < 60 and "jobloggs" not in person
    assert usual == "https://clinic.example/?p=7"


@pytest.mark.parametrize(
    "tail",
    ["<!-- " + "cached copy " * 2_000 + "-->", "\n<!-- a --><!-- b -->\n", "<script></script>"],
)
def test_what_stands_behind_the_end_does_not_matter(tail: str) -> None:
    response = respond(item(1, "a"), tail=tail)
    assert classify_feed(response) is None
    assert len(read_feed(response, PAGE).entries) == 1


LAUGHS = "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    "head",
    [
        f"<?xml version='1.0'?>{LAUGHS}",
        f"<?xml version='1.0'?><!-- <rss> -->\n{LAUGHS}",
        LAUGHS.lower(),
        "<!DOCTYPE rss SYSTEM 'http://elsewhere.example/rss.dtd'>",
    ],
)
def test_a_document_type_is_refused(head: str) -> None:
    assert isinstance(classify_feed(respond(item(1, "a"), head=head)), Fatal)
    utf_16 = respond(item(1, "a"), head=head).body.decode().encode("utf-16")
    assert isinstance(classify_feed(HttpResponse(200, httpx.Headers(), utf_16, "GET a")), Fatal)


def test_a_document_type_in_a_text_is_none() -> None:
    text = "<description><![CDATA[<!DOCTYPE html> is how pages begin]]></description>"
    assert classify_feed(respond(item(1, "a", extra=text))) is None


def test_a_date_that_is_not_understood_is_marked() -> None:
    entries = read_feed(
        respond(
            item(1, "a", extra="<pubDate>Tue, 19 May 2026 04:08 PM</pubDate>"),
            item(2, "b", extra="<pubDate>the day before</pubDate>"),
            item(3, "c"),
        ),
        PAGE,
    ).entries
    at = datetime(2026, 5, 19, 16, 8, tzinfo=UTC).isoformat()
    assert [entry["published"] for entry in entries] == [at, None, None]
    assert [entry["undated"] for entry in entries] == [False, True, False]
