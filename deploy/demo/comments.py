"""Generate realistic patient feedback for the demo and the benchmarks.

The same count, seed, days and calendar day (UTC) of ``until`` give the same comments, including
their ids, so that repeating the demo on one day adds no document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.demo import timing
from deploy.demo.composer import Comment, Composer
from deploy.demo.phrasebook import phrases, places
from schemas.feedback import Feedback


@dataclass(frozen=True, slots=True)
class BadTurn:
    """The demo's incident: a site whose feedback turns negative, its time and its topics."""

    site: str
    organization: str
    since: datetime
    until: datetime
    topics: tuple[str, ...]


def bad_turn(until: datetime) -> BadTurn:
    """Return the facts for the demo's closing text, without generating comments."""
    turn = places().bad_turn
    end = timing.start_of_day(until)
    organization = next(site.organization for site in places().sites if site.name == turn.site)
    worst = sorted(turn.topics, key=lambda topic: -turn.topics[topic])[:2]
    return BadTurn(turn.site, organization, end - timedelta(days=turn.days), end, tuple(worst))


def make_comments(
    count: int = 2_400, *, seed: int = 7, until: datetime, days: int = 60
) -> Iterator[Feedback]:
    """Yield ``count`` comments of the ``days`` days before the day of ``until``, oldest first.

    ``until`` is an aware time, usually now: the time of collection. The comments end at the
    midnight (UTC) that starts its day.
    """
    for comment in compose_comments(count, seed=seed, until=until, days=days):
        yield comment.feedback


def compose_comments(
    count: int = 2_400, *, seed: int = 7, until: datetime, days: int = 60
) -> Iterator[Comment]:
    """Yield comments like :func:`make_comments`, with their tone and planted personal data."""
    edition = f"{until.astimezone(UTC):%Y-%m-%d}-{seed}-{count}-{days}"
    rng = Random(edition)  # noqa: S311 - invented comments, no secrets
    composer = Composer(rng, places(), phrases(), timing.start_of_day(until), until)
    for number, visit in enumerate(composer.plan_visits(count, days)):
        yield composer.write_comment(visit, native_id=f"{edition}-{number:06}")
