"""Which words stand out in a spike, and examples of it.

The last few negative or urgent comments of every key are kept, by identifier and words. A word
stands out when more of them have it than its share of all such comments lets expect, by some
standard errors.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final, NamedTuple

_KEPT: Final = 8
_WORDS_EACH: Final = 12
_VOCABULARY: Final = 4_000
_BACKGROUND: Final = 20_000  # comments after which older ones count half
_SHOWN: Final = 5
_EXAMPLES: Final = 5
_STANDS_OUT: Final = 2.0  # standard errors


class Example(NamedTuple):
    """A comment that counted."""

    bucket: int
    event_id: str
    words: tuple[str, ...]


class Words:
    """The vocabulary of all negative and urgent comments, and the last ones of each key."""

    def __init__(self) -> None:
        self._background: Counter[str] = Counter()
        self._comments = 0
        self._examples: dict[int, list[Example]] = {}

    def learn(self, example: Example) -> Example:
        """Take in a comment's words, once; returns it with no more of them than are kept."""
        words = tuple(sorted(set(example.words)))
        self._background.update(words)
        self._comments += 1
        if self._comments > _BACKGROUND or len(self._background) > 2 * _VOCABULARY:
            halved = self._background.most_common(_VOCABULARY)
            self._background = Counter({word: n // 2 for word, n in halved if n > 1})
            self._comments //= 2
        return example._replace(words=words[:_WORDS_EACH])

    def keep(self, place: int, example: Example) -> None:
        """Keep a comment for a key, and forget the key's oldest."""
        kept = self._examples.setdefault(place, [])
        kept.append(example)
        if len(kept) > _KEPT:
            del kept[0]

    def examples(self, place: int, since: int) -> tuple[str, ...]:
        """Identifiers of the key's last comments since a bucket, the newest first."""
        return tuple(e.event_id for e in reversed(self._of(place, since)))[:_EXAMPLES]

    def standing_out(self, place: int, since: int) -> tuple[str, ...]:
        """The words of the key's comments since a bucket that are rare elsewhere."""
        comments = self._of(place, since)
        here = Counter(word for example in comments for word in example.words)
        scored = [
            (self._stands_out(n, len(comments), word), word)
            for word, n in sorted(here.items())
            if n >= 2
        ]
        best = sorted((pair for pair in scored if pair[0] > _STANDS_OUT), reverse=True)
        return tuple(word for _, word in best[:_SHOWN])

    def _of(self, place: int, since: int) -> list[Example]:
        return [e for e in self._examples.get(place, []) if e.bucket >= since]

    def _stands_out(self, n: int, comments: int, word: str) -> float:
        """Standard errors by which n of so many comments are more than all comments' share."""
        share = (self._background[word] + 0.5) / (self._comments + 1)
        spread = math.sqrt(comments * share * max(1 - share, 0.0) + 0.25)
        return (n - comments * share) / spread

    def facts(self) -> dict[str, Any]:
        """The state."""
        # A comment is kept for its site, its topics and its source, and written once.
        numbers: dict[str, int] = {}
        written: list[list[Any]] = []
        for of in self._examples.values():
            for example in of:
                if example.event_id not in numbers:
                    numbers[example.event_id] = len(written)
                    written.append(list(example))
        return {
            "background": list(self._background.items()),
            "comments": self._comments,
            "written": written,
            "examples": [
                [place, [numbers[example.event_id] for example in of]]
                for place, of in self._examples.items()
            ],
        }

    def restore(self, facts: dict[str, Any]) -> None:
        """Take the state back."""
        self._background = Counter(dict(facts["background"]))
        self._comments = facts["comments"]
        written = [
            Example(bucket, event, tuple(words)) for bucket, event, words in facts["written"]
        ]
        self._examples = {
            place: [written[number] for number in numbers] for place, numbers in facts["examples"]
        }
