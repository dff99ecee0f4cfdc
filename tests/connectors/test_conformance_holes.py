"""The conformance suite fails for connectors that break what it promises to check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import pytest

from connectors.reviews.trustpilot import Trustpilot
from connectors.sdk import BadRecord, Capability, Fatal, Item, Page, Retry, unix_ms
from schemas.feedback import Feedback
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
            state["forgotten"] = unix_ms(self.context.now())
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


class StopsAfterSomeRuns(Trustpilot):
    """Finds nothing from the fourth run on."""

    runs = 0

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        type(self).runs += 1
        if self.runs <= 3:
            yield from super().fetch(cursor)
        else:
            yield Page([], cursor or "")


class LogsItsKey(Trustpilot):
    """Has the API key in the message of every error."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        key = self.config.api_key.get_secret_value()
        try:
            yield from super().fetch(cursor)
        except Retry as error:
            raise Retry(f"{error} {key}") from None
        except Fatal as error:
            raise Fatal(f"{error} {key}") from None


class NamesAuthorsInOrigins(Trustpilot):
    def _item(self, review: Any) -> Item:
        return self.item(review, origin=f"{review['id']} {review['consumer']['displayName']}")


class TextsInOrigins(Trustpilot):
    def _item(self, review: Any) -> Item:
        return self.item(review, origin=f"{review['title']}\n{review['text']}")


class ChangesRecords(Trustpilot):
    """Parses as it should, and changes the record."""

    def parse(self, item: Item) -> Feedback:
        record = super().parse(item)
        return record.model_copy(update=self.update(item, record))

    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        raise NotImplementedError


class KeepsAuthors(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"attributes": {"reviewer": item.data["consumer"]["displayName"]}}


class KeepsTexts(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"attributes": {"comment": record.text}}


class PublishesItsKey(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"url": f"{record.url}?apikey={self.config.api_key.get_secret_value()}"}


class AsksItsClock(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"attributes": {"read": self.context.now().isoformat()}}


class AsksTheClock(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"attributes": {"read": datetime.now(UTC).date().isoformat()}}


class AsksTheTime(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"revision": int(time.time())}


class RevisesWhenCollected(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"revision": unix_ms(item.collected_at)}


class NeverRevises(ChangesRecords):
    def update(self, item: Item, record: Feedback) -> dict[str, Any]:
        return {"revision": unix_ms(record.created_at)}


class QuotesBadItems(Trustpilot):
    def parse(self, item: Item) -> Feedback:
        try:
            return super().parse(item)
        except BadRecord as error:
            raise BadRecord(f"{error.reason} in {item.data}") from None


class EndsWithTheService(Trustpilot):
    """Takes a service that fails behind the first page for the end of the list."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        pages = super().fetch(cursor)
        yield next(pages)
        with suppress(Retry):
            yield from pages


class NothingWhenBusy(Trustpilot):
    """Takes a service that is too busy for one that has nothing."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        with suppress(Retry):
            yield from super().fetch(cursor)


class ParsesAsItReads(Trustpilot):
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(cursor):
            for item in page.items:
                self.parse(item)
            yield page


class LosesBadItems(Trustpilot):
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(cursor):
            with suppress(BadRecord):
                for item in page.items:
                    self.parse(item)
                yield page


class EndsAtOddItems(Trustpilot):
    """Expects every review to have an author."""

    def _item(self, review: Any) -> Item:
        review["consumer"]["id"]
        return super()._item(review)


class LosesOddPages(Trustpilot):
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(cursor):
            odd = any("id" not in item.data for item in page.items)
            yield Page([] if odd else page.items, page.cursor)


class LeavesTheRestForLater(Trustpilot):
    """Reads one page only once something is known, as if an old review on top were the end."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(cursor):
            yield page
            if cursor is not None:
                return


class NeverEnds(Trustpilot):
    """Begins again when it has arrived, and says that this is news."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for number in count():
            for page in super().fetch(cursor):
                yield Page(page.items, f"{page.cursor} {number}")


class HidesEdits(Trustpilot):
    capabilities = frozenset()


class PromisesDeletes(Trustpilot):
    capabilities = frozenset({*Trustpilot.capabilities, Capability.DELETES})


def unavailable(fake: FakeService) -> None:
    suite.test_an_unavailable_service_is_tried_again_later(fake, "500")


def busy(fake: FakeService) -> None:
    suite.test_an_unavailable_service_is_tried_again_later(fake, "429")


def unavailable_behind_the_first_page(fake: FakeService) -> None:
    suite.test_a_service_that_fails_behind_the_first_page_is_tried_again_later(fake, "500")


def at_another_time(fake: FakeService) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        suite.test_takes_nothing_from_the_clock(fake, monkeypatch)


BELONGS = suite.test_keeps_secrets_authors_and_texts_where_they_belong
DECLARES = suite.test_declares_what_its_fake_can_do


@pytest.mark.parametrize(
    ("broken", "suite_test"),
    [
        (StopsAfterSomeRuns, suite.test_finds_what_is_new_run_after_run),
        (LogsItsKey, unavailable),
        (LogsItsKey, busy),
        (LogsItsKey, unavailable_behind_the_first_page),
        (LogsItsKey, suite.test_refused_credentials_end_the_run),
        (NamesAuthorsInOrigins, BELONGS),
        (TextsInOrigins, BELONGS),
        (KeepsAuthors, BELONGS),
        (KeepsTexts, BELONGS),
        (PublishesItsKey, BELONGS),
        (QuotesBadItems, suite.test_quotes_nothing_of_an_item_that_cannot_be_understood),
        (AsksItsClock, at_another_time),
        (AsksTheClock, at_another_time),
        (AsksTheTime, at_another_time),
        (RevisesWhenCollected, suite.test_reads_the_same_records_at_another_time),
        (NeverRevises, suite.test_brings_edits_and_deletes),
        (EndsWithTheService, unavailable_behind_the_first_page),
        (NothingWhenBusy, busy),
        (ParsesAsItReads, suite.test_reads_without_parsing),
        (LosesBadItems, suite.test_reads_without_parsing),
        (EndsAtOddItems, suite.test_an_item_that_cannot_be_understood_does_not_end_its_page),
        (LosesOddPages, suite.test_an_item_that_cannot_be_understood_does_not_end_its_page),
        (KnowsUpToNow, suite.test_brings_what_is_shown_late_below_what_is_known),
        (LeavesTheRestForLater, suite.test_an_old_item_on_top_hides_nothing),
        (NeverEnds, suite.test_pages_without_end_end),
        (EndsWithTheService, suite.test_a_page_that_is_no_list_is_a_failure),
        (HidesEdits, DECLARES),
        (PromisesDeletes, DECLARES),
    ],
)
def test_of_the_rules(
    monkeypatch: pytest.MonkeyPatch,
    broken: type[Trustpilot],
    suite_test: Callable[[FakeService], None],
) -> None:
    suite_test(FakeTrustpilot())
    for module in (fakes, suite):
        monkeypatch.setattr(module, "sources", lambda: {"trustpilot": broken})
    with pytest.raises((AssertionError, BadRecord, KeyError, pytest.fail.Exception)):
        suite_test(FakeTrustpilot())


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
