"""A flow that posts each submission as JSON of its own shape, and signs it."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any, ClassVar

from tests.support.fake_service import Delivery, FakeCaller, moment, sentence

TOKEN = "flow-token-never-to-be-seen"  # noqa: S105 - made up


def submission(number: int, **answers: Any) -> dict[str, Any]:
    return {
        "responseId": 700 + number,
        "submitDate": moment(number).isoformat(),
        "responder": "sam.field@mail.example",
        "answers": {"improve": sentence(number), "recommend": number % 11, **answers},
        "ward": ["Maternity"],
    }


def sent(document: Any, key: str = TOKEN) -> Delivery:
    body = json.dumps(document).encode()
    mac = hmac.digest(key.encode(), body, "sha256").hex()
    headers = {"X-Hub-Signature-256": f"sha256={mac}", "Content-Type": "application/json"}
    return Delivery(body, headers)


class FakeMappedWebhook(FakeCaller):
    name: ClassVar[str] = "mapped_webhook"
    secrets: ClassVar = (TOKEN,)
    authors: ClassVar = ("sam.field@mail.example",)

    def __init__(self) -> None:
        self.texts = {f"{700 + number}:improve": sentence(number) for number in range(5)}

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "secret": TOKEN,
            "id": "/responseId",
            "created_at": "/submitDate",
            "respondent": "/responder",
            "fields": {
                "improve": "/answers/improve",
                "recommend": "/answers/recommend",
                "ward": "/ward",
            },
            "questions": {"improve": "What could we do better?"},
            "scores": {"recommend": "nps"},
            "service_field": "ward",
        }

    def deliveries(self, at: datetime) -> list[Delivery]:
        single = [sent(submission(number)) for number in range(3)]
        return [*single, sent([submission(3), submission(4)])]

    def malformed(self, at: datetime) -> Delivery:
        return sent(["no submission"])
