"""Retries while a server is unavailable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from pipeline.failures import TransientError

_MAX_WAIT_S: Final = 10.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def retry_until_available(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat an attempt, with capped and jittered waits, while it raises ``TransientError``."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(multiplier=0.2, max=_MAX_WAIT_S),
        before_sleep=_log_retry,
        reraise=True,
    )

    async def call() -> T:  # tenacity awaits coroutine functions only, not lambdas around one
        return await attempt()

    return await retrying(call)


def _log_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("attempt_failed", reason=str(error), attempt=state.attempt_number)
