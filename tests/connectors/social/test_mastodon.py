from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import Fatal, Retry, Skip, Unauthorized
from connectors.sdk.http import HttpResponse
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.recheck import UNCHECKED
from connectors.sdk.source import Context
from connectors.social.mastodon import connector
from connectors.social.mastodon.connector import Mastodon, MastodonConfig
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import Served, moment, serve_fake
from tests.support.fakes import OPEN, WAITS
from tests.support.services.mastodon import FakeMastodon, native_id

pytestmark = pytest.mark.timeout(60)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def service(fake: FakeMastodon) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


def source(fake: FakeMastodon, url: str, now: datetime = NOW, **settings: Any) -> Mastodon:
    config = MastodonConfig.model_validate({**fake.settings(url), **settings})
    made = Mastodon(config, Context("test", b"key", now=lambda: now, sleep=WAITS.append))
    OPEN.append(made)
    return made


def run(connector: Mastodon, cursor: str | None = None) -> tuple[list[Feedback], str]:
    pages = list(connector.fetch(cursor))
    return [connector.parse(item) for page in pages for item in page.items], pages[-1].cursor


def listening(fake: FakeMastodon, service: Served) -> Iterator[Page]:
    """The stream, all that was written before having been fetched."""
    connector = source(fake, service.url)
    return connector.stream(run(connector)[1])


def next_heard_page(pages: Iterator[Page]) -> Page:
    """The next page that holds something."""
    return next(page for page in pages if page.items)


def item(connector: Mastodon, status: Any) -> Item:
    return connector.item(status, origin="1", payload=b"")


class TestParsing:
    def test_maps_the_fields(self, fake: FakeMastodon) -> None:
        connector = source(fake, "https://near.example", site="Eastgate")
        status = fake.status(0) | {"spoiler_text": "hospital", "edited_at": "2026-11-16T00:00:00Z"}
        record = connector.parse(item(connector, status))
        assert record.native_id == native_id(status)
        assert record.text == (
            "hospital\nThe nurses were lovely and explained everything. Visit 0. #nhs"
        )
        assert record.created_at == moment(0)
        assert record.revision == int(datetime(2026, 11, 16, tzinfo=UTC).timestamp() * 1000)
        assert (record.language, record.site) == ("en", "Eastgate")
        assert record.url == f"https://near.example/statuses/{status['id']}"
        assert b"jo" not in record.to_payload()

    def test_knows_an_author_by_account_and_server(self, fake: FakeMastodon) -> None:
        near, far = (source(fake, f"https://{host}.example") for host in ("near", "far"))
        local = fake.status(0) | {"account": {"acct": "jo"}}
        remote = fake.status(0) | {"account": {"acct": "jo@far.example"}}
        expected = pseudonym(b"key", "jo@far.example")
        assert far.parse(item(far, local)).author == expected
        assert near.parse(item(near, remote)).author == expected

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"reblog": {"id": "9"}}, "a reblog"),
            ({"visibility": "private"}, "not public"),
            ({"content": "<p></p>"}, "no text"),
            ({"account": {"acct": "trust@far.example"}}, "own account"),
        ],
    )
    def test_leaves_out(self, fake: FakeMastodon, change: dict[str, Any], reason: str) -> None:
        connector = source(fake, "https://near.example", own_accounts=["trust@far.example"])
        with pytest.raises(Skip) as raised:
            connector.parse(item(connector, fake.status(0) | change))
        assert raised.value.reason == reason

    def test_an_edit_that_takes_the_text_away_deletes(self, fake: FakeMastodon) -> None:
        connector = source(fake, "https://near.example")
        status = fake.status(0) | {"content": "", "edited_at": "2026-11-16T00:00:00Z"}
        assert connector.parse(item(connector, status)).operation is Operation.DELETE


class TestFetching:
    def test_the_first_run_goes_back_so_many_days(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        records, _ = run(source(fake, service.url, moment(34), days=1))
        assert [record.created_at for record in records] == [moment(n) for n in range(22, 35)]

    def test_brings_a_post_that_came_late(self, fake: FakeMastodon, service: Served) -> None:
        _, cursor = run(source(fake, service.url))
        late = fake.status(36, moment(34) - timedelta(minutes=30))
        fake.statuses.append(late)
        records, cursor = run(source(fake, service.url), cursor)
        assert [record.native_id for record in records] == [native_id(late)]
        assert run(source(fake, service.url), cursor)[0] == []

    def test_a_run_that_ends_early_brings_the_late_ones_all_the_same(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        late = [fake.status(40 + n, moment(34) - timedelta(minutes=30 - n)) for n in range(12)]
        fake.statuses += late
        connector = source(fake, service.url)
        first = next(connector.fetch(cursor))
        rest, _ = run(source(fake, service.url), first.cursor)
        native_ids = [record.native_id for record in [*map(connector.parse, first.items), *rest]]
        assert native_ids == [native_id(record) for record in late]

    def test_leaves_what_is_written_meanwhile_to_the_next_run(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        written = fake.statuses
        fake.statuses = written[:10]
        pages = source(fake, service.url, moment(9)).fetch(None)
        first = next(pages)
        fake.statuses = written
        assert [page.items for page in pages] == [[]]
        assert len(first.items) == 10

    @pytest.mark.parametrize("odd_id", ["9" * 21, str(2**62), "", None, True, ["1"]])
    def test_an_odd_id_hides_nothing(
        self, fake: FakeMastodon, service: Served, odd_id: Any
    ) -> None:
        odd = {**fake.status(36), "id": odd_id, "uri": "https://far.example/odd"}
        statuses = fake.statuses
        connector = source(fake, service.url)
        listed = connector._list_timeline

        def list_with_odd(position: str) -> list[Any]:
            page = listed(position)
            return [odd, *page] if page else [odd]

        connector._list_timeline = list_with_odd  # type: ignore[method-assign]
        pages = list(connector.fetch(None))
        items = [each for page in pages for each in page.items]
        assert len(items) == len(statuses) + 1, "once, however often it is returned"
        fake.statuses.append(fake.status(37))
        records, _ = run(source(fake, service.url), pages[-1].cursor)
        assert [record.native_id for record in records] == [native_id(fake.statuses[-1])]

    def test_a_page_of_nothing_but_nonsense_ends_no_run(
        self, fake: FakeMastodon, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connector = source(fake, service.url)
        monkeypatch.setattr(connector, "_list_timeline", lambda position: [None, "a", 7, {}])
        pages = list(connector.fetch(None))
        assert [len(page.items) for page in pages] == [4, 0]

    @pytest.mark.parametrize("body", [b"null", b"{}", b'"kind"', b'{"error": "Sorry"}', b"7"])
    def test_a_page_that_is_no_list_is_a_failure(
        self, fake: FakeMastodon, service: Served, monkeypatch: pytest.MonkeyPatch, body: bytes
    ) -> None:
        connector = source(fake, service.url)
        answer = HttpResponse(200, httpx.Headers(), body, "GET near.example/")
        monkeypatch.setattr(connector._http, "request", lambda *asked, **params: answer)
        with pytest.raises(Retry, match="not a list"):
            run(connector)

    def test_a_check_with_odd_statuses_deletes_nothing(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        later = source(fake, service.url, NOW + timedelta(days=2))
        listed = later._list_or_none
        later._list_or_none = (  # type: ignore[method-assign]
            lambda path, params: [None] if path.endswith("statuses") else listed(path, params)
        )
        pages = list(later.fetch(cursor))
        assert not [each for page in pages for each in page.items if each.data is not None]
        assert {note for page in pages for note in page.notes} == {UNCHECKED}

    def test_a_tag_that_nobody_has_used_is_empty(self, fake: FakeMastodon, service: Served) -> None:
        assert run(source(fake, service.url, tag="nobody"))[0] == []

    def test_says_where_there_is_no_mastodon(self, fake: FakeMastodon, service: Served) -> None:
        with pytest.raises(Fatal, match="status 404"):
            run(source(fake, service.url + "/nowhere"))

    def test_a_day_later_looks_again_at_the_newest_posts_only(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url, remember=10))
        fake.edit()  # the 21st of 35
        removed = fake.statuses.pop(-2)
        later = NOW + timedelta(days=1)
        records, cursor = run(source(fake, service.url, later, remember=10), cursor)
        assert [(record.operation, record.native_id) for record in records] == [
            (Operation.DELETE, native_id(removed))
        ]
        assert run(source(fake, service.url, later, remember=10), cursor)[0] == []

    def test_a_delete_has_the_post_s_time_and_a_later_revision(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        before, cursor = run(source(fake, service.url))
        fake.delete()
        records, _ = run(source(fake, service.url, NOW + timedelta(days=2)), cursor)
        (deleted,) = records
        assert deleted.created_at == moment(21)
        assert deleted.revision == before[21].revision + 1
        assert (deleted.text, deleted.redated) == ("", False)

    def test_a_server_without_the_list_of_statuses_is_not_asked_for_edits(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        fake.old = True
        assert run(source(fake, service.url, NOW + timedelta(days=2)), cursor)[0] == []


class TestStreaming:
    def test_brings_new_edited_and_deleted_posts(self, fake: FakeMastodon, service: Served) -> None:
        _, cursor = run(source(fake, service.url))
        connector = source(fake, service.url)
        pages = connector.stream(cursor)
        assert next(pages) == Page([], cursor)
        status = fake.status(37)
        fake.say("update", status)
        created = connector.parse(next_heard_page(pages).items[0])
        edited_at = {"edited_at": "2026-11-19T01:00:00Z", "content": "<p>Line\u2028two</p>"}
        fake.say("status.update", status | edited_at)
        edited = connector.parse(next_heard_page(pages).items[0])
        fake.say("delete", status["id"])
        deleted = connector.parse(next_heard_page(pages).items[0])
        pages.close()
        assert {created.native_id, edited.native_id, deleted.native_id} == {native_id(status)}
        assert edited.text == "Line two"
        assert created.revision < edited.revision < deleted.revision
        assert deleted.operation is Operation.DELETE
        assert deleted.created_at == created.created_at

    def test_what_was_streamed_is_not_fetched_again(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        pages = source(fake, service.url).stream(cursor)
        next(pages)
        streamed, missed = fake.status(38), fake.status(37)
        fake.statuses += [missed, streamed]  # and the stream said nothing of one
        fake.say("update", streamed)
        cursor = next_heard_page(pages).cursor
        pages.close()
        records, _ = run(source(fake, service.url), cursor)
        assert [record.native_id for record in records] == [native_id(missed)]

    def test_brings_what_came_before_the_server_took_the_connection(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        fake.statuses.append(fake.status(37))
        pages = source(fake, service.url).stream(cursor)
        assert [orjson.loads(each.payload or b"") for each in next(pages).items] == fake.statuses[
            -1:
        ]
        pages.close()

    def test_goes_on_from_the_cursor_after_a_broken_connection(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        pages = source(fake, service.url).stream(cursor)
        cursor = next(pages).cursor
        fake.hang_up()
        assert [page.items for page in pages] == []
        fake.statuses.append(fake.status(37))
        records, cursor = run(source(fake, service.url), cursor)
        pages = source(fake, service.url).stream(cursor)
        next(pages)
        fake.say("delete", fake.statuses[-1]["id"])
        (gone,) = next_heard_page(pages).items
        pages.close()
        assert [gone.data.native_id] == [record.native_id for record in records]

    def test_a_delete_of_an_unknown_post_and_other_events_bring_nothing(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        pages = listening(fake, service)
        next(pages)
        fake.say("delete", "1")
        fake.say("announcement", {"id": "1"})
        assert [next(pages).items, next(pages).items] == [[], []]
        pages.close()

    def test_a_thump_is_an_empty_page(self, fake: FakeMastodon, service: Served) -> None:
        fake.beat = 0.05
        pages = listening(fake, service)
        assert [next(pages).items for _ in range(3)] == [[], [], []]
        pages.close()

    def test_silence_is_an_empty_page_and_ends_the_connection(
        self, fake: FakeMastodon, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connector, "_SILENCE_S", 0.2)
        pages = listening(fake, service)
        assert [next(pages).items, next(pages).items] == [[], []]
        with pytest.raises(Retry, match="silent"):
            next(pages)

    def test_ends_after_hours_so_that_fetch_mends_gaps(
        self, fake: FakeMastodon, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connector, "_MAX_STREAM_S", 0.0)
        assert len(list(listening(fake, service))) == 1

    def test_a_broken_event_is_a_bad_record_of_its_own(
        self, fake: FakeMastodon, service: Served
    ) -> None:
        pages = listening(fake, service)
        next(pages)
        fake.say("update", '{"id": ')
        assert next_heard_page(pages).items[0].payload == b'{"id": '
        pages.close()

    @pytest.mark.parametrize(
        "data", ["null", "[]", '"kind"', '{"id": "7", "a": ' + "[" * 500 + "]" * 500 + "}"]
    )
    def test_an_event_that_is_no_status_is_a_bad_record_each_time(
        self, fake: FakeMastodon, service: Served, data: str
    ) -> None:
        pages = listening(fake, service)
        next(pages)
        fake.say("update", data)
        assert len(next_heard_page(pages).items) == 1
        fake.say("update", fake.status(37))
        assert len(next_heard_page(pages).items) == 1
        pages.close()

    def test_finds_a_streaming_server_of_its_own(self, fake: FakeMastodon, service: Served) -> None:
        fake.streaming_path = "/elsewhere"
        pages = listening(fake, service)
        next(pages)
        pages.close()
        asked = {request.path for request in service.requests}
        assert "/elsewhere/api/v1/streaming/hashtag" in asked

    def test_refused_credentials_end_it(self, fake: FakeMastodon, service: Served) -> None:
        with pytest.raises(Unauthorized) as raised:
            next(source(fake, service.url, token="wrong").stream(None))  # noqa: S106
        assert "wrong" not in str(raised.value)

    def test_an_unavailable_server_is_tried_again_later(
        self, fake: FakeMastodon, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connector = source(fake, service.url)
        monkeypatch.setattr(connector, "_streaming_url", lambda: service.url)
        service.faults.append("500")
        with pytest.raises(Retry, match="status 500"):
            next(connector.stream(None))
        monkeypatch.setattr(connector, "_streaming_url", lambda: "http://127.0.0.1:9")
        with pytest.raises(Retry, match="ConnectError"):
            next(connector.stream(None))


def test_waits_for_the_rate_limit_s_reset(fake: FakeMastodon) -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    problem = connector._classify(
        HttpResponse(429, httpx.Headers(headers), b"", "GET near.example/")
    )
    assert isinstance(problem, Retry) and 80 < problem.wait <= 90


def test_the_cursor_stays_small(fake: FakeMastodon, service: Served) -> None:
    _, cursor = run(source(fake, service.url, remember=5))
    assert len(orjson.loads(cursor)["posts"]) == 5
