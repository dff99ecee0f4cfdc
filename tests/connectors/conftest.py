"""What tests of connectors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fakes import OPEN, skip_waits


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connectors do not wait, neither to keep a pace nor before they try again."""
    skip_waits(monkeypatch)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Sources that a test built are closed after it."""
    yield
    while OPEN:
        OPEN.pop().close()
