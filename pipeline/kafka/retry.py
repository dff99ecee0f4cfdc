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

_LONGEST_WAIT_S: Final = 10.0

T = TypeVar("T")

log = structlog.get_logger("worker")


async def insist(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat an attempt, with capped and jittered waits, while it raises ``TransientError``."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(multiplier=0.2, max=_LONGEST_WAIT_S),
        before_sleep=_say_waiting,
        reraise=True,
    )

    async def one() -> T:  # tenacity awaits coroutine functions only, not lambdas around one
        return await attempt()

    return await retrying(one)


def _say_waiting(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("waiting", reason=str(error), attempt=state.attempt_number)
