"""Somebody who submits a form's answers as JSON, signed with the form's token."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson

from tests.support.fake_service import Delivery, FakeCaller, sentence

TOKEN = "form-token-never-to-be-seen"  # noqa: S105


def signed(body: bytes, token: str = TOKEN) -> Delivery:
    mac = hmac.digest(token.encode(), body, "sha256").hex()
    return Delivery(
        body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={mac}"}
    )


class FakeForm(FakeCaller):
    name: ClassVar[str] = "form"
    secrets = (TOKEN,)

    def __init__(self) -> None:
        self.texts = {f"test/submission-{number}": sentence(number) for number in range(4)}

    def settings(self, url: str) -> dict[str, Any]:
        return {"api_token": TOKEN, "score": "fft", "sites": ["Eastgate"], "places": ["portal"]}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [
            signed(
                orjson.dumps(
                    {
                        "submission_id": f"submission-{number}",
                        "text": sentence(number),
                        "score": 1 + number,
                        "site": "Eastgate",
                        "place": "portal",
                        "language": "en-GB",
                        "created_at": at - timedelta(hours=number),
                    }
                )
            )
            for number in range(4)
        ]

    def malformed(self, at: datetime) -> Delivery:
        return signed(b'{"text": ')
