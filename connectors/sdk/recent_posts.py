"""The newest posts that a connector has read, kept in its cursor to match edits and deletes.

Networks report a delete by their own id, and return a post repeatedly: in the overlap of two runs,
after a reconnect, by search and by stream.
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
    """A post that was deleted; times are Unix times (ms)."""

    native_id: str
    created: int
    revision: int


class _Post(NamedTuple):
    created: int
    revision: int
    native_id: str = ""
    """Empty if it is the key."""
    gone: bool = False


@dataclass(slots=True)
class SeenPosts:
    """The newest posts, ``size`` at most, by the network's own id; deleted ones included."""

    size: int
    posts: dict[str, _Post] = field(default_factory=dict)

    @classmethod
    def load(cls, size: int, state: Any) -> SeenPosts:
        """Return the posts that :meth:`dump` returned."""
        return cls(size, {key: _Post(*post) for key, post in (state or {}).items()})

    def dump(self) -> dict[str, list[object]]:
        """Return the posts as JSON's types, for a cursor."""
        self._evict()
        return {key: list(post[: 4 if post.gone else 3]) for key, post in self.posts.items()}

    def __contains__(self, key: str) -> bool:
        return key in self.posts

    def is_new_or_changed(self, key: str, created: int, revision: int, native_id: str = "") -> bool:
        """Remember a post; return True if it was unknown or had an earlier revision."""
        known = self.posts.get(key)
        if known is not None and known.revision >= revision:
            return False
        self._store(key, _Post(created, revision, native_id))
        return True

    def mark_deleted(self, key: str, revision: int = 0) -> Deletion | None:
        """Return the deletion of a post, or None if it is unknown or was deleted before.

        ``revision`` is the network's time of the delete; the deletion's is higher than the post's.
        """
        known = self.posts.get(key)
        if known is None or known.gone or not known.revision:
            return None
        gone = known._replace(revision=max(revision, known.revision + 1), gone=True)
        self._store(key, gone)
        return Deletion(gone.native_id or key, gone.created, gone.revision)

    def mark_deleted_by_prefix(self, prefix: str, revision: int) -> Iterable[Deletion]:
        """Return the deletions of all posts whose id begins with ``prefix``."""
        keys = [key for key in self.posts if key.startswith(prefix)]
        deletions = (self.mark_deleted(key, revision) for key in keys)
        return [deletion for deletion in deletions if deletion is not None]

    def active_ids(self, batch_size: int) -> Iterator[list[str]]:
        """Yield the ids of the posts that are not known to be deleted, in batches."""
        keys = [key for key, post in self.posts.items() if post.revision and not post.gone]
        for start in range(0, len(keys), batch_size):
            yield keys[start : start + batch_size]

    def _store(self, key: str, post: _Post) -> None:
        self.posts[key] = post
        if len(self.posts) > 2 * self.size:  # in one go: finding the oldest is slow
            self._evict()

    def _evict(self) -> None:
        spare = len(self.posts) - self.size
        for key in nsmallest(spare, self.posts, key=lambda key: self.posts[key].created):
            del self.posts[key]


def deletion_record(source: Source, item: Item, deletion: Deletion) -> Feedback:
    """Return the record that deletes a post."""
    return source.record(
        item,
        native_id=deletion.native_id,
        created_at=from_unix(deletion.created / 1000),
        revision=deletion.revision,
        operation=Operation.DELETE,
    )
