"""Tally's webhooks, as https://tally.so/help/webhooks documents them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, ClassVar

from tests.support.fake_service import Delivery, FakeCaller, moment, sentence

SECRET = "tally-secret-4711"  # noqa: S105 - made up


def field(key: str, label: str | None, kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"key": f"question_{key}", "label": label, "type": kind, "value": value, **more}


def event(number: int, *fields: dict[str, Any]) -> dict[str, Any]:
    at = moment(number).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "eventId": f"ce9f355d-2fc8-4f16-b56f-{number:012d}",
        "eventType": "FORM_RESPONSE",
        "createdAt": at,
        "data": {
            "responseId": f"Z9Z9{number}",
            "submissionId": f"Z9Z9{number}",
            "respondentId": "Pdgjl70",
            "formId": "XxA4WO",
            "formName": "After your visit",
            "createdAt": at,
            "fields": list(fields),
        },
    }


def signed(body: bytes) -> Delivery:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    headers = {"Tally-Signature": base64.b64encode(digest).decode()}
    return Delivery(body, {**headers, "Content-Type": "application/json"})


class FakeTally(FakeCaller):
    name: ClassVar[str] = "tally"
    secrets: ClassVar = (SECRET,)
    authors: ClassVar = ("Dylan Smith",)

    def __init__(self) -> None:
        self.events = [
            event(
                number,
                field("OYq4Za", "Full name", "INPUT_TEXT", "Dylan Smith"),
                field("VY7Qaj", "E-mail", "INPUT_EMAIL", "dylan@example.com"),
                field("RYQpAd", "What could we do better?", "TEXTAREA", sentence(number)),
                field("xDJQyB", "How many stars?", "RATING", number % 5 + 1),
            )
            for number in range(4)
        ]
        self.texts = {f"Z9Z9{number}:question_RYQpAd": sentence(number) for number in range(4)}

    def settings(self, url: str) -> dict[str, Any]:
        return {"webhook_secret": SECRET}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [signed(json.dumps(form_event).encode()) for form_event in self.events]

    def malformed(self, at: datetime) -> Delivery:
        return signed(b'{"eventType": "FORM_RESPONSE", "data": {"fields": {}}}')
