from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import Fatal, Retry, Skip, Unauthorized
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.recheck import UNCHECKED
from connectors.sdk.source import Context
from connectors.social.bluesky import connector
from connectors.social.bluesky.connector import Bluesky, BlueskyConfig
from connectors.social.bluesky.post import matches, terms, tid_us
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import Served, moment, serve_fake
from tests.support.fakes import OPEN, WAITS
from tests.support.services.bluesky import PASSWORD, FakeBluesky, native_id, tid

pytestmark = pytest.mark.timeout(60)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeBluesky:
    return FakeBluesky()


@pytest.fixture
def service(fake: FakeBluesky) -> Iterator[Served]:
    with serve_fake(fake) as service:
        yield service


@pytest.fixture(autouse=True)
def soon_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "_HEARTBEAT_S", 0.2)


def source(fake: FakeBluesky, url: str, now: datetime = NOW, **settings: Any) -> Bluesky:
    config = BlueskyConfig.model_validate({**fake.settings(url), **settings})
    made = Bluesky(config, Context("test", b"key", now=lambda: now, sleep=WAITS.append))
    OPEN.append(made)
    return made


def run(connector: Bluesky, cursor: str | None = None) -> tuple[list[Feedback], str]:
    pages = list(connector.fetch(cursor))
    return [connector.parse(item) for page in pages for item in page.items], pages[-1].cursor


def next_heard_page(pages: Iterator[Page]) -> Page:
    """The next page that holds something."""
    return next(page for page in pages if page.items)


def item(connector: Bluesky, post: Any) -> Item:
    return connector.item(post, origin="1", payload=b"")


class TestParsing:
    def test_maps_the_fields(self, fake: FakeBluesky) -> None:
        connector = source(fake, "http://127.0.0.1:9", site="Eastgate")
        post = fake.post(0)
        record = connector.parse(item(connector, post))
        assert record.native_id == native_id(post)
        assert record.text == post["record"]["text"]
        assert record.created_at == moment(0)
        assert record.revision == int(moment(0).timestamp() * 1000)
        assert record.author == pseudonym(b"key", "did:plc:jo0")
        assert (record.language, record.site) == ("en", "Eastgate")
        assert (record.url, b"did:" in record.to_payload()) == (None, False)

    def test_believes_the_record_key_where_the_author_s_clock_is_ahead(
        self, fake: FakeBluesky
    ) -> None:
        connector = source(fake, "http://127.0.0.1:9")
        post = fake.post(0)
        post["record"]["createdAt"] = "2039-01-01T00:00:00Z"
        assert connector.parse(item(connector, post)).created_at == moment(0)
        named = {"uri": "at://did:plc:jo/app.bsky.feed.post/hello", "record": post["record"]}
        first_seen = connector.parse(item(connector, named))
        assert first_seen.created_at == first_seen.collected_at
        assert first_seen.attributes["date"] == "first seen"

    def test_leaves_out_empty_posts_and_one_s_own(self, fake: FakeBluesky) -> None:
        connector = source(fake, "http://127.0.0.1:9", own_dids=["did:plc:jo1"])
        empty = fake.post(0)
        empty["record"]["text"] = " "
        for post, reason in ((empty, "no text"), (fake.post(1), "own account")):
            with pytest.raises(Skip) as raised:
                connector.parse(item(connector, post))
            assert raised.value.reason == reason


class TestWords:
    @pytest.mark.parametrize(
        ("query", "text", "found"),
        [
            ('"eastgate hospital"', "At Eastgate\nHospital today", True),
            ('"eastgate hospital"', "Eastgate has a hospital", False),
            ("eastgate hospital", "The hospital at Eastgate.", True),
            ("eastgate hospital", "Hospitals at Eastgate.", False),
            ("#nhs", "Thank you #NHS!", True),
            ("nhs", "nhsx", False),
        ],
    )
    def test_a_post_has_every_word_and_phrase(self, query: str, text: str, found: bool) -> None:
        assert matches({"text": text}, terms(query), None) is found

    @pytest.mark.parametrize(
        ("langs", "found"), [(["en-GB", "fr"], True), (["fr"], False), ([], True), (None, True)]
    )
    def test_a_post_may_say_its_languages(self, langs: list[str] | None, found: bool) -> None:
        assert matches({"text": "nhs", "langs": langs}, terms("nhs"), "en") is found

    @pytest.mark.parametrize("query", ["", '""', "from:jo", "a OR b", "-nhs", "wait*", '"open'])
    def test_refuses_what_can_only_be_searched_for(self, fake: FakeBluesky, query: str) -> None:
        with pytest.raises(ValidationError):
            source(fake, "http://127.0.0.1:9", query=query)

    def test_an_account_and_its_password_belong_together(self, fake: FakeBluesky) -> None:
        with pytest.raises(ValidationError):
            source(fake, "http://127.0.0.1:9", app_password=None)

    def test_reads_the_time_of_an_identifier(self) -> None:
        assert tid_us("3mptbyoeyc22k") == 1_783_175_886_240_000
        assert [tid_us(text) for text in ("hello", "2222222222222", None, "z" * 13)] == [None] * 4


class TestSearching:
    def test_the_first_run_goes_back_so_many_days(self, fake: FakeBluesky, service: Served) -> None:
        records, _ = run(source(fake, service.url, moment(34), days=1, overlap_minutes=0))
        assert [record.created_at for record in records] == [moment(n) for n in range(34, 21, -1)]

    def test_brings_a_post_that_was_indexed_late(self, fake: FakeBluesky, service: Served) -> None:
        _, cursor = run(source(fake, service.url))
        late = fake.post(36, moment(34) - timedelta(minutes=30))
        fake.posts.append(late)
        records, cursor = run(source(fake, service.url), cursor)
        assert [record.native_id for record in records] == [native_id(late)]
        assert run(source(fake, service.url), cursor)[0] == []

    def test_misses_nothing_where_posts_are_deleted_meanwhile(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        pages = source(fake, service.url).fetch(None)
        found = {each.data["uri"] for each in next(pages).items}
        del fake.posts[-5:]
        found |= {each.data["uri"] for page in pages for each in page.items}
        assert found >= {post["uri"] for post in fake.posts}

    def test_goes_past_many_posts_of_one_moment(self, fake: FakeBluesky, service: Served) -> None:
        fake.posts += [fake.post(40 + n, moment(20)) for n in range(15)]
        native_ids = {record.native_id for record in run(source(fake, service.url))[0]}
        assert native_ids == {native_id(post) for post in fake.posts}

    def test_a_page_that_is_repeated_ends_the_run(
        self, fake: FakeBluesky, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake.posts = [fake.post(n, moment(20)) for n in range(3)]
        connector = source(fake, service.url)
        answer = {"posts": fake.posts, "cursor": "3"}
        monkeypatch.setattr(connector._http, "get_json", lambda *asked, **params: answer)
        with pytest.raises(Retry, match="returned the same page twice"):
            run(connector)

    def test_a_clock_ahead_hides_nothing(self, fake: FakeBluesky, service: Served) -> None:
        fake.posts[0]["record"]["createdAt"] = "2026-11-21T00:00:00.000Z"
        records, cursor = run(source(fake, service.url))
        assert len(records) == 35
        fake.posts.append(fake.post(36))
        assert len(run(source(fake, service.url), cursor)[0]) == 1

    def test_a_check_with_odd_posts_deletes_nothing(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        later = source(fake, service.url, NOW + timedelta(days=1))
        get_json = later._http.get_json

        def answer(path: str, **request: Any) -> Any:
            odd = {"posts": [{"record": {"text": "Kind"}}]}
            return odd if path.endswith("getPosts") else get_json(path, **request)

        later._http.get_json = answer  # type: ignore[method-assign]
        pages = list(later.fetch(cursor))
        assert not [each for page in pages for each in page.items]
        assert {note for page in pages for note in page.notes} == {UNCHECKED}

    def test_searches_in_a_language(self, fake: FakeBluesky, service: Served) -> None:
        fake.posts[3]["record"]["langs"] = ["cy"]
        records, _ = run(source(fake, service.url, language="cy"))
        assert [record.language for record in records] == ["cy"]

    def test_a_delete_has_the_post_s_time_and_a_later_revision(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        fake.delete()
        later = NOW + timedelta(days=1)
        (deleted,), cursor = run(source(fake, service.url, later), cursor)
        assert (deleted.operation, deleted.text) == (Operation.DELETE, "")
        assert deleted.created_at == moment(21)
        assert deleted.revision == int(moment(21).timestamp() * 1000) + 1
        assert run(source(fake, service.url, later + timedelta(days=1)), cursor)[0] == []


class TestSession:
    def test_is_renewed_without_the_password(self, fake: FakeBluesky, service: Served) -> None:
        connector = source(fake, service.url)
        run(connector)
        fake.expire()
        run(connector)
        assert fake.sessions == ["create", "refresh"]

    def test_is_opened_anew_where_it_can_not_be_renewed(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        connector = source(fake, service.url)
        run(connector)
        fake.expire(refresh_too=True)
        run(connector)
        assert fake.sessions == ["create", "create"]

    def test_a_wrong_password_ends_the_run(self, fake: FakeBluesky, service: Served) -> None:
        wrong = "wrong-4711"
        with pytest.raises(Unauthorized) as raised:
            run(source(fake, service.url, app_password=wrong))
        message = str(raised.value)
        assert not any(secret in message for secret in (wrong, "trust.example"))

    def test_a_search_without_one_is_refused(self, fake: FakeBluesky, service: Served) -> None:
        with pytest.raises(Unauthorized):
            run(source(fake, service.url, identifier=None, app_password=None))


class TestListening:
    def test_brings_what_has_the_words(self, fake: FakeBluesky, service: Served) -> None:
        _, cursor = run(source(fake, service.url))
        fake.say(NOW, fake.post(50, text="Nothing of interest"))
        post = fake.post(51, NOW)
        fake.say(NOW + timedelta(seconds=1), post)
        connector = source(fake, service.url)
        pages = connector.stream(cursor)
        (found,) = next_heard_page(pages).items
        pages.close()
        assert connector.parse(found) == connector.parse(
            connector.item(post, origin="1", payload=b"")
        )

    def test_brings_updates_and_deletes_of_what_it_knows(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        before, cursor = run(source(fake, service.url))
        known, other = fake.posts[30], fake.post(52, text="Nothing of interest")
        edited = known | {"record": known["record"] | {"text": "Never mind."}}
        fake.say(NOW, other, "delete")
        fake.say(NOW, edited, "update")
        fake.say(NOW + timedelta(seconds=2), known, "delete")
        connector = source(fake, service.url)
        pages = connector.stream(cursor)
        update = connector.parse(next_heard_page(pages).items[0])
        deleted = connector.parse(next_heard_page(pages).items[0])
        pages.close()
        (created,) = (record for record in before if record.native_id == native_id(known))
        assert update.native_id == deleted.native_id == created.native_id
        assert update.text == "Never mind."
        assert update.revision == int(NOW.timestamp() * 1000)
        assert deleted.revision == int(NOW.timestamp() * 1000) + 2_000
        assert update.created_at == deleted.created_at == created.created_at
        assert deleted.operation is Operation.DELETE

    def test_an_account_that_is_deleted_takes_its_posts_along(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        before, cursor = run(source(fake, service.url))
        did = "did:plc:jo1"
        fake.tell(NOW, did, kind="identity", identity={"did": did})
        fake.tell(NOW, did, kind="account", account={"active": False, "status": "deactivated"})
        fake.tell(NOW, did, kind="account", account={"active": False, "status": "deleted"})
        pages = source(fake, service.url).stream(cursor)
        gone = {each.data.native_id for each in next_heard_page(pages).items}
        pages.close()
        theirs = {native_id(post) for post in fake.posts if did in post["uri"]}
        assert gone == theirs & {record.native_id for record in before}

    def test_goes_on_from_the_cursor_and_repeats_nothing(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        first, second = fake.post(60, NOW), fake.post(61, NOW + timedelta(seconds=1))
        fake.say(NOW, first)
        pages = source(fake, service.url).stream(None)
        cursor = next_heard_page(pages).cursor
        fake.hang_up()
        assert [page.items for page in pages if page.items] == []
        fake.say(NOW + timedelta(seconds=1), second)
        fake.say(NOW + timedelta(seconds=2), first, "delete")
        pages = source(fake, service.url).stream(cursor)
        created, deleted = next_heard_page(pages).items[0], next_heard_page(pages).items[0]
        pages.close()
        assert created.data["uri"] == second["uri"]
        assert deleted.data.native_id == native_id(first)
        now_us = int(NOW.timestamp() * 1e6)
        assert fake.cursors == [now_us - 3_600_000_000, now_us - 5_000_000]

    def test_a_repeated_create_does_not_undo_a_delete(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        post = fake.post(60, NOW)
        fake.say(NOW, post)
        fake.say(NOW + timedelta(seconds=1), post, "delete")
        pages = source(fake, service.url).stream(None)
        next_heard_page(pages)
        cursor = next_heard_page(pages).cursor
        pages.close()
        pages = source(fake, service.url).stream(cursor)
        assert next(pages).items == []
        pages.close()
        fake.posts.append(post)  # and the search still has it
        assert native_id(post) not in {
            record.native_id for record in run(source(fake, service.url), cursor)[0]
        }

    def test_what_was_heard_is_not_searched_for_again(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        _, cursor = run(source(fake, service.url))
        heard_, missed = fake.post(37), fake.post(36)
        fake.posts += [missed, heard_]
        fake.say(NOW, heard_)
        pages = source(fake, service.url).stream(cursor)
        cursor = next_heard_page(pages).cursor
        pages.close()
        records, _ = run(source(fake, service.url), cursor)
        assert [record.native_id for record in records] == [native_id(missed)]

    def test_quiet_is_an_empty_page_that_says_how_far(
        self, fake: FakeBluesky, service: Served
    ) -> None:
        pages = source(fake, service.url).stream(None)
        assert next(pages).items == []
        fake.say(NOW, fake.post(50, text="Nothing of interest"))
        cursors = [next(pages).cursor for _ in range(3)]
        pages.close()
        assert orjson.loads(cursors[-1])["live"] == int(NOW.timestamp() * 1e6)

    @pytest.mark.parametrize(
        "message", ["{", "[]", "null", '{"time_us": "x"}', '{"time_us": 1, "did": 2, "commit": 3}']
    )
    def test_nonsense_is_passed_over(self, fake: FakeBluesky, message: str) -> None:
        connector = source(fake, "http://127.0.0.1:9")
        assert connector._handle_event(message, connector.resume(None)) == []

    def test_an_event_of_the_future_moves_no_cursor(self, fake: FakeBluesky) -> None:
        connector = source(fake, "http://127.0.0.1:9")
        state = connector.resume(None)
        for time_us in (10**30, 4_000_000_000_000_000):
            connector._handle_event(f'{{"time_us": {time_us}, "did": "did:plc:jo"}}', state)
        assert state.live == 0

    def test_a_record_that_is_nested_too_deep_is_cut(self, fake: FakeBluesky) -> None:
        connector = source(fake, "http://127.0.0.1:9")
        post = fake.post(51, NOW)
        record = post["record"] | {"text": "Kind staff at Eastgate Hospital", "embed": "DEEP"}
        did, collection, rkey = post["uri"].removeprefix("at://").split("/")
        commit = {"operation": "create", "collection": collection, "rkey": rkey, "record": record}
        event = {"time_us": int(NOW.timestamp() * 1e6), "did": did, "commit": commit}
        message = orjson.dumps(event).replace(b'"DEEP"', b"[" * 900 + b"]" * 900)
        (found,) = connector._handle_event(message, connector.resume(None))
        assert connector.parse(found).text == "Kind staff at Eastgate Hospital"

    def test_ends_after_hours_so_that_fetch_mends_gaps(
        self, fake: FakeBluesky, service: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connector, "_MAX_STREAM_S", 0.0)
        assert len(list(source(fake, service.url).stream(None))) == 1

    def test_a_server_that_is_not_there_is_tried_again_later(self, fake: FakeBluesky) -> None:
        with pytest.raises(Retry):
            next(source(fake, "http://127.0.0.1:9").stream(None))

    def test_an_address_without_jetstream_says_so(self, fake: FakeBluesky, service: Served) -> None:
        address = service.url.replace("http", "ws") + "/nowhere"
        with pytest.raises(Fatal, match="status 40"):
            next(source(fake, service.url, jetstream_url=address).stream(None))


def test_the_cursor_stays_small(fake: FakeBluesky, service: Served) -> None:
    _, cursor = run(source(fake, service.url, remember=5))
    assert len(orjson.loads(cursor)["posts"]) == 5


def test_no_personal_value_is_told(fake: FakeBluesky, service: Served) -> None:
    page = next(source(fake, service.url).fetch(None))
    assert not any("did:" in each.origin for each in page.items)
    assert tid(moment(34), 34) in page.items[0].origin
    assert PASSWORD not in page.cursor
