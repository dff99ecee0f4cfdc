"""Every private name of Faust and aiokafka that the project overrides or reads, with its signature.

A release of either that changes one fails here, before it is noticed in production.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.producer.sender import Sender
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from pipeline.streams.record_batches import BatchConsumer, CommittedConsumerThread

ROOT = Path(__file__).parents[3]

METHODS = {
    (Consumer, "_new_consumer_thread"): ["self"],
    (Consumer, "_to_message"): ["self", "tp", "record"],
    (Consumer, "_wait_next_records"): ["self", "timeout"],
    (Consumer, "_get_active_partitions"): ["self"],
    (Consumer, "_new_offset"): ["self", "tp"],
    (Consumer, "_add_gap"): ["self", "tp", "offset_from", "offset_to"],
    (Consumer, "ack"): ["self", "message"],
    (Consumer, "on_buffer_full"): ["self", "tp"],
    (Consumer, "on_buffer_drop"): ["self", "tp"],
    (AIOKafkaConsumerThread, "_create_consumer"): ["self", "loop"],
    (AIOKafkaClient, "force_metadata_update"): ["self"],
    (Sender, "close"): ["self"],
    (AIOKafkaProducer, "send_batch"): ["self", "batch", "topic", "partition"],
}
"""Overridden or called, with the names of their parameters."""

ATTRIBUTES = {
    (Consumer, "_unacked_messages"),
    (Consumer, "_buffered_partitions"),
    (Consumer, "_acked"),
    (Consumer, "_acked_index"),
    (AIOKafkaConsumer, "_isolation_level"),
    (AIOKafkaConsumer, "_client"),
    (AIOKafkaProducer, "_sender"),
}
"""Read or set, and assigned by the library itself."""

NAMED_TUPLE = {"_asdict", "_fields", "_make", "_replace"}
"""Documented methods, whose underscore only keeps them apart from fields."""

MODULES = sorted(
    path
    for room in ("pipeline/kafka", "pipeline/streams", "pipeline/notify", "pipeline/watch")
    for path in (ROOT / room).rglob("*.py")
)


@pytest.mark.parametrize(("method", "parameters"), METHODS.items(), ids=str)
def test_a_method_has_the_parameters_that_are_passed(
    method: tuple[type, str], parameters: list[str]
) -> None:
    owner, name = method
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(("owner", "name"), sorted(ATTRIBUTES, key=str), ids=str)
def test_an_attribute_is_assigned_by_the_library(owner: type, name: str) -> None:
    sources = [inspect.getsource(base) for base in owner.__mro__ if base is not object]
    assert any(f"self.{name} =" in source or f"self.{name}:" in source for source in sources)


@pytest.mark.parametrize("ours", [BatchConsumer, CommittedConsumerThread])
def test_every_override_of_a_private_name_is_listed(ours: type) -> None:
    bases = [base for base in ours.__mro__[1:] if base is not object]
    overridden = {
        name
        for name in vars(ours)
        if not name.startswith("__") and any(name in vars(base) for base in bases)
    }
    names = {name for _, name in METHODS}
    assert {name for name in overridden if callable(getattr(ours, name))} <= names


def test_every_private_name_of_a_foreign_object_is_listed() -> None:
    documented = NAMED_TUPLE | {name for _, name in (*METHODS, *ATTRIBUTES)}
    offences = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in MODULES
        for line, name in _foreign_private_names(ast.parse(path.read_text(encoding="utf-8")))
        if name not in documented
    ]
    assert offences == []


def _foreign_private_names(module: ast.Module) -> list[tuple[int, str]]:
    """Private attributes that are read of another object, and that the module does not define."""
    nodes = list(ast.walk(module))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own |= {node.attr for node in attributes if ast.unparse(node.value) == "self"}
    return [
        (node.lineno, node.attr)
        for node in attributes
        if node.attr.startswith("_") and not node.attr.startswith("__") and node.attr not in own
    ]
