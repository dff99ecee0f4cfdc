"""`make_comments`: feedback that patients might have given, for the demo and the benchmarks.

The same count, seed, days and calendar day (UTC) of ``until`` make the same comments, ids
included, so that a demo repeated on one day adds no document.
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
    """The demo's story: which site goes bad, from when until when, and over what."""

    site: str
    organization: str
    since: datetime
    until: datetime
    topics: tuple[str, ...]


def bad_turn(until: datetime) -> BadTurn:
    """Facts for the demo's closing text; makes no comments."""
    turn = places().bad_turn
    end = timing.end_of(until)
    organization = next(site.organization for site in places().sites if site.name == turn.site)
    worst = sorted(turn.topics, key=lambda topic: -turn.topics[topic])[:2]
    return BadTurn(turn.site, organization, end - timedelta(days=turn.days), end, tuple(worst))


def make_comments(
    count: int = 2_400, *, seed: int = 7, until: datetime, days: int = 60
) -> Iterator[Feedback]:
    """``count`` comments of the ``days`` days before the day of ``until``, oldest first.

    ``until`` is aware, usually now: it is the time of collection, and the midnight (UTC) that
    begins its day is where the comments end.
    """
    for comment in compose_comments(count, seed=seed, until=until, days=days):
        yield comment.feedback


def compose_comments(
    count: int = 2_400, *, seed: int = 7, until: datetime, days: int = 60
) -> Iterator[Comment]:
    """Like :func:`make_comments`, with each comment's tone and planted personal data."""
    edition = f"{until.astimezone(UTC):%Y-%m-%d}-{seed}-{count}-{days}"
    rng = Random(edition)  # noqa: S311 - invented comments, no secrets
    composer = Composer(rng, places(), phrases(), timing.end_of(until), until)
    for number, visit in enumerate(composer.visits(count, days)):
        yield composer.comment(visit, native_id=f"{edition}-{number:06}")
