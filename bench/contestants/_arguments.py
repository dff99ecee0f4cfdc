"""What every contestant is told, where the engines are, and what all index alike."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any, Final

from pipeline.index.sink import bulk_operation
from pipeline.settings import Settings
from schemas.kafka_topics import RAW

BATCH: Final = 1_000
"""Records that a contestant in batches takes at once."""

RAW_NAMES: Final = tuple(topic.name for topic in RAW.values())


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings with the addresses given."""
    return Settings().model_copy(
        update={
            "kafka_bootstrap_servers": arguments.kafka,
            "elasticsearch_url": arguments.elasticsearch,
        }
    )


def parser() -> argparse.ArgumentParser:
    """The arguments that all have."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kafka", required=True)
    arguments.add_argument("--elasticsearch", required=True)
    return arguments


def settings() -> Settings:
    """The settings of a contestant that takes no other arguments."""
    return settings_of(parser().parse_args())


def bulk_operations(payloads: Iterable[bytes]) -> list[Any]:
    """The lines of a bulk request; the client takes bytes, though its types do not say so."""
    return [bulk_operation(payload) for payload in payloads]
