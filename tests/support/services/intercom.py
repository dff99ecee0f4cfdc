"""Intercom's webhooks, as https://developers.intercom.com documents them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, ClassVar

from tests.support.fake_service import Delivery, FakeCaller, moment, sentence

SECRET = "ic-client-secret-4711"  # noqa: S105 - made up


def event(number: int, rating: Any, topic: str = "conversation.rating.added") -> dict[str, Any]:
    at = int(moment(number).timestamp())
    return {
        "type": "notification_event",
        "app_id": "a86dr8yl",
        "id": f"notif_{number}",
        "topic": topic,
        "delivery_attempts": 1,
        "created_at": at + 90,
        "data": {
            "type": "notification_event_data",
            "item": {
                "type": "conversation",
                "id": f"19111498{number:02d}",
                "created_at": at - 5_000,
                "updated_at": at + 90,
                "source": {"author": {"name": "Jo Bloggs", "email": "jo@example.com"}},
                "conversation_rating": rating,
            },
        },
    }


def rating(number: int, value: int, remark: str | None) -> dict[str, Any]:
    return {
        "rating": value,
        "remark": remark,
        "created_at": int(moment(number).timestamp()),
        "updated_at": int(moment(number).timestamp()) + 60,
        "contact": {"type": "contact", "id": f"5bc8f7ae2d96695c{number:02d}"},
        "teammate": {"type": "admin", "id": "814860"},
    }


def signed(body: bytes) -> Delivery:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    return Delivery(body, {"X-Hub-Signature": f"sha1={digest}", "Content-Type": "application/json"})


class FakeIntercom(FakeCaller):
    name: ClassVar[str] = "intercom"
    secrets: ClassVar = (SECRET,)

    def __init__(self) -> None:
        self.events = [
            event(number, rating(number, number % 5 + 1, sentence(number))) for number in range(4)
        ]
        self.events.append(event(5, rating(5, 4, None)))
        self.texts = {f"19111498{number:02d}": sentence(number) for number in range(4)}
        self.texts["1911149805"] = ""

    def settings(self, url: str) -> dict[str, Any]:
        return {"client_secret": SECRET}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [signed(json.dumps(notification).encode()) for notification in self.events]

    def malformed(self, at: datetime) -> Delivery:
        return signed(json.dumps(event(1, None)).encode())
