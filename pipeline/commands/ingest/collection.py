"""Frequency of garbage collection while a file is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 50)
"""A page makes tens of thousands of objects and no cycles: by default the collector would run
hundreds of times per page, a tenth of the time."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let the garbage collector run rarely until the block ends."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
