"""Sends notices to targets: services through apprise, and webhooks."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

import orjson

from pipeline.notify.notice import Notice
from pipeline.notify.outcome import Outcome
from pipeline.notify.routes import Target
from pipeline.notify.services import send_to_service
from pipeline.notify.webhooks import WebhookClient, send_webhook


class Sender:
    """Sends one notice per call; its clients are closed at the end of the context."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._clients: dict[bool, WebhookClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(self, target: Target, notice: Notice) -> Outcome:
        """Send a notice to a target once; failures of the target are outcomes, not errors."""
        settings = target.route.settings
        if target.apprise is not None:
            outcome = await send_to_service(target.apprise, notice, examples=settings.examples)
        else:
            assert settings.webhook is not None  # noqa: S101 - a route has one or the other
            outcome = await send_webhook(
                await self._client(settings.allow_private),
                settings.webhook.get_secret_value(),
                settings.keys,
                notice.notice_id,
                webhook_payload(notice),
                datetime.now(UTC),
            )
        return replace(outcome, destination=target.name)

    async def _client(self, allow_private: bool) -> WebhookClient:
        if allow_private not in self._clients:
            client = WebhookClient(allow_private=allow_private)
            self._clients[allow_private] = await self._stack.enter_async_context(client)
        return self._clients[allow_private]


def webhook_payload(notice: Notice) -> bytes:
    """Return the body of a webhook: type, time of the event, and the record."""
    return orjson.dumps(
        {
            "type": notice.type,
            "timestamp": notice.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": orjson.Fragment(notice.data),
        }
    )
