"""Which of an entry's texts are read, in every format, encoding and degree of escaping."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from connectors.sdk import BadRecord, Fatal, HttpResponse, Retry
from connectors.social.rss.feeds import classify_feed, read_feed
from schemas.feedback import Feedback
from tests.support.fakes import build_source
from tests.support.services.rss import FakeFeeds

NAMESPACES = (
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
    "xmlns:media='http://search.yahoo.com/mrss/'"
)


def read_entries(body: str | bytes, **headers: str) -> list[dict[str, Any]]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body.encode() if isinstance(body, str) else body
    response = HttpResponse(200, httpx.Headers(names), data, "GET a.example/feed")
    assert classify_feed(response) is None
    return read_feed(response, "https://a.example/news/feed").entries


def rss(item: str, version: str = "2.0") -> str:
    return (
        f"<rss version='{version}' {NAMESPACES}><channel><title>A</title><item><guid>1</guid>"
        f"{item}</item></channel></rss>"
    )


def atom(entry: str, attributes: str = "") -> str:
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom' {attributes}><title>A</title>"
        f"<entry><id>urn:1</id>{entry}</entry></feed>"
    )


def json_feed(*items: Any) -> str:
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).decode()


def parse(entry: dict[str, Any]) -> Feedback:
    source = build_source(FakeFeeds(), "http://127.0.0.1:9", author_key=b"key")
    data = {**entry, "id": entry["id"] or "1", "host": "a.example"}
    return source.parse(source.item(data, origin="1"))


def words(body: str | bytes, **headers: str) -> str:
    (entry,) = read_entries(body, **headers)
    return parse(entry).text


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<title>T</title><description>Short</description>", "T\nShort"),
        (
            "<title>T</title><description>Short</description>"
            "<content:encoded><![CDATA[<p>Long</p>]]></content:encoded>",
            "T\nLong",
        ),
        (
            "<title>T</title><description>Short</description>"
            "<content:encoded><![CDATA[<img src='a.png'>]]></content:encoded>",
            "T\nShort",
        ),
        ("<title>T</title><description>Short</description><content:encoded/>", "T\nShort"),
        ("<title>T</title><itunes:summary>Episode 7</itunes:summary>", "T\nEpisode 7"),
        (
            "<title>T</title><media:group><media:title>M</media:title>"
            "<media:description>Ward</media:description></media:group>",
            "T\nWard",
        ),
        ("<title>Only a title</title>", "Only a title"),
        ("<description>Only &lt;b>a&lt;/b> text</description>", "Only a text"),
    ],
)
def test_reads_the_first_text_with_words(item: str, expected: str) -> None:
    assert words(rss(item)) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<description>Fish &amp; chips</description>", "Fish & chips"),
        ("<description>Fish &amp;amp; chips</description>", "Fish & chips"),
        (
            "<description>Fish &amp;amp;amp; chips &amp;amp;#39;n peas</description>",
            "Fish & chips 'n peas",
        ),
        (
            "<description>&amp;lt;p&amp;gt;Kind&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;Two</description>",
            "Kind\nTwo",
        ),
        (
            "<description><![CDATA[&lt;p&gt;Kind &amp;amp; good&lt;/p&gt;]]></description>",
            "Kind & good",
        ),
        ("<title><![CDATA[Less than 5 &lt; 10]]></title>", "Less than 5 < 10"),
        (
            "<description>They said &amp;lt;soon&amp;gt; again</description>",
            "They said <soon> again",
        ),
    ],
)
def test_a_text_is_what_a_reader_sees_however_often_it_was_escaped(
    item: str, expected: str
) -> None:
    assert words(rss(item)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("<title type='text'>A &amp;amp; B</title>", "A & B"),
        ("<title>T</title><content type='text'>1 &lt; 2</content>", "T\n1 < 2"),
        ("<title>T</title><content type='html'>&lt;p>Kind</content>", "T\nKind"),
        (
            "<title>T</title><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>K"
            "<b>i</b>nd<p>two</p></div></content>",
            "T\nKind\ntwo",
        ),
        (
            "<title>T</title><content type='application/pdf'>JVBERi0=</content>"
            "<summary>Kind</summary>",
            "T\nKind",
        ),
        (
            "<title>T</title><content type='text/html' src='https://a.example/1'/>"
            "<summary>Kind</summary>",
            "T\nKind",
        ),
    ],
)
def test_reads_every_type_of_atom_s_texts(entry: str, expected: str) -> None:
    assert words(atom(entry)) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"content_html": "<p>Kind</p>", "content_text": "No"}, "Kind"),
        ({"content_html": "<img src='a.png'>", "content_text": "Kind"}, "Kind"),
        ({"content_html": None, "content_text": "", "summary": "Kind"}, "Kind"),
        ({"title": "R&amp;D", "content_text": "Caf&eacute; <3"}, "R&D\nCafé <3"),
        ({"title": None, "content_text": 9}, "9"),
    ],
)
def test_reads_the_first_text_of_a_json_feed(item: dict[str, Any], expected: str) -> None:
    assert words(json_feed({"id": "1", **item})) == expected


@pytest.mark.parametrize("name", ["content_html", "content_text", "summary"])
def test_a_text_that_is_none_is_refused_and_not_left_out(name: str) -> None:
    (entry,) = read_entries(json_feed({"id": "1", "title": "T", name: {"a": "Kind"}}))
    with pytest.raises(BadRecord, match="body"):
        parse(entry)


@pytest.mark.parametrize(
    "beside",
    [
        {"tags": list(range(40))},
        {"tags": {"a": 1}},
        {"authors": [None]},
        {"authors": {"name": "Jo"}},
        {"author": 7},
        {"language": []},
        {"url": 7},
        {"date_published": {"at": 1}},
        {"date_published": "soon", "date_modified": False},
        {"id": True},
    ],
)
def test_what_stands_beside_a_text_never_refuses_it(beside: dict[str, Any]) -> None:
    assert words(json_feed({"id": "1", "content_text": "Kind", **beside})) == "Kind"


@pytest.mark.parametrize("date", ["20260519T160800Z", 1779206880, 1779206880000, "1779206880"])
def test_reads_a_date_of_a_json_feed_in_any_form(date: Any) -> None:
    (entry,) = read_entries(json_feed({"id": "1", "content_text": "Kind", "date_published": date}))
    assert parse(entry).created_at.isoformat() == "2026-05-19T16:08:00+00:00"


def test_entries_of_a_json_feed_that_are_none_are_counted() -> None:
    body = json_feed({"id": "1", "content_text": "Kind"}, None, "Kind", ["Kind"])
    response = HttpResponse(200, httpx.Headers(), body.encode(), "GET a.example/feed")
    feed = read_feed(response, "https://a.example/")
    assert (len(feed.entries), feed.lost) == (1, 3)


def test_entries_that_a_slip_in_the_xml_swallows_are_counted() -> None:
    body = (
        "<rss version='2.0'><channel><item><guid>1</guid><title>A</title><description>Long"
        "<item><guid>2</guid><title>B</title></item></channel></rss>"
    )
    response = HttpResponse(200, httpx.Headers(), body.encode(), "GET a.example/feed")
    feed = read_feed(response, "https://a.example/")
    assert len(feed.entries) + feed.lost == 2


CAFE = rss("<title>Café</title>")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CAFE.encode("latin-1"), {}),
        (
            f"<?xml version='1.0' encoding='utf-8'?>{rss('<title>Café</title>')}".encode("cp1252"),
            {},
        ),
        (
            f"<?xml version='1.0' encoding='utf-16'?>{rss('<title>Café</title>')}".encode("utf-16"),
            {},
        ),
        (b"\xef\xbb\xbf" + CAFE.encode(), {}),
        (CAFE.encode(), {"content_type": "text/xml"}),
        (
            CAFE.encode("latin-1"),
            {"content_type": "text/xml; charset=latin1"},
        ),
        (b"\n\n " + rss("<title>Caf&#233;</title>").encode(), {}),
        (b"\xef\xbb\xbf" + json_feed({"id": "1", "title": "Café"}).encode(), {}),
    ],
    ids=["undeclared", "cp1252", "utf-16", "bom", "text/xml", "latin1", "space before", "json"],
)
def test_reads_every_encoding(body: bytes, headers: dict[str, str]) -> None:
    assert words(body, **headers) == "Café"


@pytest.mark.parametrize(
    "body",
    [
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel><title>A</title></channel>"
        "<item><title>Kind</title><link>https://a.example/1</link></item></rdf:RDF>",
        "<rss version='0.91'><channel><item><title>Kind</title><link>https://a.example/1</link>"
        "</item></channel></rss>",
        '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
        "<item><title>Kind</title><link>https://a.example/1</link></item></channel></rss>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns='http://purl.org/rss/1.0/'><channel rdf:about='https://a.example/'/>"
        "<item rdf:about='https://a.example/1'><title>Kind</title>"
        "<link>https://a.example/1</link></item></rdf:RDF>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title>Kind</title>"
        "<link rel='alternate' href='https://a.example/1'/></entry></feed>",
    ],
    ids=["0.90", "0.91", "0.91 with its document type", "1.0", "Atom 0.3"],
)
def test_reads_every_version(body: str) -> None:
    (entry,) = read_entries(body)
    assert (parse(entry).text, entry["link"]) == ("Kind", "https://a.example/1")


def test_no_other_document_type_is_read() -> None:
    netscape = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://n/d"'
    for head in (f"{netscape} [<!ENTITY a 'ha'>]>", f"{netscape}><!DOCTYPE rss [<!ENTITY a 'h'>]>"):
        body = head + rss("<title>T</title>")
        response = HttpResponse(200, httpx.Headers(), body.encode(), "GET a.example/feed")
        assert isinstance(classify_feed(response), Fatal)


def test_links_are_relative_to_what_declares_their_base() -> None:
    (entry,) = read_entries(atom("<link href='p/7'/>", "xml:base='https://b.example/x/'"))
    assert entry["link"] == "https://b.example/x/p/7"
    (entry,) = read_entries(rss("<link>../p/7</link>"))
    assert entry["link"] == "https://a.example/p/7"


@pytest.mark.parametrize("body", ['{"items": null}', '{"items": {"1": {}}}', '{"items": "none"}'])
def test_a_json_feed_without_a_list_is_a_failure(body: str) -> None:
    response = HttpResponse(200, httpx.Headers(), body.encode(), "GET a.example/feed")
    assert isinstance(classify_feed(response), Retry)
