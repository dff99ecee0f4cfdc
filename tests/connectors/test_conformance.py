"""The contract of every connector, checked by walking the registry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.runtime.catalogue import connectors_page
from connectors.runtime.instances import build_instance
from connectors.runtime.registry import sources
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Fatal, Forged, Malformed, Retry, Skip, Stale
from connectors.sdk.source import Capability, Polled, Source, Webhook, WebhookRequest
from pipeline.settings_file import resolve_secret
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import EARLIER, NOW, Delivery, FakeCaller, FakeService, served
from tests.support.fakes import CALLERS, SERVICES, WAITS, build_source

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


def index_after(records: Iterable[Feedback]) -> dict[str, str]:
    """Return the texts that the index holds after these records, by native id."""
    held: dict[str, Feedback] = {}
    for record in records:
        before = held.get(record.native_id)
        if before is None or record.revision >= before.revision:
            held[record.native_id] = record
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
    with served(fake) as service:
        service.faults.extend(fake.faults)
        records, cursors = read_run(build_polled(fake, service.url), None)
        assert service.faults == type(service.faults)()
    assert index_after(records) == fake.texts
    assert len(fake.texts) >= 3 and len(cursors) >= 3
    assert {record.source for record in records} == {fake.name}
    assert all(record.revision > 0 for record in records)
    assert "429" not in fake.faults or max(WAITS) >= 1, "Retry-After"


def test_a_second_run_brings_nothing_again(fake: FakeService) -> None:
    with served(fake) as service:
        _, cursors = read_run(build_polled(fake, service.url), None)
        again, _ = read_run(build_polled(fake, service.url), cursors[-1])
    assert is_sampled(fake) or again == []


def test_goes_on_from_every_cursor_and_misses_nothing(fake: FakeService) -> None:
    with served(fake) as service:
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
    with served(fake) as service:
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
    with served(fake) as service:
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
    with served(fake) as service:
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
    with served(fake) as service:
        records, cursors = read_run(build_polled(fake, service.url), None)
        if Capability.EDITS in brings:
            fake.edit()
        if Capability.DELETES in brings:
            fake.delete()
        later, _ = read_run(build_polled(fake, service.url, NOW + timedelta(days=2)), cursors[-1])
    assert index_after([*records, *later]) == fake.texts


def test_parses_the_same_item_the_same(fake: FakeService) -> None:
    with served(fake) as service:
        source = build_polled(fake, service.url)
        page = next(iter(source.fetch(None)))
    for item in page.items:
        first, second = parse_items(source, [item]), parse_items(source, [item])
        assert list(first) == list(second)


def test_refuses_nonsense_item_by_item(fake: FakeService) -> None:
    source = build_polled(fake, "http://127.0.0.1:9")
    for data in (None, {}, [], "text", {"id": None}, {"id": "1", "text": 7}):
        item = source.item(data, origin="1", payload=b"{}")
        with pytest.raises((BadRecord, Skip)):
            source.parse(item)


def test_an_unavailable_service_is_tried_again_later(fake: FakeService) -> None:
    needs_http(fake)
    with served(fake) as service:
        service.faults.extend(["500"] * 60)
        with pytest.raises(Retry):
            read_run(build_polled(fake, service.url), None)


def test_refused_credentials_end_the_run(fake: FakeService) -> None:
    needs_http(fake)
    with served(fake) as service:
        service.faults.extend(["401"] * 60)
        with pytest.raises(Fatal) as raised:
            read_run(build_polled(fake, service.url), None)
    assert not any(secret in str(raised.value) for secret in fake.secrets)


@pytest.fixture(params=sorted(CALLERS))
def caller(request: pytest.FixtureRequest) -> FakeCaller:
    made: FakeCaller = CALLERS[request.param]()
    return made


def build_webhook(caller: FakeCaller, url: str = "http://127.0.0.1:9") -> Webhook:
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
        yield "http://127.0.0.1:9"
    else:
        with served(caller) as service:
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
