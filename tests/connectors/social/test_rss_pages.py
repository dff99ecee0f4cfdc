"""Older pages of a feed: those without end, and those that are always the same one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sdk import Context
from connectors.social.rss import connector
from connectors.social.rss.connector import Rss, RssConfig
from tests.support.fake_service import Served

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Archive:
    """A feed of which every page links to another one."""

    def __init__(self, *, entries: bool) -> None:
        self.entries = entries
        """True if every page has a new entry; False if all have the same one."""
        self.requests = 0

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/feed", self._feed)])

    async def _feed(self, request: Request) -> Response:
        self.requests += 1
        number = self.requests
        entry = number if self.entries else 1
        body = (
            "<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:a</id><title>Ward news</title>"
            f"<link rel='next' href='?page={number}'/><entry><id>urn:a:{entry}</id>"
            f"<title>Note {entry}</title><updated>2026-11-18T10:00:00Z</updated></entry></feed>"
        )
        return Response(body, media_type="application/atom+xml")


def read(archive: Archive | Restless) -> int:
    """Return the number of entries of a first run."""
    with Served(archive.app) as service:
        return read_run(service, None)[0]


def read_run(service: Served, cursor: str | None) -> tuple[int, str | None]:
    """Return the number of entries of a run, and its last cursor."""
    count = 0
    config = RssConfig.model_validate({"urls": [f"{service.url}/feed"]})
    context = Context("test", now=lambda: NOW, sleep=lambda seconds: None)
    with Rss(config, context) as source:
        for page in source.fetch(cursor):
            count += len(page.items)
            cursor = page.cursor
    return count, cursor


def test_pages_that_are_always_the_same_end_the_run() -> None:
    archive = Archive(entries=False)
    assert read(archive) == 1
    assert archive.requests <= 3


class Restless:
    """A feed that gives its entries new ids in each document."""

    def __init__(self) -> None:
        self.requests = 0
        self.count = 3

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/feed", self._feed)])

    async def _feed(self, request: Request) -> Response:
        self.requests += 1
        entries = "".join(
            f"<item><guid isPermaLink='false'>{n}-{self.requests}</guid><title>Visit {n}</title>"
            f"<link>https://a.example/{n}</link><description>Kind staff {n}.</description>"
            f"<pubDate>Wed, {10 + n} Nov 2026 10:00:00 GMT</pubDate></item>"
            for n in range(self.count)
        )
        return Response(f"<rss version='2.0'><channel>{entries}</channel></rss>")


def test_entries_whose_ids_change_are_read_once() -> None:
    feed = Restless()
    counts: list[int] = []
    cursor: str | None = None
    with Served(feed.app) as service:
        for feed.count in (3, 3, 4, 4):
            brought, cursor = read_run(service, cursor)
            counts.append(brought)
    assert counts == [3, 0, 1, 0]


def test_an_archive_without_end_is_read_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "_MAX_PAGES", 7)
    archive = Archive(entries=True)
    assert read(archive) == 7
    assert archive.requests == 7
