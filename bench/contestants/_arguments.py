"""Arguments common to all contestants."""

from __future__ import annotations

import argparse
from typing import Final

from pipeline.settings import Settings
from schemas.kafka_topics import RAW

BATCH: Final = 1_000
"""Records that a contestant in batches takes at once."""

RAW_NAMES: Final = tuple(topic.name for topic in RAW.values())


def to_settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings with the addresses of the arguments."""
    return Settings().model_copy(
        update={
            "kafka_bootstrap_servers": arguments.kafka,
            "elasticsearch_url": arguments.elasticsearch,
        }
    )


def parser() -> argparse.ArgumentParser:
    """Return a parser of the common arguments."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kafka", required=True)
    arguments.add_argument("--elasticsearch", required=True)
    return arguments


def settings() -> Settings:
    """Return the settings of a contestant without further arguments."""
    return to_settings(parser().parse_args())
