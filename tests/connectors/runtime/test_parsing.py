"""From an item to its message: what a connector does not foresee costs the item, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.runtime.parsing import parse_item, refusal_message
from connectors.runtime.run_stats import RunStats
from connectors.sdk import BadRecord, Item, Retry
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback

NOW = datetime(2026, 5, 3, tzinfo=UTC)


class Broken:
    name = "broken"
    handles_empty_answers = False

    def parse(self, item: Item) -> Feedback:
        raise item.data


def parse(data: Any) -> tuple[object, RunStats]:
    stats = RunStats()
    return parse_item(Broken(), Item(data, "broken/x:1", b"{}", NOW), stats), stats


@pytest.mark.parametrize("error", [KeyError("Jo Bloggs"), RecursionError("Jo"), ValueError("Jo")])
def test_a_fault_of_a_connector_is_a_dead_letter_that_quotes_nothing(error: Exception) -> None:
    refusal, stats = parse(error)
    assert isinstance(refusal, BadRecord)
    assert refusal.reason == f"parsing broken: {type(error).__name__}"
    assert (stats.read, stats.dead_lettered) == (1, 1)


def test_a_failure_of_the_source_is_none_of_the_item() -> None:
    with pytest.raises(Retry):
        parse(Retry("busy"))


@pytest.mark.parametrize("data", ["half a pair \ud800", object(), {"a": {1, 2}}])
def test_an_item_that_is_not_json_has_a_dead_letter_too(data: Any) -> None:
    message = refusal_message("broken", Item(data, "1", None, NOW), BadRecord("no"))
    assert DeadLetter.from_payload(message.value).reason == "no"


@pytest.mark.parametrize("levels", [200, 300, 900])
def test_an_item_that_is_nested_deep_becomes_a_dead_letter_too(levels: int) -> None:
    data: dict[str, Any] = {"id": "1"}
    data["answers"] = orjson.loads("[" * levels + "1" + "]" * levels)
    item = Item(data, "tally/ward:1", None, datetime(2026, 11, 20, tzinfo=UTC))
    message = refusal_message("tally", item, BadRecord("parsing tally: no text"))
    assert DeadLetter.from_payload(message.value).origin == "tally/ward:1"
