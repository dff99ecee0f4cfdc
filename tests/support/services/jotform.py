"""Jotform's webhooks: a form of several parts, whose rawRequest holds the answers as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from tests.support.fake_service import Delivery, FakeCaller, moment, sentence

SECRET = "jf-path-secret-4711"  # noqa: S105 - made up
BOUNDARY = "------------------------CjIexjxdCcNhzczUt4wo08"


def parts(fields: dict[str, str]) -> bytes:
    lines = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*lines, f"--{BOUNDARY}--\r\n"]).encode()


def delivery(number: int, raw: dict[str, Any], at: datetime | None = None) -> Delivery:
    ms = int((at or moment(number)).timestamp() * 1000)
    payload = {
        "slug": "submit/252725624662359",
        "submitSource": "form",
        "submitDate": str(ms),
        "buildDate": "1767092416391",
        **raw,
        "event_id": f"{ms - 60_000}_252725624662359_IMXUbBN",
        "path": "/submit/252725624662359",
    }
    return sent(
        {
            "action": "",
            "formID": "252725624662359",
            "submissionID": f"61234567890123{number:05d}",
            "formTitle": "After your visit",
            "pretty": "Full name:Jo Bloggs, E-mail:jo@example.com",
            "ip": "192.0.2.7",
            "username": "northern",
            "rawRequest": json.dumps(payload),
        }
    )


def sent(fields: dict[str, str]) -> Delivery:
    content = f"multipart/form-data; boundary={BOUNDARY}"
    return Delivery(parts(fields), {"Content-Type": content}, SECRET)


class FakeJotform(FakeCaller):
    name: ClassVar[str] = "jotform"
    secrets: ClassVar = (SECRET,)

    def __init__(self) -> None:
        self.texts = {f"61234567890123{number:05d}:q5": sentence(number) for number in range(4)}

    def settings(self, url: str) -> dict[str, Any]:
        return {"path_secret": SECRET, "comments": ["improve"], "scores": {"q6": "nps"}}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [
            delivery(
                number,
                {
                    "q3_fullName": {"first": "Jo", "last": "Bloggs"},
                    "q4_email": "jo@example.com",
                    "q5_improve": sentence(number),
                    "q6_recommend": str(number + 5),
                },
                at=moment(number),
            )
            for number in range(4)
        ]

    def malformed(self, at: datetime) -> Delivery:
        return sent({"formID": "252725624662359", "rawRequest": "[]"})
