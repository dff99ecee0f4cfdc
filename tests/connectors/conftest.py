"""Fixtures shared by the tests of connectors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fakes import OPEN, WAITS


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Sources that a test built are closed after it; they record their waits in ``WAITS``."""
    WAITS.clear()
    yield
    while OPEN:
        OPEN.pop().close()
