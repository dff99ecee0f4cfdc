"""Walks from the newest back to what is known: nothing is missed, nothing is brought twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.backward_pagination import BackwardPaginator

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
DAY = 86_400_000

Item = tuple[int, str, str]


def walk_back(
    items: list[Item],
    cursor: str | None,
    *,
    size: int = 3,
    pages: int | None = None,
    **resume: Any,
) -> tuple[list[str], str | None]:
    """Return the items of a walk and its last cursor; it is killed after ``pages``."""
    paginator: BackwardPaginator[str] = BackwardPaginator.resume(cursor, now=NOW, **resume)
    newest_first = sorted(items, reverse=True)
    brought: list[str] = []
    done = 0
    while True:
        number = int(paginator.page or 0)
        part = newest_first[number * size : (number + 1) * size]
        brought += paginator.new_items(part)
        cursor = paginator.advance(str(number + 1) if part else None)
        done += 1
        if paginator.page is None or done == pages:
            return brought, cursor


def make_pages(times: list[int]) -> list[Item]:
    return [(at, f"id{number}", f"item{number}") for number, at in enumerate(times)]


def test_the_first_walk_brings_everything_and_the_next_what_is_new() -> None:
    items = make_pages([1, 2, 3, 4, 5, 6, 7])
    first, cursor = walk_back(items, None)
    assert sorted(first) == sorted(text for _, _, text in items)
    assert walk_back(items, cursor)[0] == []
    more = [*items, (8, "new", "new")]
    assert walk_back(more, cursor)[0] == ["new"]


def test_a_time_of_the_future_hides_nothing() -> None:
    """The newest time tells how far back to look for what is shown late."""
    far = MS + 400 * DAY
    items = [(far, "far", "far"), *make_pages([MS - n * 3_600_000 for n in range(1, 10)])]
    first, cursor = walk_back(items, None)
    assert len(first) == 10
    assert walk_back(items, cursor)[0] == []
    late = [*items, (MS - 8 * 3_600_000 - 1, "late", "late"), (MS - 1, "new", "new")]
    assert sorted(walk_back(late, cursor)[0]) == ["late", "new"]


def test_items_of_the_very_same_moment_are_told_apart() -> None:
    items = make_pages([5, 5, 5, 5])
    _, cursor = walk_back(items, None)
    assert walk_back([*items, (5, "late", "late")], cursor)[0] == ["late"]


@given(
    times=st.lists(st.integers(0, 30), max_size=30),
    later=st.lists(st.integers(31, 60), max_size=10),
    kills=st.lists(st.integers(1, 3), max_size=6),
)
def test_however_often_it_is_killed_nothing_is_missed(
    times: list[int], later: list[int], kills: list[int]
) -> None:
    items, cursor = make_pages(times), None
    brought: set[str] = set()
    for pages in kills:
        found, cursor = walk_back(items, cursor, pages=pages)
        brought.update(found)
    items += [(at, f"later{number}", f"later{number}") for number, at in enumerate(later)]
    for _ in range(2):  # the first may end a walk that began before the later ones came
        found, cursor = walk_back(items, cursor)
        brought.update(found)
    assert brought == {text for _, _, text in items}
    assert walk_back(items, cursor)[0] == []


def test_once_a_day_a_walk_goes_back_further() -> None:
    recheck = timedelta(days=30)
    items = make_pages([MS - 40 * DAY, MS - 20 * DAY, MS - DAY])
    _, cursor = walk_back(items, None, recheck=recheck)
    assert walk_back(items, cursor, recheck=recheck)[0] == []
    assert cursor is not None
    yesterday = cursor.replace(str(MS), str(MS - DAY))
    assert walk_back(items, yesterday, recheck=recheck)[0] == ["item2", "item1"]


def test_what_has_no_time_is_news_once() -> None:
    items = make_pages([MS - DAY, MS])
    _, cursor = walk_back(items, None)
    for native_id in ("x", ""):
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(cursor, now=NOW)
        broken = (None, native_id, {"odd": 7})
        assert paginator.new_items([broken, *items[::-1]]) == [{"odd": 7}]
        again: BackwardPaginator[Any] = BackwardPaginator.resume(paginator.advance(None), now=NOW)
        assert again.new_items([broken, *items[::-1]]) == []


def test_what_is_shown_late_is_brought_even_behind_a_page_that_is_known() -> None:
    items = make_pages([MS - DAY + minute * 60_000 for minute in range(20)])
    _, cursor = walk_back(items, None)
    late = (MS - DAY + 90_000, "late", "late")
    brought, cursor = walk_back([*items, late], cursor)
    assert brought == ["late"]
    assert walk_back([*items, late], cursor)[0] == []


def test_an_old_item_on_top_ends_nothing() -> None:
    first = [(MS - 10 * DAY, "first", "first")]
    _, cursor = walk_back(first, None)
    later = make_pages([MS - DAY + minute for minute in range(7)])
    pinned = (MS - 40 * DAY, "pinned", "pinned")
    paginator: BackwardPaginator[str] = BackwardPaginator.resume(cursor, now=NOW)
    listed = [pinned, *later[::-1], *first]
    brought: list[str] = []
    for start in range(0, 12, 3):
        brought += paginator.new_items(listed[start : start + 3])
        cursor = paginator.advance(str(start))
        if paginator.page is None:
            break
    assert sorted(brought) == sorted(["pinned", *(text for _, _, text in later)])


@pytest.mark.parametrize("empty", [True, False])
def test_pages_without_end_end(empty: bool) -> None:
    paginator: BackwardPaginator[str] = BackwardPaginator.resume(None, now=NOW)
    page = [] if empty else make_pages([1, 2, 3])
    brought: list[str] = []
    for number in range(20):
        brought += paginator.new_items(page)
        paginator.advance(f"token{number}")
        if paginator.page is None:
            break
    assert paginator.page is None and number <= 4
    assert brought == [text for _, _, text in page]


def test_a_short_page_in_the_middle_ends_nothing() -> None:
    paginator: BackwardPaginator[str] = BackwardPaginator.resume(None, now=NOW)
    sizes, brought = [3, 1, 3, 0], 0
    for number, size in enumerate(sizes):
        items = make_pages([100 - 10 * number - place for place in range(size)])
        brought += len(paginator.new_items((at, f"{at}", text) for at, _, text in items))
        paginator.advance(str(number + 1) if items else None)
    assert brought == sum(sizes) and paginator.page is None


def test_what_was_forgotten_counts_as_read() -> None:
    items = make_pages([*range(1, 51)])
    _, cursor = walk_back(items, None, remember=10)
    assert cursor is not None and len(cursor) < 500
    assert walk_back(items, cursor, remember=10)[0] == []
    late = [(20, "old", "old"), (45, "late", "late")]
    assert walk_back([*items, *late], cursor, remember=10)[0] == ["late"]


def test_more_news_than_are_remembered_do_not_lead_through_the_whole_list_again() -> None:
    day = MS - 9 * DAY
    items = make_pages([day + number * 60_000 for number in range(200)])
    _, cursor = walk_back(items, None, remember=10)
    more = make_pages([MS - DAY + number * 60_000 for number in range(35)])
    news = [(at, f"new {native_id}", f"new {text}") for at, native_id, text in more]
    brought, cursor = walk_back([*items, *news], cursor, remember=10)
    assert sorted(brought) == sorted(text for _, _, text in news)
    assert walk_back([*items, *news], cursor, remember=10)[0] == []


def test_understands_the_cursors_of_earlier_versions() -> None:
    items = make_pages([MS - DAY + minute for minute in range(9)])
    at = MS - DAY + 5
    done = f'{{"known":[{at},["id5"]],"deep":{MS}}}'
    assert walk_back(items, done)[0] == ["item8", "item7", "item6"]
    interrupted = f'{{"known":[{at},["id5"]],"newest":[{at + 3},["id8"]],"page":"1","deep":{MS}}}'
    brought, cursor = walk_back(items, interrupted)
    assert brought == []
    assert walk_back(items, cursor)[0] == []
    first = f'{{"known":[-1,[]],"newest":[{at + 3},["id8"]],"page":"1","deep":{MS}}}'
    assert walk_back(items, first)[0] == [f"item{number}" for number in (5, 4, 3, 2, 1, 0)]
