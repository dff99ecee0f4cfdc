"""Zendesk's webhooks and incremental ticket export, as developer.zendesk.com documents them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import Delivery, FakeCaller, FakeService, moment, sentence

SECRET = "zd-signing-secret-4711"  # noqa: S105 - made up
TOKEN = "zd-token-0815"  # noqa: S105 - made up
PER_PAGE = 10
_BASIC = base64.b64encode(f"it@example.org/token:{TOKEN}".encode()).decode()


def iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def ticket(number: int, score: str = "offered", comment: str | None = None) -> dict[str, Any]:
    return {
        "id": 35_000 + number,
        "subject": f"Visit {number}",
        "description": sentence(number),
        "created_at": iso(moment(number)),
        "updated_at": iso(moment(number) + timedelta(minutes=1)),
        "generated_timestamp": int(moment(number).timestamp()) + 60,
        "status": "open",
        "requester_id": 20_978_392,
        "group_id": 98_738,
        "via": {"channel": "web"},
        "custom_fields": [],
        "satisfaction_rating": {"score": score, "comment": comment, "id": number},
    }


def settings(url: str) -> dict[str, Any]:
    return {
        "subdomain": "northern",
        "email": "it@example.org",
        "api_token": TOKEN,
        "webhook_secret": SECRET,
        "per_minute": 60_000,
        "base_url": url,
    }


class FakeZendesk(FakeService):
    name: ClassVar[str] = "zendesk"
    shows_late: ClassVar = False
    secrets: ClassVar = (SECRET, TOKEN)

    def __init__(self) -> None:
        self.tickets = [ticket(number) for number in range(33)]
        self.tickets.append(ticket(33, "good", "They called me back within the hour."))
        self.tickets.append(ticket(34, "bad"))
        self.texts = {
            str(entry["id"]): f"{entry['subject']}\n{entry['description']}"
            for entry in self.tickets
        }
        self.texts |= {"35033:rating": "They called me back within the hour.", "35034:rating": ""}

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/api/v2/incremental/tickets/cursor.json", self._export)])

    def settings(self, url: str) -> dict[str, Any]:
        return settings(url)

    async def _export(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Basic {_BASIC}":
            return JSONResponse({"error": "Couldn't authenticate you"}, 401)
        ordered = sorted(
            self.tickets, key=lambda entry: (entry["generated_timestamp"], entry["id"])
        )
        cursor = request.query_params.get("cursor")
        if cursor:
            seen = tuple(json.loads(base64.urlsafe_b64decode(cursor)))
        else:
            seen = (int(request.query_params["start_time"]) - 1, 0)
        later = [entry for entry in ordered if (entry["generated_timestamp"], entry["id"]) > seen]
        page = later[:PER_PAGE]
        if page:
            seen = (page[-1]["generated_timestamp"], page[-1]["id"])
        after = base64.urlsafe_b64encode(json.dumps(seen).encode()).decode()
        return JSONResponse(
            {
                "tickets": page,
                "after_cursor": after,
                "after_url": f"https://northern.zendesk.com{request.url.path}?cursor={after}",
                "before_cursor": None,
                "end_of_stream": len(later) <= PER_PAGE,
            }
        )

    def _touch(self, entry: dict[str, Any], number: int) -> None:
        entry["updated_at"] = iso(moment(number))
        entry["generated_timestamp"] = int(moment(number).timestamp())

    def add(self) -> None:
        added = ticket(self.next_number())
        self.tickets.append(added)
        self.texts[str(added["id"])] = f"{added['subject']}\n{added['description']}"

    def edit(self) -> None:
        entry = self.tickets[20]
        entry["satisfaction_rating"] = {"score": "bad", "comment": "Nobody called.", "id": 20}
        self._touch(entry, 40)
        self.texts["35020:rating"] = "Nobody called."

    def delete(self) -> None:
        entry = self.tickets[33]
        entry |= {"status": "deleted", "description": "SCRUBBED", "subject": "SCRUBBED"}
        self._touch(entry, 41)
        del self.texts["35033"], self.texts["35033:rating"]


def signed(body: bytes, at: datetime) -> Delivery:
    timestamp = iso(at)
    digest = hmac.new(SECRET.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return Delivery(
        body,
        {
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
            "X-Zendesk-Webhook-Id": "01F1KRFQ6BG29CNWFR60NK5FNY",
        },
    )


def event(kind: str, number: int, **detail: Any) -> dict[str, Any]:
    entry = ticket(number)
    kept = ("subject", "description", "created_at", "updated_at", "via")
    return {
        "type": f"zen:event-type:ticket.{kind}",
        "account_id": 22_129_848,
        "id": f"2b24ef10-{number}",
        "time": entry["updated_at"],
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{entry['id']}",
        "detail": {
            **{name: entry[name] for name in kept},
            "id": str(entry["id"]),
            "requester_id": "20978392",
            "group_id": "98738",
            "status": "NEW",
            **detail,
        },
        "event": {},
    }


def rated(number: int, rating: str, comment: str) -> dict[str, Any]:
    """Payloads of the triggers that the connector's documentation asks for."""
    at = (moment(number) + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%MZ")
    payload = {"ticket_id": str(35_000 + number), "rating": rating, "comment": comment}
    return {**payload, "updated_at": at}


class FakeZendeskWebhooks(FakeCaller):
    name: ClassVar[str] = "zendesk"
    secrets: ClassVar = (SECRET, TOKEN)

    def __init__(self) -> None:
        self.events = [
            *(event("created", number) for number in range(3)),
            event("status_changed", 1),
            rated(1, "good", '"Sorted out at once."'),
            event("soft_deleted", 2, updated_at=iso(moment(3))),
        ]
        self.texts = {
            "35000": f"Visit 0\n{sentence(0)}",
            "35001": f"Visit 1\n{sentence(1)}",
            "35001:rating": "Sorted out at once.",
        }

    def settings(self, url: str) -> dict[str, Any]:
        return settings(url)

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [signed(json.dumps(entry).encode(), at) for entry in self.events]

    def malformed(self, at: datetime) -> Delivery:
        return signed(b'{"type": 7}', at)

    def stale(self, at: datetime) -> Delivery:
        return signed(json.dumps(self.events[0]).encode(), at - timedelta(minutes=6))
