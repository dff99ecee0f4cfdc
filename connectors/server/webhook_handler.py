"""From a request to records and dead letters on Kafka, or to a problem."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog
from starlette.requests import Request

from connectors.runtime.parsing import ParsedItem, parse_item, record_message, refusal_message
from connectors.runtime.ports import RequestPublisher
from connectors.runtime.run_stats import RunStats, TimeRange
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Fatal, Rejected, Retry
from connectors.sdk.source import Webhook, WebhookRequest
from connectors.server.coverage_reporter import CoverageReporter
from connectors.server.limits import (
    ClientIdentifier,
    MemoryBudget,
    Network,
    RateLimiter,
    read_body,
)
from connectors.server.problems import HTTPProblem, problem_from_source_error
from connectors.server.request_log import RequestLog
from schemas.message import Message

_LOOKUP_TIMEOUT_S: Final = 25.0  # services hang up after 30 s at the latest
_FORM_BURST: Final = 30
_SHARES: Final = 16
"""A client's bodies to one source have one of so many parts of the memory while they are read."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Limits of the server."""

    max_bytes: int = 1_000_000
    """Largest body of a request."""
    rate: float = 500.0
    """Signed requests per second from one address to one instance; twice as many at once."""
    form_rate: float = 1.0
    """Unsigned submissions per second from one address to one form; 30 at once."""
    max_pending_bytes: int = 64_000_000
    """Memory for requests that are being processed."""
    trusted_proxies: Sequence[Network] = ()
    """Proxies whose X-Forwarded-For is believed."""


class Receipt(NamedTuple):
    """Numbers of messages that Kafka has acknowledged for one request."""

    records: int
    dead_letters: int


class WebhookHandler:
    """Takes every request through its steps: limit, read, verify, parse, publish, count."""

    def __init__(
        self,
        sources: Sequence[Webhook],
        publisher: RequestPublisher,
        coverage: CoverageReporter,
        config: ServeConfig,
    ) -> None:
        self.sources: Mapping[tuple[str, str], Webhook] = {
            (source.name, source.context.instance): source for source in sources
        }
        self.publisher = publisher
        self.request_log = RequestLog()
        self.coverage = coverage
        self._config = config
        share = max(config.max_pending_bytes // _SHARES, 2 * config.max_bytes)
        self._budget = MemoryBudget(config.max_pending_bytes, share)
        self._clients = ClientIdentifier(config.trusted_proxies)
        self._rate = RateLimiter(config.rate, max(1.0, 2 * config.rate))
        self._form_rate = RateLimiter(config.form_rate, _FORM_BURST)
        # A source that makes requests has its own HTTP client, which is not thread-safe.
        self._threads = {
            key: ThreadPoolExecutor(
                1, thread_name_prefix=f"{source.name}.{source.context.instance}"
            )
            for key, source in self.sources.items()
            if source.makes_requests
        }

    def close(self) -> None:
        """Shut down the sources' threads without waiting for requests in flight."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    def check_rate(self, request: Request, source: Webhook, *, signed: bool) -> None:
        """Count a request against its client's rate; raise ``HTTPProblem`` (429)."""
        rate = self._rate if signed else self._form_rate
        client = self._clients.identify(request.scope)
        rate.acquire((client, source.name, source.context.instance))

    async def handle(
        self,
        request: Request,
        source: Webhook,
        parse: Callable[[bytes], Sequence[Item]] | None = None,
        *,
        path_secret: str | None = None,
    ) -> Receipt:
        """Return once Kafka has acknowledged all items of the request; raise ``HTTPProblem``.

        ``parse`` replaces the source's own verification and parsing of the body.
        """
        client = self._clients.identify(request.scope)
        with self._budget.reserve((client, source.name, source.context.instance)) as reservation:
            body = await read_body(request, reservation, self._config.max_bytes)
            if parse is not None:
                items = parse(body)
            else:
                headers = dict(request.headers)
                items = await self._accept(
                    source, WebhookRequest(body, headers, path_secret, datetime.now(UTC))
                )
            messages, stats, time_range = build_messages(source, items)
            await self._publish(messages)
        receipt = Receipt(len(messages) - stats.dead_lettered, stats.dead_lettered)
        self.request_log.add_accepted(source, *receipt)
        self.request_log.add_left_out(source, stats.left_out.total())
        self.request_log.add_empty_answers(source, stats.empty_answers)
        self.coverage.add(source, stats, time_range)
        if receipt.dead_letters:
            log.error(
                "record_dead_lettered",
                instance=f"{source.name}.{source.context.instance}",
                records=receipt.dead_letters,
                reason="; ".join(list(stats.reasons)[:3]),
            )
        return receipt

    async def _publish(self, messages: Sequence[Message]) -> None:
        try:
            await self.publisher.publish(messages)
        except Retry as error:
            raise HTTPProblem(503, str(error), wait=error.wait) from None

    async def _accept(self, source: Webhook, webhook_request: WebhookRequest) -> Sequence[Item]:
        try:
            thread = self._threads.get((source.name, source.context.instance))
            if thread is None:
                return source.handle(webhook_request)
            lookup = asyncio.get_running_loop().run_in_executor(
                thread, source.handle, webhook_request
            )
            async with asyncio.timeout(_LOOKUP_TIMEOUT_S):
                return await lookup
        except (Rejected, Retry, Fatal) as error:
            if isinstance(error, Retry | Fatal):
                log.error("webhook_lookup_failed", source=source.name, error=type(error).__name__)
            raise problem_from_source_error(error) from None
        except TimeoutError:
            raise problem_from_source_error(Retry("")) from None


def build_messages(
    source: Webhook, items: Sequence[Item]
) -> tuple[list[Message], RunStats, TimeRange]:
    """Return one message per item that is not skipped, the counts, and the time range."""
    messages: list[Message] = []
    stats, time_range = RunStats(), TimeRange()
    for item in items:
        parsed = parse_item(source, item, stats)
        if isinstance(parsed, ParsedItem):
            time_range.add(parsed.record.created_at)
            messages.append(record_message(parsed))
        elif isinstance(parsed, BadRecord):
            messages.append(refusal_message(source.name, item, parsed))
    return messages, stats, time_range
