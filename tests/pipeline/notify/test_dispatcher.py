"""The postman's lanes: each ends when it is told to, whatever else happens at that moment."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.notify.dispatcher import Postman


class EmptyBook:
    """Nothing waits."""

    def next(self, _destination: str) -> None:
        return None


@pytest.mark.parametrize("ticks", range(5))
def test_a_lane_that_is_woken_as_it_is_ended_ends(ticks: int) -> None:
    async def ends() -> bool:
        attempts: Any = SimpleNamespace(book=EmptyBook())
        digesting: Any = None
        postman = Postman("localhost:9", attempts, digesting, lambda _: None)
        woken = postman._woken["ivy"] = asyncio.Event()
        lane = asyncio.ensure_future(postman._serve("ivy"))
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
