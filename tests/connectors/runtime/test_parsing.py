"""From an item to its message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.runtime.parsing import refusal_message
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord
from schemas.dead_letter import DeadLetter


@pytest.mark.parametrize("levels", [200, 300, 900])
def test_an_item_that_is_nested_deep_becomes_a_dead_letter_too(levels: int) -> None:
    data: dict[str, Any] = {"id": "1"}
    data["answers"] = orjson.loads("[" * levels + "1" + "]" * levels)
    item = Item(data, "tally/ward:1", None, datetime(2026, 11, 20, tzinfo=UTC))
    message = refusal_message("tally", item, BadRecord("parsing tally: no text"))
    assert DeadLetter.from_payload(message.value).origin == "tally/ward:1"
