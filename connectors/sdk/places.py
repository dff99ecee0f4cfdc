"""Sources of several places, such as countries, locations or feeds: one that fails blocks none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from connectors.sdk.errors import Fatal, Retry

T = TypeVar("T")

_MAX_REASONS: Final = 5


def read_places(places: Iterable[tuple[str, Iterator[T]]]) -> Iterator[T]:
    """Yield what each place yields; after the last one, raise the failures of all, if any.

    Raises ``Retry`` or ``Fatal``, whose ``failed_places`` has the reasons if other places were
    read. Names of places appear in messages and hold no personal data.
    """
    failures: dict[str, Retry | Fatal] = {}
    count = 0
    for name, pages in places:
        count += 1
        try:
            yield from pages
        except (Retry, Fatal) as error:
            failures[name] = error
    if failures:
        raise _combine_failures(failures, count)


def _combine_failures(failures: dict[str, Retry | Fatal], count: int) -> Retry | Fatal:
    errors = [*failures.values()]
    first = next((error for error in errors if isinstance(error, Fatal)), errors[0])
    if count == 1:
        return first
    message = _describe_failures(failures, count)
    if isinstance(first, Retry):
        combined: Retry | Fatal = Retry(message, max(getattr(error, "wait", 0) for error in errors))
    else:
        combined = type(first)(message)
    if len(failures) < count:
        combined.failed_places = {name: str(error) for name, error in failures.items()}
    return combined


def _describe_failures(failures: dict[str, Retry | Fatal], count: int) -> str:
    reasons = [f"{name}: {error}" for name, error in [*failures.items()][:_MAX_REASONS]]
    others = len(failures) - len(reasons)
    reasons += [f"and {others} more"] if others else []
    return f"reading {len(failures)} of {count} places: {'; '.join(reasons)}"
