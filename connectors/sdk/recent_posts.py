"""The newest posts that a connector brought, kept in its cursor: what an edit or a delete is of.

Networks tell of a delete by an id of their own, and show a post again and again: in the overlap of
two runs, on a reconnect, by search and by stream. What is remembered here is known again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, NamedTuple

from connectors.sdk.base import Item
from connectors.sdk.source import Source
from connectors.sdk.timestamps import from_unix
from schemas.feedback import Feedback, Operation


@dataclass(frozen=True, slots=True)
class Deletion:
    """A post that was taken back; times in milliseconds."""

    native_id: str
    created: int
    revision: int


class _Post(NamedTuple):
    created: int
    revision: int
    native_id: str = ""
    """Empty where it is the key."""
    gone: bool = False


@dataclass(slots=True)
class SeenPosts:
    """At most ``most`` posts by the network's own id, the newest kept; those taken back as well."""

    most: int
    posts: dict[str, _Post] = field(default_factory=dict)

    @classmethod
    def load(cls, most: int, state: Any) -> SeenPosts:
        """What :meth:`dump` gave."""
        return cls(most, {key: _Post(*post) for key, post in (state or {}).items()})

    def dump(self) -> dict[str, list[object]]:
        """What a cursor keeps."""
        self._forget()
        return {key: list(post[: 4 if post.gone else 3]) for key, post in self.posts.items()}

    def __contains__(self, key: str) -> bool:
        return key in self.posts

    def is_new_or_changed(self, key: str, created: int, revision: int, native_id: str = "") -> bool:
        """Whether a post is unknown, or has a later revision; it is known from now on."""
        known = self.posts.get(key)
        if known is not None and known.revision >= revision:
            return False
        self._keep(key, _Post(created, revision, native_id))
        return True

    def mark_deleted(self, key: str, revision: int = 0) -> Deletion | None:
        """The post as one that is gone; None where it is unknown, or gone already.

        ``revision`` is the network's time of the delete; it becomes higher than what went before.
        """
        known = self.posts.get(key)
        if known is None or known.gone or not known.revision:
            return None
        gone = known._replace(revision=max(revision, known.revision + 1), gone=True)
        self._keep(key, gone)
        return Deletion(gone.native_id or key, gone.created, gone.revision)

    def mark_deleted_by_prefix(self, prefix: str, revision: int) -> Iterable[Deletion]:
        """Every post whose id begins so, as ones that are gone."""
        keys = [key for key in self.posts if key.startswith(prefix)]
        found = [self.mark_deleted(key, revision) for key in keys]
        return [gone for gone in found if gone is not None]

    def active_ids(self, size: int) -> Iterator[list[str]]:
        """The ids of what is there as far as is known, ``size`` at a time."""
        keys = [key for key, post in self.posts.items() if post.revision and not post.gone]
        for start in range(0, len(keys), size):
            yield keys[start : start + size]

    def _keep(self, key: str, post: _Post) -> None:
        self.posts[key] = post
        if len(self.posts) > 2 * self.most:  # all at once: to look for the oldest takes long
            self._forget()

    def _forget(self) -> None:
        spare = len(self.posts) - self.most
        for key in nsmallest(spare, self.posts, key=lambda key: self.posts[key].created):
            del self.posts[key]


def deletion_record(source: Source, item: Item, gone: Deletion) -> Feedback:
    """The record that deletes a post."""
    return source.record(
        item,
        native_id=gone.native_id,
        created_at=from_unix(gone.created / 1000),
        revision=gone.revision,
        operation=Operation.DELETE,
    )
