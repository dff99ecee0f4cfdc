"""A text with labels to learn from, and the project's own: comments written to be learnt from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

_QUESTIONS: Final = {
    "improve": "How could we improve?",
    "better": "What could we do better?",
    "good": "What was good?",
    "why": "Why do you say so?",
    "other": "What would you like to tell us?",
}
_LEVELS: Final = range(5)

WRITTEN: Final = Path(__file__).parent / "comments"
"""The packaged comments to learn from; see their README."""


class LabelledText(NamedTuple):
    """A text with a level, and the question that it answers."""

    text: str
    level: int
    """0, very positive, to 4, very negative."""
    person: str
    """The writer, or the document that the text is a sentence of."""
    question: str | None = None
    topics: frozenset[str] | None = None
    """``None`` if they are not labelled."""
    pieces: tuple[tuple[str, int], ...] = ()
    """Its sentences and clauses in order, each with the level that it has alone."""


def read_written(path: Path) -> Iterator[LabelledText]:
    """Read a file of comments written to be learnt from, or all such files of a folder.

    A line is a JSON object: ``pieces``, a list of texts with their levels, ``level``, and perhaps
    ``question``, one of improve, better, good, why, other, and ``topics``. Raises ``ValueError``
    for another content, naming the line.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield _to_text(json.loads(line), f"{file.name}:{number}")
                except (ValueError, TypeError, KeyError):
                    raise ValueError(
                        f"line {number} of {file.name} is not a labelled comment"
                    ) from None


def _to_text(row: dict[str, Any], person: str) -> LabelledText:
    pieces = tuple((str(text), int(level)) for text, level in row["pieces"])
    level = int(row["level"])
    if not pieces or not {level, *(each for _, each in pieces)} <= set(_LEVELS):
        raise ValueError
    question = row.get("question")
    topics = row.get("topics")
    return LabelledText(
        " ".join(text for text, _ in pieces),
        level,
        person,
        None if question is None else _QUESTIONS[question],
        None if topics is None else frozenset(map(str, topics)),
        pieces if len(pieces) > 1 else (),
    )
