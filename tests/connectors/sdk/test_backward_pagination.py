"""Walks from the newest back to what is known: nothing is missed, nothing is brought twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
    **resume: timedelta,
) -> tuple[list[str], str | None]:
    """Return the items of a walk and its last cursor; it is killed after ``pages``."""
    paginator: BackwardPaginator[str] = BackwardPaginator.resume(cursor, now=NOW, **resume)
    newest_first = sorted(items, reverse=True)
    brought: list[str] = []
    done = 0
    while True:
        number = int(paginator.page or 0)
        part = newest_first[number * size : (number + 1) * size]
        news, arrived = paginator.new_items(part)
        arrived = arrived or len(part) < size
        brought += news
        paginator.page = None if arrived else str(number + 1)
        cursor = paginator.cursor(paginator.page)
        done += 1
        if arrived or done == pages:
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


def test_what_has_no_time_is_always_news() -> None:
    paginator: BackwardPaginator[str] = BackwardPaginator.resume('{"known":[9,[]]}', now=NOW)
    assert paginator.new_items([(None, "x", "broken"), (3, "y", "old")]) == (["broken"], True)
