"""What tests of connectors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sdk import http
from tests.support.fakes import OPEN


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between attempts are short, except where a service names one."""
    monkeypatch.setattr(http, "_backoff", lambda state: 0.01)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Sources that a test built are closed after it."""
    yield
    while OPEN:
        OPEN.pop().close()
