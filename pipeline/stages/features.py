"""Features of the text model: a bag of named features, and context features next to it.

The bag is a sum over words and pairs of words, so that each of them can be looked up with all of
its features at once. A feature's name begins with its block:

    w:word       the word                    c:wor   three to five letters of it
    wK:word      the word after a question of kind K
    b:one two    the pair                    bK:…    the pair after a question of kind K
    t:topic      a term of the taxonomy      l:group, lA:group   a phrase of the lexicon, alone
                                             and by what the question asks for

A word or a phrase that is denied has other features, with the mark before it: ``w:~word``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages.questions import QuestionKind
from pipeline.stages.tokens import DENIED, tone_of_sign

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEGIN: Final = "<"
END: Final = ">"
_SIGNS: Final = ("", ":+", ":-")  # by tone: neither, glad, and not
RATINGS: Final = 5
"""Levels of a rating, from 1, worst, to 5, best; 0 for none."""

BAG_POWER: Final = 0.35
"""A bag is divided by the sum of its squares to this power: between a sum and a unit vector."""

VECTOR_VALUE: Final = 1.5
TONE_VALUE: Final = 1.0
_TERM_VALUE: Final = 10.0
_PHRASE_VALUE: Final = 10.0
# Beside the term and phrase values, a feature counts by its rareness times its block's value.
_BLOCK_VALUES: Final = {"w": 1.0, "b": 1.0, "c": 0.5}
_KIND_VALUES: Final = {"w": 1.0, "b": 0.5}
_MIN_DOCUMENT_FREQUENCY: Final = {"w": 2, "b": 2, "c": 3}

_GRAMS: Final = (3, 4, 5)
_MAX_WORD_LENGTH: Final = 40
_ASKS: Final = {
    QuestionKind.IMPROVE: "i",
    QuestionKind.BETTER: "i",
    QuestionKind.GOOD: "g",
    QuestionKind.WHY: "o",
    QuestionKind.OTHER: "o",
}


def word_names(word: str, kind: QuestionKind) -> list[str]:
    """Return the features of a word, which may be marked as denied, after a question of a kind."""
    word, mark = split_mark(word[:_MAX_WORD_LENGTH])
    names = [f"w:{mark}{word}"]
    if kind:
        names.append(f"w{int(kind)}:{mark}{word}")
    if len(word) > 2:
        padded = f" {word} "
        names += [
            f"c:{mark}{padded[start : start + size]}"
            for size in _GRAMS
            for start in range(len(padded) - size + 1)
        ]
    return names


def split_mark(word: str) -> tuple[str, str]:
    """Return a word without the mark of denial, and the mark; a sign becomes its tone."""
    if word[0] == DENIED:
        return word[1:], DENIED
    return (word if word[0].isalnum() else _SIGNS[tone_of_sign(word)] or word), ""


def pair_names(first: str, second: str, kind: QuestionKind) -> list[str]:
    """Return the features of two adjacent words; ``BEGIN`` and ``END`` are the text's ends."""
    pair = f"{first[:_MAX_WORD_LENGTH]} {second[:_MAX_WORD_LENGTH]}"
    return [f"b:{pair}", f"b{int(kind)}:{pair}"] if kind else [f"b:{pair}"]


def tag_index(
    topics: Mapping[str, Sequence[str]],
    groups: Mapping[str, Sequence[str]],
    others: Mapping[str, Sequence[str]],
) -> dict[str, Sequence[str]]:
    """Merge the model's topic terms, its lexicon's phrases and other terms into one table.

    The keys tell them apart: ``t:topic``, ``l:group``, ``x:other``.
    """
    return {
        f"{tag}:{name}": terms
        for tag, table in (("t", topics), ("l", groups), ("x", others))
        for name, terms in table.items()
    }


def tag_names(tags: Sequence[str], kind: QuestionKind, mark: str = "") -> list[str]:
    """Return the features of terms and phrases found in a text; others have no feature.

    ``mark`` is that of the words, if they are denied.
    """
    names = [tag if tag[0] == "t" else f"l:{mark}{tag[2:]}" for tag in tags if tag[0] != "x"]
    if kind:
        names += [f"l{_ASKS[kind]}:{mark}{tag[2:]}" for tag in tags if tag[0] == "l"]
    return names


def feature_weight(name: str, rareness: float) -> float:
    """Return the value of a feature; ``rareness`` is its inverse document frequency."""
    if name[0] == "t":
        return _TERM_VALUE
    if name[0] == "l":
        return _PHRASE_VALUE
    return rareness * (_BLOCK_VALUES if name[1] == ":" else _KIND_VALUES)[name[0]]


def is_normalized(name: str) -> bool:
    """True if a feature counts in the bag's sum of squares; terms and phrases do not."""
    return name[0] not in "tl"


def min_document_frequency(name: str) -> int:
    """Return the minimum number of respondents that keeps a feature."""
    if not is_normalized(name):
        return 1
    return _MIN_DOCUMENT_FREQUENCY[name[0]] + (name[0] == "b" and name[1] != ":")


CONTEXT_SIZE: Final = 5 + RATINGS + 6 + 4 * RATINGS + 6 + 5


def context_features(
    kinds: NDArray[Any], ratings: NDArray[Any], lengths: NDArray[Any], vader: NDArray[Any]
) -> NDArray[Any]:
    """Return the context features, ``[comments, CONTEXT_SIZE]``.

    ``kinds`` of questions, ``ratings`` from 0 to 5, ``lengths`` in words, and VADER's four scores
    (negative, neutral, positive, compound) as columns.
    """
    kind = kinds[:, None] == np.arange(1, 6)
    rating = ratings[:, None] == np.arange(1, RATINGS + 1)
    length = np.column_stack(
        [
            lengths <= 1,
            lengths <= 3,
            lengths <= 6,
            lengths > 12,
            lengths > 25,
            lengths > 50,
        ]
    )
    both = (kind[:, :4, None] & rating[:, None, :]).reshape(len(kinds), -1)
    flags = np.concatenate([kind, rating, length, both], axis=1) * np.float32(0.4)
    compound = vader[:, 3:4]
    tone = np.concatenate(
        [vader, compound >= 0.05, compound <= -0.05, compound * kind], axis=1, dtype=np.float32
    )
    return np.concatenate([flags, tone], axis=1, dtype=np.float32)


CONTEXT_RATING: Final = (
    *range(5, 5 + RATINGS),
    *range(5 + RATINGS + 6, 5 + RATINGS + 6 + 4 * RATINGS),
)
"""The columns that depend on a rating."""
