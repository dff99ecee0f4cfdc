"""What a request brings becomes records and dead letters on Kafka, or a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from starlette.requests import Request

from connectors.runtime.outbox import Message
from connectors.runtime.run_stats import Tally
from connectors.runtime.runner import Window, dead_letter_of, message_of, understand
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Fatal, Rejected, Retry
from connectors.sdk.source import Webhook, WebhookRequest
from connectors.server.coverage_reporter import Ledger
from connectors.server.limits import Clients, Network, Rate, Room, read_body
from connectors.server.problems import refusal_of
from connectors.server.publisher import Delivery
from connectors.server.request_log import Counts

_ASKING_S: Final = 25.0  # services hang up after 30 s at the latest

log = structlog.get_logger("serve")


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """What the server takes, and how much of it."""

    most_bytes: int = 1_000_000
    """Largest body of a request."""
    rate: float = 500.0
    """Signed requests a second from one address to one instance; twice as many at once."""
    form_rate: float = 1.0
    """Submissions a second that nobody signs, from one address to one form; 30 at once."""
    waiting_bytes: int = 64_000_000
    """Requests under way, in bytes."""
    kafka_within_s: float = 5.0
    """How long Kafka may take to acknowledge."""
    proxies: Sequence[Network] = ()
    """Whose word on the client's address is taken."""


class Intake:
    """The way of every request: found, counted, read, verified, understood, delivered."""

    def __init__(
        self, sources: Sequence[Webhook], delivery: Delivery, ledger: Ledger, config: ServeConfig
    ) -> None:
        self.sources: Mapping[tuple[str, str], Webhook] = {
            (source.name, source.context.instance): source for source in sources
        }
        self.delivery = delivery
        self.counts = Counts()
        self.ledger = ledger
        self._config = config
        self._room = Room(config.waiting_bytes)
        self._clients = Clients(config.proxies)
        self._rate = Rate(config.rate, max(1.0, 2 * config.rate))
        self._form_rate = Rate(config.form_rate, 30)
        # A source that asks back has connections of its own, which one thread uses at a time.
        self._threads = {
            key: ThreadPoolExecutor(
                1, thread_name_prefix=f"{source.name}.{source.context.instance}"
            )
            for key, source in self.sources.items()
            if source.makes_requests
        }

    def close(self) -> None:
        """End the threads; what they do is not waited for."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    def limit(self, request: Request, source: Webhook, *, signed: bool) -> None:
        """Count a request against its client's rate; raises ``Refusal`` (429)."""
        rate = self._rate if signed else self._form_rate
        rate.take((self._clients.of(request.scope), source.name, source.context.instance))

    async def take(
        self,
        request: Request,
        source: Webhook,
        understand: Callable[[bytes], Sequence[Item]] | None = None,
        *,
        path_secret: str | None = None,
    ) -> tuple[int, int]:
        """Read, understand and deliver; how many records and dead letters Kafka has.

        Raises ``Refusal``.
        """
        with self._room.share() as share:
            body = await read_body(request, share, self._config.most_bytes)
            if understand is not None:
                items = understand(body)
            else:
                headers = dict(request.headers)
                items = await self._accept(
                    source, WebhookRequest(body, headers, path_secret, datetime.now(UTC))
                )
            messages, tally, window = messages_of(source, items)
            await self.delivery.publish(messages)
        dead = tally.dead_lettered
        self.counts.add(source, len(messages) - dead, dead)
        self.ledger.add(source, tally, window)
        if dead:
            log.error(
                "dead_lettering", instance=f"{source.name}.{source.context.instance}", records=dead
            )
        return len(messages) - dead, dead

    async def _accept(self, source: Webhook, received: WebhookRequest) -> Sequence[Item]:
        try:
            thread = self._threads.get((source.name, source.context.instance))
            if thread is None:
                return source.handle(received)
            asking = asyncio.get_running_loop().run_in_executor(thread, source.handle, received)
            async with asyncio.timeout(_ASKING_S):
                return await asking
        except (Rejected, Retry, Fatal) as error:
            if isinstance(error, Retry | Fatal):
                log.error("asking_back", source=source.name, error=type(error).__name__)
            raise refusal_of(error) from None
        except TimeoutError:
            raise refusal_of(Retry("")) from None


def messages_of(source: Webhook, items: Sequence[Item]) -> tuple[list[Message], Tally, Window]:
    """A message for each item that is no skip, what became of them all, and their times."""
    messages: list[Message] = []
    tally, window = Tally(), Window()
    for item in items:
        found = understand(source, item, tally)
        if isinstance(found, tuple):
            window.add(found[0].created_at)
            messages.append(message_of(*found))
        elif isinstance(found, BadRecord):
            messages.append(dead_letter_of(source.name, item, found))
    return messages, tally, window
