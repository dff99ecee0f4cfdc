"""The contract of every connector, checked by walking the registry."""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.runtime.catalogue import connectors_page
from connectors.runtime.instances import build_instance
from connectors.runtime.registry import sources
from connectors.runtime.runner import PageReader
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Fatal, Forged, Malformed, Retry, Skip, Stale
from connectors.sdk.source import Capability, Polled, Source, Webhook, WebhookRequest
from pipeline.settings_file import resolve_secret
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import (
    EARLIER,
    NOW,
    Delivery,
    FakeCaller,
    FakeService,
    Fault,
    serve_fake,
)
from tests.support.fakes import CALLERS, SERVICES, WAITS, build_source
from tests.support.spoiled import CANARY, spoiled

NOWHERE = "http://127.0.0.1:9"
"""An address at which nothing answers."""

SOURCES = sorted(sources().items())
_SECRET = re.compile(r"(secret|token|password|key)s?$")


@pytest.mark.parametrize(("name", "source"), SOURCES)
class TestDeclarations:
    def test_says_what_it_is(self, name: str, source: type[Source]) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        for said in (
            source.title,
            source.requirements,
            source.limitations,
            source.cursor_description,
        ):
            assert said.strip()
        assert source.__module__.removesuffix(".connector").split(".")[-1] == name

    def test_describes_every_setting(self, name: str, source: type[Source]) -> None:
        fields = source.Config.model_fields
        assert [field for field, info in fields.items() if not info.description] == []

    def test_keeps_secrets_as_secrets(self, name: str, source: type[Source]) -> None:
        for field, info in source.Config.model_fields.items():
            if _SECRET.search(field):
                assert SecretStr in _nested_types(info.annotation), field

    def test_its_example_is_valid(self, name: str, source: type[Source]) -> None:
        resolve = partial(resolve_secret, resolve=lambda variable: "x" * 20)
        build_instance(source, "example", tomllib.loads(source.example), resolve)

    def test_has_a_fake(self, name: str, source: type[Source]) -> None:
        assert not issubclass(source, Polled) or name in SERVICES
        assert not issubclass(source, Webhook) or name in CALLERS


def test_the_page_of_the_connectors_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "connectors.md"
    assert page.read_text("utf-8") == connectors_page(), "run `make generate`"


def _nested_types(annotation: object) -> set[object]:
    inner = getattr(annotation, "__args__", ())
    return {annotation}.union(*map(_nested_types, inner)) if inner else {annotation}


@pytest.fixture(params=sorted(SERVICES))
def fake(request: pytest.FixtureRequest) -> FakeService:
    made: FakeService = SERVICES[request.param]()
    return made


def needs_http(fake: FakeService) -> None:
    if not fake.http:
        pytest.skip(f"{fake.name} is not spoken to over HTTP; its own test has such faults")


def build_polled(fake: FakeService, url: str, now: datetime = NOW) -> Polled:
    source = build_source(fake, url, author_key=b"key", now=lambda: now)
    assert isinstance(source, Polled)
    return source


def parse_items(source: Source, items: Iterable[Item]) -> Iterator[Feedback]:
    for item in items:
        try:
            yield source.parse(item)
        except Skip:
            continue


def read_run(source: Polled, cursor: str | None) -> tuple[list[Feedback], list[str]]:
    """The records and the cursors of a run."""
    records: list[Feedback] = []
    cursors: list[str] = []
    for page in source.fetch(cursor):
        records += parse_items(source, page.items)
        cursors.append(page.cursor)
    return records, cursors


def index_after(records: Iterable[Feedback], *, ordered: bool = False) -> dict[str, str]:
    """Return the texts that the index holds after these records, by native id.

    Unless they are ``ordered``, their order does not matter: two that differ must have different
    revisions.
    """
    held: dict[str, Feedback] = {}
    for record in records:
        before = held.get(record.native_id)
        if before is None or record.revision >= before.revision + (not ordered):
            held[record.native_id] = record
        elif record.revision == before.revision:
            assert (record.operation, record.text) == (before.operation, before.text), (
                f"{record.native_id}: an edit or delete has no higher revision"
            )
    return {
        native_id: record.text
        for native_id, record in held.items()
        if record.operation is Operation.UPSERT
    }


def is_sampled(fake: FakeService) -> bool:
    return Capability.SAMPLED in sources()[fake.name].capabilities


def assert_complete(records: Iterable[Feedback], fake: FakeService) -> None:
    """The index holds what the service does; of a sampled one also what it no longer shows."""
    texts = index_after(records)
    if is_sampled(fake):
        texts = {name: text for name, text in texts.items() if name in fake.texts}
    assert texts == fake.texts


def test_reads_everything_through_every_fault(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        service.faults.extend(fake.faults)
        records, cursors = read_run(build_polled(fake, service.url), None)
        assert service.faults == type(service.faults)()
    assert index_after(records) == fake.texts
    assert len(fake.texts) >= 3 and len(cursors) >= 3
    assert {record.source for record in records} == {fake.name}
    assert all(record.revision > 0 for record in records)
    assert "429" not in fake.faults or max(WAITS) >= 1, "Retry-After"


def test_a_second_run_brings_nothing_again(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        _, cursors = read_run(build_polled(fake, service.url), None)
        again, _ = read_run(build_polled(fake, service.url), cursors[-1])
    assert is_sampled(fake) or again == []


def test_goes_on_from_every_cursor_and_misses_nothing(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        records: list[Feedback] = []
        cursor: str | None = None
        for _ in range(60):
            pages = build_polled(fake, service.url).fetch(cursor)
            page = next(pages, None)
            if page is None or page.cursor == cursor:
                break
            source = build_polled(fake, service.url)
            records += parse_items(source, page.items)
            cursor = page.cursor
    assert index_after(records) == fake.texts


def test_the_next_run_brings_what_was_added_and_nothing_else(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url, EARLIER), None)
        before = {*fake.texts}
        fake.add()
        added = fake.texts.keys() - before
        later, later_cursors = read_run(build_polled(fake, service.url), cursors[-1])
        fake.add()
        last, _ = read_run(build_polled(fake, service.url), [*cursors, *later_cursors][-1])
    assert added
    assert is_sampled(fake) or index_after(later).keys() == added
    assert_complete([*records, *later, *last], fake)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_misses_nothing_that_is_added_behind_a_page_of_a_run(
    fake: FakeService, number: int
) -> None:
    now = EARLIER
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, author_key=b"key", now=lambda: now)
        assert isinstance(source, Polled)
        records: list[Feedback] = []
        cursor = None
        for place, page in enumerate(source.fetch(None)):
            records += parse_items(source, page.items)
            cursor = page.cursor
            if place >= number:  # a busy service: something new behind each page that follows
                if place < number + 3:
                    fake.add()
                now = NOW
        later, _ = read_run(build_polled(fake, service.url), cursor)
    assert_complete([*records, *later], fake)


@pytest.mark.parametrize("pages", [1, 2])
def test_misses_nothing_that_is_added_while_a_run_is_interrupted(
    fake: FakeService, pages: int
) -> None:
    with serve_fake(fake) as service:
        source = build_polled(fake, service.url, EARLIER)
        begun = list(islice(source.fetch(None), pages))
        records = [record for page in begun for record in parse_items(source, page.items)]
        fake.add()
        rest, cursors = read_run(build_polled(fake, service.url), begun[-1].cursor)
        fake.add()
        later, _ = read_run(build_polled(fake, service.url), [begun[-1].cursor, *cursors][-1])
    assert_complete([*records, *rest, *later], fake)


def test_brings_edits_and_deletes(fake: FakeService) -> None:
    brings = sources()[fake.name].capabilities
    with serve_fake(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url), None)
        if Capability.EDITS in brings:
            fake.edit()
        if Capability.DELETES in brings:
            fake.delete()
        later, _ = read_run(build_polled(fake, service.url, NOW + timedelta(days=2)), cursors[-1])
    assert index_after([*records, *later], ordered=not fake.edits_have_times) == fake.texts


def test_finds_what_is_new_run_after_run(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url, EARLIER), None)
        for _ in range(4):
            fake.add()
            later, later_cursors = read_run(build_polled(fake, service.url), cursors[-1])
            assert later, "nothing new after several runs"
            records += later
            cursors += later_cursors
    assert_complete(records, fake)


def test_brings_what_is_shown_late_below_what_is_known(fake: FakeService) -> None:
    if not fake.shows_late:
        pytest.skip(f"{fake.name} lists by the time at which it shows an item")
    with serve_fake(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url, EARLIER), None)
        fake.add()
        later, later_cursors = read_run(build_polled(fake, service.url), cursors[-1])
        before = {*fake.texts}
        fake.add_late()
        late = fake.texts.keys() - before
        last, last_cursors = read_run(
            build_polled(fake, service.url), [*cursors, *later_cursors][-1]
        )
        end = [*cursors, *later_cursors, *last_cursors][-1]
        again, _ = read_run(build_polled(fake, service.url), end)
    assert late
    assert is_sampled(fake) or (index_after(last).keys() >= late and again == [])
    assert_complete([*records, *later, *last], fake)


def test_an_old_item_on_top_hides_nothing(fake: FakeService) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url, EARLIER), None)
        for _ in range(12):
            fake.add()
        now = NOW + timedelta(days=4)
        service.faults.extend(["old on top"] * 200)
        later, later_cursors = read_run(build_polled(fake, service.url, now), cursors[-1])
        service.faults.clear()
        last, _ = read_run(build_polled(fake, service.url, now), [*cursors, *later_cursors][-1])
    assert_complete([*records, *later, *last], fake)
    assert is_sampled(fake) or fake.pages_by_offset or not last, "found in the next run only"


def test_pages_without_end_end(fake: FakeService) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        service.faults.extend(["again"] * 500)
        pages = build_polled(fake, service.url).fetch(None)
        with suppress(Retry, Fatal):
            for page in PageReader(pages):
                assert len(service.requests) < 200, page.cursor
    assert len(service.requests) < 200


def test_a_page_that_is_no_list_is_a_failure(fake: FakeService) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        pages = build_polled(fake, service.url, EARLIER).fetch(None)
        begun = next(pages)
        records = [*parse_items(build_polled(fake, service.url), begun.items)]
        cursor = begun.cursor
        service.faults.extend(["no list"] * 60)
        with pytest.raises((Retry, Fatal)):
            for page in pages:
                records += parse_items(build_polled(fake, service.url), page.items)
                cursor = page.cursor
        service.faults.clear()
        rest, _ = read_run(build_polled(fake, service.url), cursor)
    assert_complete([*records, *rest], fake)


def test_a_place_that_fails_blocks_no_other(fake: FakeService) -> None:
    if not fake.place_paths:
        pytest.skip(f"{fake.name} has one place")
    for place in fake.place_paths:
        with serve_fake(fake) as service:
            service.broken = place
            cursor = None
            records: list[Feedback] = []
            with pytest.raises((Retry, Fatal)) as raised:
                for page in build_polled(fake, service.url).fetch(None):
                    records += parse_items(build_polled(fake, service.url), page.items)
                    cursor = page.cursor
            assert len(raised.value.failed_places) == 1
            assert records
            service.broken = ""
            rest, _ = read_run(build_polled(fake, service.url), cursor)
        assert_complete([*records, *rest], fake)


def test_declares_what_its_fake_can_do(fake: FakeService) -> None:
    brings = sources()[fake.name].capabilities
    assert (Capability.EDITS in brings) == (type(fake).edit is not FakeService.edit)
    assert (Capability.DELETES in brings) == (type(fake).delete is not FakeService.delete)


def read_items(fake: FakeService | FakeCaller) -> tuple[Source, list[Item]]:
    """Return the connector of a fake and all items that it reads, of edits and deletes too."""
    with serve_fake(fake) as service:
        if isinstance(fake, FakeCaller):
            webhook = build_webhook(fake, service.url if fake.app is not None else NOWHERE)
            requests = map(to_request, fake.deliveries(NOW))
            return webhook, [item for request in requests for item in webhook.handle(request)]
        source = build_polled(fake, service.url)
        pages = [*source.fetch(None)]
        brings = source.capabilities
        if Capability.EDITS in brings:
            fake.edit()
        if Capability.DELETES in brings:
            fake.delete()
        if brings & {Capability.EDITS, Capability.DELETES}:
            later = build_polled(fake, service.url, NOW + timedelta(days=2))
            pages += later.fetch(pages[-1].cursor)
    return source, [item for page in pages for item in page.items]


@pytest.fixture(params=[*SERVICES.values(), *CALLERS.values()], ids=lambda kind: kind.name)
def sender(request: pytest.FixtureRequest) -> FakeService | FakeCaller:
    """Either kind of fake."""
    made: FakeService | FakeCaller = request.param()
    return made


def assert_holds_none(message: str, words: Iterable[str]) -> None:
    quoted = [word for word in words if word and word.casefold() in message.casefold()]
    assert not quoted, f"{message!r} holds {quoted}"


def test_keeps_secrets_authors_and_texts_where_they_belong(
    sender: FakeService | FakeCaller,
) -> None:
    texts = {*sender.texts.values()}
    source, items = read_items(sender)
    texts |= {*sender.texts.values()}
    for item in items:
        assert_holds_none(item.origin, [*sender.secrets, *sender.authors, *texts])
    for record in parse_items(source, items):
        assert_holds_none(record.model_dump_json(), sender.secrets)
        attributes = " ".join(f"{name}={value}" for name, value in record.attributes.items())
        assert_holds_none(attributes, [*sender.authors, *texts])


def test_quotes_nothing_of_an_item_that_cannot_be_understood(
    sender: FakeService | FakeCaller,
) -> None:
    private = {*sender.secrets, *sender.authors, *sender.texts.values(), CANARY}
    source, items = read_items(sender)
    refused = 0
    for item in [*items[:2], *items[-2:]]:
        for data in spoiled(item.data):
            try:
                source.parse(replace(item, data=data))
            except BadRecord as error:
                refused += 1
                assert_holds_none(error.reason, private)
            except Skip as skipped:
                assert_holds_none(skipped.reason, private)
    assert refused


def test_takes_nothing_from_the_clock(
    sender: FakeService | FakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, items = read_items(sender)
    records = [*parse_items(source, items)]
    context = replace(source.context, now=lambda: NOW + timedelta(days=99))
    later = type(source)(source.config, context)
    turn_the_clock(type(source), monkeypatch)
    assert [*parse_items(later, items)] == records


class LaterTime(datetime):
    """The clock of some months later."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(days=99)


def turn_the_clock(source: type[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let months pass in the modules of a connector that do not ask for its ``now``."""
    packages = tuple(kind.__module__.removesuffix(".connector") for kind in source.__mro__[:-1])
    for name, module in [*sys.modules.items()]:
        if name.startswith(packages) and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", LaterTime)
    seconds = time.time() + timedelta(days=99).total_seconds()
    monkeypatch.setattr(time, "time", lambda: seconds)


def test_reads_the_same_records_at_another_time(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        first, _ = read_run(build_polled(fake, service.url), None)
        later, _ = read_run(build_polled(fake, service.url, NOW + timedelta(hours=1)), None)
    assert _without_collection(first) == _without_collection(later)


def _without_collection(records: Iterable[Feedback]) -> dict[str, Feedback]:
    return {record.native_id: record.model_copy(update={"collected_at": NOW}) for record in records}


def test_reads_without_parsing(fake: FakeService) -> None:
    """One bad item never ends a page: nothing is parsed before its page is yielded."""
    with serve_fake(fake) as service:
        good = [
            item.data for page in build_polled(fake, service.url).fetch(None) for item in page.items
        ]
        source = build_polled(fake, service.url)

        def refuse(item: Item) -> Feedback:
            raise BadRecord("a bad item")

        source.parse = refuse  # type: ignore[method-assign]
        items = [item.data for page in source.fetch(None) for item in page.items]
    assert len(items) == len(good)


def test_an_item_that_cannot_be_understood_does_not_end_its_page(fake: FakeService) -> None:
    needs_http(fake)
    records = []
    with serve_fake(fake) as service:
        service.faults.extend(["odd item"] * 60)
        source = build_polled(fake, service.url)
        for page in source.fetch(None):
            for item in page.items:
                try:
                    records.append(source.parse(item))
                except BadRecord as error:
                    assert_holds_none(error.reason, [*fake.secrets, *fake.authors])
                except Skip:
                    continue
        odd = 60 - len(service.faults)
    texts = index_after(records)
    if fake.pages_by_offset:  # the odd items, which the service does not hold, shift its pages
        assert len(texts) >= len(fake.texts) - odd
    else:
        assert texts == fake.texts


def test_parses_the_same_item_the_same(fake: FakeService) -> None:
    with serve_fake(fake) as service:
        source = build_polled(fake, service.url)
        page = next(iter(source.fetch(None)))
    for item in page.items:
        first, second = parse_items(source, [item]), parse_items(source, [item])
        assert list(first) == list(second)


def test_refuses_nonsense_item_by_item(fake: FakeService) -> None:
    source = build_polled(fake, NOWHERE)
    for data in (None, {}, [], "text", {"id": None}, {"id": "1", "text": 7}):
        item = source.item(data, origin="1", payload=b"{}")
        with pytest.raises((BadRecord, Skip)):
            source.parse(item)


@pytest.mark.parametrize("fault", ["500", "429", "hang up"])
def test_an_unavailable_service_is_tried_again_later(fake: FakeService, fault: Fault) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        service.faults.extend([fault] * 60)
        with pytest.raises(Retry) as raised:
            read_run(build_polled(fake, service.url), None)
    assert_holds_none(str(raised.value), [*fake.secrets, *fake.authors, *fake.texts.values()])


@pytest.mark.parametrize("fault", ["500", "429"])
def test_a_service_that_fails_behind_the_first_page_is_tried_again_later(
    fake: FakeService, fault: Fault
) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        pages = build_polled(fake, service.url).fetch(None)
        next(pages)
        service.faults.extend([fault] * 60)
        with pytest.raises(Retry) as raised:
            list(pages)
    assert_holds_none(str(raised.value), [*fake.secrets, *fake.authors, *fake.texts.values()])


def test_refused_credentials_end_the_run(fake: FakeService) -> None:
    needs_http(fake)
    with serve_fake(fake) as service:
        service.faults.extend(["401"] * 60)
        with pytest.raises(Fatal) as raised:
            read_run(build_polled(fake, service.url), None)
    assert_holds_none(str(raised.value), [*fake.secrets, *fake.authors, *fake.texts.values()])


@pytest.fixture(params=sorted(CALLERS))
def caller(request: pytest.FixtureRequest) -> FakeCaller:
    made: FakeCaller = CALLERS[request.param]()
    return made


def build_webhook(caller: FakeCaller, url: str = NOWHERE) -> Webhook:
    source = build_source(caller, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(source, Webhook)
    return source


def to_request(delivery: Delivery) -> WebhookRequest:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    return WebhookRequest(delivery.body, headers, delivery.path_secret, NOW)


@pytest.fixture
def address(caller: FakeCaller) -> Iterator[str]:
    """Serve the caller's own interface, if it has one."""
    if caller.app is None:
        yield NOWHERE
    else:
        with serve_fake(caller) as service:
            yield service.url


def test_takes_every_delivery(caller: FakeCaller, address: str) -> None:
    source = build_webhook(caller, address)
    deliveries = caller.deliveries(NOW)
    assert len(deliveries) >= 3
    records = [
        record
        for delivery in deliveries
        for record in parse_items(source, source.handle(to_request(delivery)))
    ]
    assert index_after(records) == caller.texts


def test_a_delivery_sent_twice_is_the_same_record(caller: FakeCaller, address: str) -> None:
    source = build_webhook(caller, address)
    first = caller.deliveries(NOW)[0]
    records = [list(parse_items(source, source.handle(to_request(first)))) for _ in range(2)]
    assert [record.event_id for record in records[0]] == [record.event_id for record in records[1]]
    assert [record.revision for record in records[0]] == [record.revision for record in records[1]]


def test_refuses_a_forged_delivery(caller: FakeCaller, address: str) -> None:
    source = build_webhook(caller, address)
    good = caller.deliveries(NOW)[0]
    forged = [Delivery(good.body, {}, None)]
    if good.path_secret is None:
        forged.append(Delivery(good.body + b" ", good.headers, None))
    else:
        forged.append(Delivery(good.body, good.headers, good.path_secret + "x"))
    for delivery in forged:
        with pytest.raises(Forged):
            source.handle(to_request(delivery))


def test_refuses_a_stale_delivery(caller: FakeCaller, address: str) -> None:
    delivery = caller.stale(NOW)
    if delivery is not None:
        with pytest.raises(Stale):
            build_webhook(caller, address).handle(to_request(delivery))


def test_refuses_a_malformed_delivery(caller: FakeCaller, address: str) -> None:
    with pytest.raises(Malformed):
        build_webhook(caller, address).handle(to_request(caller.malformed(NOW)))
