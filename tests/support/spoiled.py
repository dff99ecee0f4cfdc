"""Items as a service would never send them: one field each holds what it must not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

CANARY: Final = "zq-canary-4711"
"""A value that no fake holds: a message that holds it quotes the item."""


def spoiled(data: Any) -> Iterator[Any]:
    """Yield copies of JSON data, each with one field or element replaced at any depth."""
    yield CANARY
    yield [CANARY]
    if isinstance(data, dict | list):
        pairs = [*data.items()] if isinstance(data, dict) else [*enumerate(data)]
        for key, value in pairs:
            for other in spoiled(value):
                copy = data.copy()
                copy[key] = other
                yield copy
