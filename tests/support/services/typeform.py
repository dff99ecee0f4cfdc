"""Typeform's webhooks, as https://www.typeform.com/developers/webhooks documents them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, ClassVar

from tests.support.fake_service import Delivery, FakeCaller, moment, sentence

SECRET = "tf-secret-4711"  # noqa: S105 - made up

FIELDS = [
    {"id": "JwWggjAKtOkA", "ref": "first_name", "type": "short_text", "title": "Your first name"},
    {"id": "SMEUb7VJz92Q", "ref": "mail", "type": "email", "title": "Where can we reach you?"},
    {"id": "DlXFaesGBpoF", "ref": "best", "type": "long_text", "title": "What was good?"},
    {"id": "k6TP9oLGgHjl", "ref": "worst", "type": "long_text", "title": "What was not?"},
    {"id": "NRsxU591jIW9", "ref": "nps", "type": "nps", "title": "Would you recommend us?"},
    {"id": "WOTdC00F8A3h", "ref": "overall", "type": "rating", "title": "How was it overall?"},
    {"id": "RUqkXSeXBXSd", "ref": "reply", "type": "yes_no", "title": "May we write to you?"},
    {"id": "PNe8ZKBK8C2Q", "ref": "ward", "type": "multiple_choice", "title": "Which ward?"},
]
_BY_REF = {str(field["ref"]): field for field in FIELDS}


def answered(ref: str, kind: str, value: Any) -> dict[str, Any]:
    field = {name: _BY_REF[ref][name] for name in ("id", "ref", "type")}
    return {"type": kind, kind: value, "field": field}


def event(number: int, *answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"evt{number}",
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": f"a3a12ec67a1365927098a606107f{number:04d}",
            "submitted_at": moment(number).isoformat().replace("+00:00", "Z"),
            "landed_at": moment(number).isoformat().replace("+00:00", "Z"),
            "definition": {
                "id": "lT4Z3j",
                "title": "After your visit",
                "fields": [{**field, "properties": {}} for field in FIELDS],
            },
            "answers": list(answers),
            **more,
        },
    }


def signed(body: bytes) -> Delivery:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    signature = "sha256=" + base64.b64encode(digest).decode()
    return Delivery(body, {"Typeform-Signature": signature, "Content-Type": "application/json"})


class FakeTypeform(FakeCaller):
    name: ClassVar[str] = "typeform"
    secrets: ClassVar = (SECRET,)
    authors: ClassVar = ("Laura", "laura@example.com")

    def __init__(self) -> None:
        self.events = [
            event(
                number,
                answered("first_name", "text", "Laura"),
                answered("mail", "email", "laura@example.com"),
                answered("best", "text", sentence(number)),
                answered("nps", "number", number % 11),
            )
            for number in range(4)
        ]
        self.events.append(event(9, answered("nps", "number", 9)))
        token = "a3a12ec67a1365927098a606107f{:04d}".format
        self.texts = {f"{token(number)}:DlXFaesGBpoF": sentence(number) for number in range(4)}
        self.texts[token(9)] = ""

    def settings(self, url: str) -> dict[str, Any]:
        return {"webhook_secret": SECRET}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [signed(json.dumps(form_event).encode()) for form_event in self.events]

    def malformed(self, at: datetime) -> Delivery:
        return signed(b'{"event_type": "form_response", "form_response": []}')
