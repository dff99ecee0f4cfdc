"""The dispatcher's tasks, one per destination: a cancelled one ends, even as it is woken."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.notify.dispatcher import DeliveryDispatcher
from pipeline.settings import KafkaConnection


class EmptyQueue:
    """Has no pending delivery."""

    def next(self, _destination: str) -> None:
        return None


@pytest.mark.parametrize("ticks", range(5))
def test_a_lane_that_is_woken_as_it_is_ended_ends(ticks: int) -> None:
    async def ends() -> bool:
        attempts: Any = SimpleNamespace(queue=EmptyQueue())
        digests: Any = None
        dispatcher = DeliveryDispatcher(
            KafkaConnection("localhost:9"), attempts, digests, lambda _: None
        )
        woken = dispatcher._woken["ivy"] = asyncio.Event()
        lane = asyncio.ensure_future(dispatcher._deliver_loop("ivy"))
        for _ in range(5):
            await asyncio.sleep(0)
        woken.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        lane.cancel()
        ended, _ = await asyncio.wait([lane], timeout=1)
        lane.cancel()
        return bool(ended)

    assert asyncio.run(ends())
