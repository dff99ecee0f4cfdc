"""Posts of the Graph API with the comments on them, as entries: one for each post and comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.sdk import ItemMemory, get_object, get_text, parse_iso_ms, require_list
from connectors.social.graph_api import InvalidRequest, next_position, read_position

Entry = dict[str, Any]
"""``account``, ``list``, ``post``, ``comment`` if it is about one, and the time ``answered``."""
Get = Callable[[str, str, Mapping[str, Any]], Any]
"""Returns the document at a path, read with the token of a page or account."""

_ID: Final = re.compile(r"[A-Za-z0-9_]{1,100}")
_PER_REQUEST: Final = 100
_MAX_REQUESTS: Final = 100
"""For the comments on one post."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A list in an object, such as the comments on a post."""

    name: str
    params: Mapping[str, str]
    """Parameters of a request for it, ``fields`` included."""


@dataclass(frozen=True, slots=True)
class ThreadShape:
    """The names of a service's parts, and who is the organization itself."""

    time_field: str
    is_own: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
    """Returns True if the organization wrote a post or comment, given its entry and itself."""
    comments: Edge
    replies: Edge | None = None
    """Replies to a comment; None if they are among the comments, with their ``parent``."""


class Threads:
    """Reads the comments on the posts of one list."""

    def __init__(self, place: str, shape: ThreadShape, memory: ItemMemory, get: Get) -> None:
        """``place`` is the account and the list; ``memory`` knows what earlier runs have read."""
        self._place = place
        self._shape = shape
        self._memory = memory
        self._get = get
        self._notes: list[str] = []

    def take_notes(self) -> list[str]:
        """Return what was left out since the last call."""
        notes, self._notes = self._notes, []
        return notes

    def read(self, post: Any) -> Iterator[tuple[int | None, str, Entry]]:
        """Yield times (ms), ids and entries of a post's comments, and last of the post itself.

        Raises ``Retry`` or ``Fatal``.
        """
        account, _, name = self._place.partition("/")
        entry: Entry = {"account": account, "list": name, "post": post}
        if isinstance(post, dict):
            comments = self._list_comments(post)
            entry["post"] = {key: post[key] for key in post if key != self._shape.comments.name}
            yield from self._enter_comments(entry, comments)
        yield self._at(post), get_text(post, "id"), entry

    def _at(self, thing: Any) -> int | None:
        return parse_iso_ms(get_text(thing, self._shape.time_field))

    def _is_known(self, thing: Any) -> bool:
        return self._memory.knows(self._at(thing), get_text(thing, "id"))

    def _enter_comments(
        self, entry: Entry, comments: list[Any]
    ) -> Iterator[tuple[int | None, str, Entry]]:
        """Yield the entries of comments, and complete that of their post."""
        answers = self._find_answers(entry, comments)
        new_ids = {
            get_text(thing, "id")
            for thing in [entry["post"], *comments]
            if not self._is_known(thing)
        }
        if answered := answers.get(get_text(entry["post"], "id")):
            entry["answered"] = answered
        for comment in comments:
            about: Entry = {**entry, "comment": comment}
            about.pop("answered", None)
            if isinstance(comment, dict):
                about = self._enter_answer(about, answers, new_ids)
            yield self._at(comment), get_text(comment, "id"), about

    def _enter_answer(self, entry: Entry, answers: dict[str, str], new_ids: set[str]) -> Entry:
        """Return the entry of a comment.

        An answer of the organization is news of what it answers, unless that is new itself.
        """
        comment = entry["comment"]
        if self._shape.is_own(entry, comment):
            parent = get_object(comment, "parent")
            answered = parent or entry["post"]
            native_id = get_text(answered, "id")
            if not native_id or native_id in new_ids:
                return entry
            entry = {**entry, "comment": parent} if parent else _without_comment(entry)
            comment = answered
        if answered_at := answers.get(get_text(comment, "id")):
            return {**entry, "answered": answered_at}
        return entry

    def _find_answers(self, entry: Entry, comments: list[Any]) -> dict[str, str]:
        """Return when the organization first answered, by the id of a post or comment."""
        answers: dict[str, str] = {}
        for comment in comments:
            if isinstance(comment, dict) and self._shape.is_own(entry, comment):
                native_id = get_text(get_object(comment, "parent") or entry["post"], "id")
                if at := get_text(comment, self._shape.time_field):
                    answers[native_id] = min(at, answers.get(native_id, at))
        return answers

    def _list_comments(self, post: dict[str, Any]) -> list[Any]:
        """Return the comments on a post, and each reply with its comment as its ``parent``."""
        comments, replies = self._read_edge(post, self._shape.comments), self._shape.replies
        if replies is None:
            return comments
        flat: list[Any] = []
        for comment in comments:
            if not isinstance(comment, dict):
                flat.append(comment)
                continue
            parent = {name: comment[name] for name in comment if name != replies.name}
            flat.append(parent)
            flat += [
                {**reply, "parent": parent} if isinstance(reply, dict) else reply
                for reply in self._read_edge(comment, replies)
            ]
        return flat

    def _read_edge(self, holder: dict[str, Any], edge: Edge) -> list[Any]:
        """Return a list in an object, and the pages that follow what the object has of it."""
        block = get_object(holder, edge.name)
        all_things = self._list_held(holder, edge)
        ids = {get_text(thing, "id") for thing in all_things}
        position = next_position(block) if self._may_go_on(all_things) else None
        position = position if _ID.fullmatch(get_text(holder, "id")) else None
        for _ in range(_MAX_REQUESTS):
            if position is None:
                return all_things
            answer = self._request_edge(get_text(holder, "id"), edge, position)
            things = require_list(answer, "data", f"{self._place} {edge.name}")
            new_ids = {get_text(thing, "id") for thing in things} - ids
            wanted = {*new_ids, ""}
            all_things += [thing for thing in things if get_text(thing, "id") in wanted]
            ids |= new_ids
            position = next_position(answer) if new_ids and self._may_go_on(things) else None
        most = _MAX_REQUESTS * _PER_REQUEST
        self._notes.append(f"{self._place}: a post has more than {most:,} {edge.name} to read")
        return all_things

    def _list_held(self, holder: dict[str, Any], edge: Edge) -> list[Any]:
        """Return what an object has of a list; the service leaves out an empty one."""
        things = get_object(holder, edge.name).get("data")
        if isinstance(things, list):
            return [*things]
        if holder.get(edge.name):
            self._notes.append(f"{self._place}: the {edge.name} in a response are unreadable")
        return []

    def _request_edge(self, native_id: str, edge: Edge, position: str) -> Any:
        account = self._place.partition("/")[0]
        params = {**edge.params, "limit": _PER_REQUEST, **read_position(position)}
        try:
            return self._get(account, f"{native_id}/{edge.name}", params)
        except InvalidRequest:  # deleted meanwhile
            self._notes.append(f"{self._place}: more {edge.name} of a post could not be read")
            return {"data": []}

    def _may_go_on(self, things: list[Any]) -> bool:
        """Return True if there may be news behind these things.

        A list with the newest first has none behind what is known; another may have.
        """
        times = [at for thing in things if (at := self._at(thing)) is not None]
        is_newest_first = times == sorted(times, reverse=True)
        return not is_newest_first or not all(map(self._is_known, things))


def _without_comment(entry: Entry) -> Entry:
    return {name: entry[name] for name in entry if name != "comment"}
