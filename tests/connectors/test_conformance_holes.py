"""The conformance suite fails for connectors that lose what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson
import pytest

from connectors.reviews.trustpilot import Trustpilot
from connectors.sdk import Page, unix_ms
from tests.connectors import test_conformance as suite
from tests.support import fakes
from tests.support.fake_service import FakeService
from tests.support.services.trustpilot import FakeTrustpilot


class NeverNew(Trustpilot):
    """Reads everything once, and nothing after that."""

    capabilities = frozenset()

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        if cursor is None or "page" in orjson.loads(cursor):
            yield from super().fetch(cursor)


class KnowsUpToNow(Trustpilot):
    """Takes everything until the end of a run for known, and not only what it has read."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(cursor):
            state = orjson.loads(page.cursor)
            if "page" not in state:
                state["known"] = [unix_ms(self.context.now()), []]
            yield Page(page.items, orjson.dumps(state).decode())


class ForgetsInterruption(Trustpilot):
    """Takes what was new when an interrupted run resumed for read."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        state = orjson.loads(cursor) if cursor else {}
        if "page" in state:
            state["newest"] = [unix_ms(self.context.now()), []]
        yield from super().fetch(orjson.dumps(state).decode() if state else None)


def test_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    check(monkeypatch, NeverNew, suite.test_the_next_run_brings_what_was_added_and_nothing_else)


def test_between_two_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def behind_the_first_page(fake: FakeService) -> None:
        suite.test_misses_nothing_that_is_added_behind_a_page_of_a_run(fake, 0)

    check(monkeypatch, KnowsUpToNow, behind_the_first_page)


def test_while_a_run_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def behind_the_first_page(fake: FakeService) -> None:
        suite.test_misses_nothing_that_is_added_while_a_run_is_interrupted(fake, 1)

    check(monkeypatch, ForgetsInterruption, behind_the_first_page)


def check(
    monkeypatch: pytest.MonkeyPatch,
    broken: type[Trustpilot],
    suite_test: Callable[[FakeService], None],
) -> None:
    """The suite's test passes for the connector, and fails once it is broken.

    So do not the tests that bring nothing new: they were all that there was.
    """
    suite_test(FakeTrustpilot())
    for module in (fakes, suite):
        monkeypatch.setattr(module, "sources", lambda: {"trustpilot": broken})
    suite.test_a_second_run_brings_nothing_again(FakeTrustpilot())
    suite.test_goes_on_from_every_cursor_and_misses_nothing(FakeTrustpilot())
    with pytest.raises(AssertionError):
        suite_test(FakeTrustpilot())
