"""Feeds: Atom in two pages (RFC 4287, 5005), RSS 2.0 and JSON Feed 1.1."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from email.utils import format_datetime
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

KEY = "feed-key-4711"
RSS_FEED = "/b/rss.xml"


def iso(number: int) -> str:
    return moment(number).isoformat().replace("+00:00", "Z")


class FakeFeeds(FakeService):
    name: ClassVar[str] = "rss"
    place_paths: ClassVar = ("/a/", RSS_FEED, "/c/")
    secrets: ClassVar = (KEY,)

    def __init__(self) -> None:
        self.atom_entries, self.rss_items, self.json_items = (
            list(range(start, start + 10)) for start in (0, 10, 20)
        )
        self.words = {number: sentence(number) for number in range(30)}
        self.updated = {number: number for number in range(30)}
        self.broken: set[str] = set()
        """Paths that are not there."""
        self.rss_head = "<lastBuildDate>Wed, 18 Nov 2026 10:00:00 GMT</lastBuildDate>"
        self.next = f"/a/feed.atom?key={KEY}&page=2"
        self.texts: dict[str, str] = {}
        self.url = ""

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/a/feed.atom", self._atom),
                Route(RSS_FEED, self._rss),
                Route("/c/feed.json", self._json),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        self.url = url
        self._expect()
        return {"urls": [f"{url}/a/feed.atom?key={KEY}", url + RSS_FEED, f"{url}/c/feed.json"]}

    def _expect(self) -> None:
        digest = hashlib.sha256((self.url + RSS_FEED).encode()).digest()
        feed = urlsafe_b64encode(digest).decode()[:12]
        self.texts = {
            **{f"tag:a.example,2026:{n}": f"Visit {n}\n{self.words[n]}" for n in self.atom_entries},
            **{f"{feed}:{n}": f"Visit {n}\n{self.words[n]}" for n in self.rss_items},
            **{f"https://c.example/{n}": self.words[n] for n in self.json_items},
        }

    async def _atom(self, request: Request) -> Response:
        if request.query_params.get("key") != KEY:
            return Response(status_code=403)
        second = request.query_params.get("page") == "2"
        entries = "".join(
            f"<entry><id>tag:a.example,2026:{n}</id><title>Visit {n}</title>"
            f"<link href='https://a.example/{n}'/><author><name>Jo Bloggs</name></author>"
            f"<published>{iso(n)}</published><updated>{iso(self.updated[n])}</updated>"
            f"<content type='html'>{escape(f'<p>{self.words[n]}</p>')}</content></entry>"
            for n in (self.atom_entries[4::-1] if second else self.atom_entries[:4:-1])
        )
        more = "" if second else f"<link rel='next' href='{escape(self.next)}'/>"
        document = (
            "<?xml version='1.0' encoding='utf-8'?>"
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en-GB'><id>urn:a</id>"
            f"<title>A</title><updated>{iso(self.atom_entries[-1])}</updated>{more}{entries}</feed>"
        )
        return self._answer(request, document.encode(), "application/atom+xml")

    async def _rss(self, request: Request) -> Response:
        items = "".join(
            f"<item><guid isPermaLink='false'>{n}</guid><title>Visit {n}</title>"
            f"<link>https://b.example/{n}</link><category>ward</category>"
            f"<pubDate>{format_datetime(moment(n), usegmt=True)}</pubDate>"
            f"<description>{escape(self.words[n])}</description></item>"
            for n in self.rss_items[::-1]
        )
        document = (
            "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>B</title>"
            f"<link>https://b.example/</link><description>B</description>{self.rss_head}"
            f"{items}</channel></rss>\n<!-- cached -->"
        )
        return self._answer(request, document.encode(), "text/xml")

    async def _json(self, request: Request) -> Response:
        items = [
            {
                "id": f"https://c.example/{n}",
                "url": f"https://c.example/{n}",
                "content_html": f"<p>{self.words[n]}</p>",
                "date_published": iso(n),
                "date_modified": iso(self.updated[n]),
                "authors": [{"name": "Jo Bloggs"}],
                "tags": ["ward", "parking"],
            }
            for n in self.json_items[::-1]
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "C", "language": "en"}
        body = bytes(JSONResponse({**feed, "items": items}).body)
        return self._answer(request, body, "application/feed+json")

    def _answer(self, request: Request, body: bytes, kind: str) -> Response:
        if request.url.path in self.broken:
            return Response(status_code=404)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(body, media_type=kind, headers={"etag": etag})

    def add(self) -> None:
        for entries in (self.atom_entries, self.rss_items, self.json_items):
            number = self.next_number()
            entries.append(number)
            self.words[number], self.updated[number] = sentence(number), number
        self._expect()

    def edit(self) -> None:
        self.words[7] = "I take it back: they called and made it good."
        self.updated[7] = 40
        self._expect()
