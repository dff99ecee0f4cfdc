"""Distinctive words of a spike, and example comments.

The last few negative or urgent comments of every key are kept, by identifier and words. A word
is distinctive if more of them have it than its share of all such comments predicts, by some
standard errors.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final, NamedTuple

_MAX_EXAMPLES_KEPT: Final = 8
_MAX_WORDS_PER_EXAMPLE: Final = 12
_MAX_VOCABULARY: Final = 4_000
_BACKGROUND: Final = 20_000  # comments after which older ones count half
_MAX_WORDS: Final = 5
_MAX_EXAMPLES: Final = 5
_MIN_STANDARD_ERRORS: Final = 2.0  # standard errors


class Example(NamedTuple):
    """A comment that was counted."""

    bucket: int
    event_id: str
    words: tuple[str, ...]


class WordStatistics:
    """The vocabulary of all negative and urgent comments, and the last ones of each key."""

    def __init__(self) -> None:
        self._background: Counter[str] = Counter()
        self._comments = 0
        self._examples: dict[int, list[Example]] = {}

    def learn(self, example: Example) -> Example:
        """Learn a comment's words, once; return it with the words that are kept."""
        words = tuple(sorted(set(example.words)))
        self._background.update(words)
        self._comments += 1
        if self._comments > _BACKGROUND or len(self._background) > 2 * _MAX_VOCABULARY:
            halved = self._background.most_common(_MAX_VOCABULARY)
            self._background = Counter({word: n // 2 for word, n in halved if n > 1})
            self._comments //= 2
        return example._replace(words=words[:_MAX_WORDS_PER_EXAMPLE])

    def keep(self, place: int, example: Example) -> None:
        """Keep a comment for a key, and forget the key's oldest."""
        kept = self._examples.setdefault(place, [])
        kept.append(example)
        if len(kept) > _MAX_EXAMPLES_KEPT:
            del kept[0]

    def examples(self, place: int, since: int) -> tuple[str, ...]:
        """Return identifiers of the key's comments since a bucket, newest first."""
        return tuple(e.event_id for e in reversed(self._since(place, since)))[:_MAX_EXAMPLES]

    def distinctive_words(self, place: int, since: int) -> tuple[str, ...]:
        """Return the words of the key's comments since a bucket that are rare elsewhere."""
        comments = self._since(place, since)
        here = Counter(word for example in comments for word in example.words)
        scored = [
            (self._standard_errors(n, len(comments), word), word)
            for word, n in sorted(here.items())
            if n >= 2
        ]
        best = sorted((pair for pair in scored if pair[0] > _MIN_STANDARD_ERRORS), reverse=True)
        return tuple(word for _, word in best[:_MAX_WORDS])

    def _since(self, place: int, since: int) -> list[Example]:
        return [e for e in self._examples.get(place, []) if e.bucket >= since]

    def _standard_errors(self, n: int, comments: int, word: str) -> float:
        """Return by how many standard errors n of ``comments`` exceeds the word's overall share."""
        share = (self._background[word] + 0.5) / (self._comments + 1)
        spread = math.sqrt(comments * share * max(1 - share, 0.0) + 0.25)
        return (n - comments * share) / spread

    def facts(self) -> dict[str, Any]:
        """Return the state."""
        # A comment is kept for its site, its topics and its source, and stored once.
        numbers: dict[str, int] = {}
        stored: list[list[Any]] = []
        for comments in self._examples.values():
            for example in comments:
                if example.event_id not in numbers:
                    numbers[example.event_id] = len(stored)
                    stored.append(list(example))
        return {
            "background": list(self._background.items()),
            "comments": self._comments,
            "written": stored,
            "examples": [
                [place, [numbers[example.event_id] for example in comments]]
                for place, comments in self._examples.items()
            ],
        }

    def restore(self, facts: dict[str, Any]) -> None:
        """Restore the state."""
        self._background = Counter(dict(facts["background"]))
        self._comments = facts["comments"]
        stored = [Example(bucket, event, tuple(words)) for bucket, event, words in facts["written"]]
        self._examples = {
            place: [stored[number] for number in numbers] for place, numbers in facts["examples"]
        }
