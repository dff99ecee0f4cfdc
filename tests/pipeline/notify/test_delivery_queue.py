"""The queue: which delivery is next, which are completed, which are superseded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.notify.attempts import RETRIES
from pipeline.notify.delivery_queue import DeliveryQueue, create_deliveries
from pipeline.notify.notice import pack_notice, unpack_notice
from pipeline.notify.routes import build_routes
from schemas.delivery import Delivery
from tests.pipeline.notify.receivers import SECRET
from tests.pipeline.notify.samples import a_notice

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_delivery(number: int = 1, **fields: Any) -> Delivery:
    notice = {name: fields.pop(name) for name in ("at", "about", "type") if name in fields}
    values = {
        "delivery_id": f"{number:032x}",
        "destination": "ops",
        "notice": pack_notice(a_notice(notice_id=f"{number:032x}", **notice)),
        "due_at": NOW,
    }
    return Delivery(**{**values, **fields})


def test_a_notice_comes_back_as_it_was_packed() -> None:
    notice = a_notice(about="x", examples=("y",), organization="Trust")
    record = Delivery.from_payload(a_delivery(notice=pack_notice(notice)).to_payload())
    assert unpack_notice(record.notice) == notice


def test_the_same_notice_for_the_same_destination_is_the_same_delivery() -> None:
    routes = build_routes(
        {
            "notify": {
                "hook": {"webhook": "https://e.org", "secret": SECRET},
                "chat": {"apprise": ["json://e.org/1", "json://e.org/2"]},
            }
        },
        lambda _: None,
    )
    first, again = (create_deliveries(a_notice(about="x"), routes, NOW) for _ in range(2))
    assert first == again
    assert [delivery.destination for delivery in first] == ["hook", "chat/1", "chat/2"]
    assert len({delivery.delivery_id for delivery in first}) == 3
    # Notices to services are never superseded.
    assert [delivery.notice.about for delivery in first] == [None, "x", "x"]


def test_what_is_due_first_comes_first_and_of_those_what_happened_first() -> None:
    queue = DeliveryQueue()
    queue.enqueue(a_delivery(1, at=NOW))
    queue.enqueue(a_delivery(2, at=NOW - MINUTE))
    queue.enqueue(a_delivery(3, due_at=NOW - MINUTE, at=NOW))
    order = []
    while (delivery := queue.next("ops")) is not None:
        order.append(int(delivery.delivery_id, 16))
        queue.remove(delivery)
    assert order == [3, 2, 1]


def test_a_completed_delivery_is_ignored_when_it_is_published_again() -> None:
    queue = DeliveryQueue()
    assert queue.read(a_delivery().delivery_id, a_delivery())
    assert queue.read(a_delivery().delivery_id, None)
    assert not queue.read(a_delivery().delivery_id, a_delivery())
    assert list(queue.destinations) == []


def test_an_older_record_does_not_undo_a_later_attempt() -> None:
    queue = DeliveryQueue()
    queue.read(a_delivery().delivery_id, a_delivery(attempt=2, due_at=NOW + MINUTE))
    queue.read(a_delivery().delivery_id, a_delivery())
    assert queue.next("ops") == a_delivery(attempt=2, due_at=NOW + MINUTE)


def test_a_later_notice_of_the_same_replaces_one_that_waits_once_it_is_due() -> None:
    queue = DeliveryQueue()
    earlier, later = a_delivery(1, about="x", at=NOW - MINUTE), a_delivery(2, about="x", at=NOW)
    held = a_delivery(2, about="x", at=NOW, due_at=NOW + MINUTE)
    queue.enqueue(earlier)
    queue.enqueue(held)
    assert not queue.is_superseded(earlier, NOW)
    queue.enqueue(later)
    assert queue.is_superseded(earlier, NOW)
    assert not queue.is_superseded(later, NOW)
    assert queue.find_superseded(later) == [earlier]


def test_a_destination_that_works_again_gets_all_that_failed_there() -> None:
    queue = DeliveryQueue()
    queue.enqueue(a_delivery(1, attempt=3, due_at=NOW + 5 * MINUTE))
    queue.enqueue(a_delivery(2, held=True, due_at=NOW + 5 * MINUTE))
    queue.retry_now("ops", NOW)
    failed = queue.next("ops")
    assert failed is not None
    assert (failed.attempt, failed.due_at) == (3, NOW)
    queue.remove(failed)
    held = queue.next("ops")
    assert held is not None
    assert held.due_at == NOW + 5 * MINUTE


def test_a_digest_leaves_its_time_behind() -> None:
    queue = DeliveryQueue()
    digest = a_delivery(1, type="digest", at=NOW)
    assert queue.last_digest("ops") is None
    queue.read(digest.delivery_id, digest)
    assert queue.last_digest("ops") == NOW
    queue.read(digest.delivery_id, digest.model_copy(update={"told_at": NOW}))
    assert queue.last_digest("ops") == NOW
    assert queue.next("ops") is None


def test_retries_are_those_of_the_specification() -> None:
    starts = [sum(RETRIES[:n], timedelta()) for n in range(len(RETRIES) + 1)]
    assert [str(start) for start in starts] == [
        "0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05",
        "1 day, 7:35:05", "2 days, 3:35:05", "3 days, 3:35:05",
    ]  # fmt: skip
