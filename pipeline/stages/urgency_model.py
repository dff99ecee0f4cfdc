"""Trained model of the second level of urgency: which sentences are worth reading.

Linear over a sentence's words, pairs of neighbours and word vectors. It reads the plain words of
the urgency rules. Stored as arrays and a card like the model of topics; never pickled. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
from pydantic import Field

from pipeline.stages._phrases import MARK
from pipeline.stages.parameters import (
    ARRAYS_FILE,
    CARD_FILE,
    PACKAGED,
    WordVectors,
    open_arrays,
    write_model,
)
from schemas.strict_model import StrictModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

BORDER: Final = MARK
"""Stands before and after each sentence."""

DEFAULT: Final = PACKAGED / "urgency"
UNKNOWN_ROW: Final = 0
MARK_ROW: Final = 1
MAX_SENTENCE: Final = 40
"""Words; longer sentences are judged in pieces, as few people write full stops."""


_MIN_DIVIDED: Final = 4
_DIVISOR_POWER: Final = 0.3


class UrgencyCard(StrictModel):
    """Description of a model: its rules, reasons, and training data."""

    name: str = Field(description="Of the rules that it was trained for.")
    version: str = Field(description="Name, and the fingerprint of the parameters.")
    reasons: tuple[str, ...]
    data: dict[str, str | int] = Field(default_factory=dict, description="Origin, licence, size.")
    figures: dict[str, Any] = Field(default_factory=dict, description="Cross-validated by kind.")


@dataclass(frozen=True, slots=True)
class UrgencyParameters:
    """The arrays of a model; R reasons, and two outputs more.

    One says whether there is any reason, the other tells what is urgent from what sounds so.
    """

    words: tuple[str, ...]
    word_weights: NDArray[Any]
    """[words, R + 2], float16."""
    pairs: NDArray[Any]
    """[pairs, 2], int32: places in ``words`` of two neighbours, -1 for the sentence's border."""
    pair_weights: NDArray[Any]
    """[pairs, R + 2], float16."""
    vector_weights: NDArray[Any]
    """[dimensions of the word vectors, R + 2], float32."""
    rareness: NDArray[Any]
    """[words with a vector], float16."""
    intercepts: NDArray[Any]
    """[R + 2], float32."""
    thresholds: NDArray[Any]
    """[R], float32: minimum of a reason's output plus that of any reason."""
    certain_from: NDArray[Any]
    """[1], float32: minimum of the last output; below it no phrase is certain."""

    def save(self, folder: Path, card: UrgencyCard) -> None:
        """Write both files into ``folder``. Raises ``OSError``."""
        arrays = {name: getattr(self, name) for name in self.__slots__ if name != "words"}
        joined = np.frombuffer("\n".join(self.words).encode(), dtype=np.uint8)
        write_model(folder, {"words": joined, **arrays}, card)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, UrgencyCard]:
        """Read a folder. Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``."""
        card = UrgencyCard.model_validate_json((folder / CARD_FILE).read_bytes())
        with open_arrays(folder, "a model of urgency") as stored:
            arrays = {name: stored[name] for name in cls.__slots__}
        words = tuple(arrays.pop("words").tobytes().decode().split("\n"))
        parameters = cls(words=words, **arrays)
        if card.version != f"{card.name}-{parameters.fingerprint()}":
            raise ValueError(f"{ARRAYS_FILE} is not of the model that {CARD_FILE} describes")
        return parameters, card

    def fingerprint(self) -> str:
        """Return eight hex digits that change whenever a number does."""
        digest = hashlib.sha256("\n".join(self.words).encode())
        for name in self.__slots__:
            if name != "words":
                digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()[:8]


class UrgentSentence(NamedTuple):
    """A sentence over a reason's threshold. Places count the plain words of its comment."""

    comment: int
    first: int
    end: int
    reasons: tuple[str, ...]


class UrgencyModel:
    """Scores the sentences of comments, a batch at a time."""

    def __init__(
        self, parameters: UrgencyParameters, card: UrgencyCard, vectors: WordVectors
    ) -> None:
        """Compute the weights of every word ahead."""
        self.name = card.name
        self.version = card.version
        self.reasons = card.reasons
        self._intercepts = parameters.intercepts
        self._thresholds = parameters.thresholds
        self._certain_from = parameters.certain_from
        count = len(parameters.rareness)
        with_vector = list(vectors.place)[:count]  # those without come last
        words = dict.fromkeys((*parameters.words, *with_vector))
        self._rows = {word: row for row, word in enumerate(words, start=MARK_ROW + 1)}
        self._table = np.zeros((len(words) + 2, len(card.reasons) + 2), dtype=np.float32)
        trained = [self._rows[word] for word in parameters.words]
        self._table[trained] = parameters.word_weights
        places = [self._rows[word] for word in with_vector]
        by_vector = vectors.vectors[:count] @ parameters.vector_weights
        self._table[places] += by_vector * parameters.rareness[:, None].astype(np.float32)
        self._rows[MARK] = MARK_ROW
        rows = np.array([*trained, MARK_ROW], dtype=np.int64)[parameters.pairs]
        keys = self._pair_keys(rows[:, 0], rows[:, 1])
        order = np.argsort(keys)
        self._pairs = np.append(keys[order], -1)
        self._pair_weights = parameters.pair_weights[order].astype(np.float32)
        self._doubt_weights: list[float] = self._table[:, -1].tolist()
        self._doubt_pairs: dict[int, float] = dict(
            zip(self._pairs[:-1].tolist(), self._pair_weights[:, -1].tolist(), strict=True)
        )

    @classmethod
    def load(cls, folder: Path = DEFAULT) -> Self:
        """Read a folder. Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``."""
        parameters, card = UrgencyParameters.load(folder)
        return cls(parameters, card, WordVectors.load())

    def rows(self, words: Iterable[str]) -> tuple[int, ...]:
        """Return the rows of plain words, to be handed to :meth:`find_sentences`."""
        return tuple(self._rows.get(word, UNKNOWN_ROW) for word in words)

    def find_sentences(self, comments: Sequence[Sequence[int]]) -> list[UrgentSentence]:
        """Return the sentences that are worth reading, of comments given as rows, in order."""
        flat = [MARK_ROW]
        starts = []
        for rows in comments:
            starts.append(len(flat))
            flat += rows
            flat.append(MARK_ROW)
        row = np.array(flat, dtype=np.int64)
        first, size = _split_sentences(row)
        if not len(first):
            return []
        scores = self._score(row, first, size)
        over = scores >= self._thresholds
        hits = np.flatnonzero(over.any(axis=1))
        owners = np.searchsorted(np.array(starts), first[hits], side="right") - 1
        sentences = []
        for hit, owner in zip(hits.tolist(), owners.tolist(), strict=True):
            reasons = tuple(self.reasons[number] for number in over[hit].nonzero()[0])
            place = int(first[hit]) - starts[owner]
            sentences.append(UrgentSentence(owner, place, place + int(size[hit]), reasons))
        return sentences

    def find_doubted(self, rows: Sequence[int]) -> list[bool]:
        """Return for each word, given by its row, whether its sentence may only sound urgent.

        Arrays would take longer for the few words of a phrase's sentence.
        """
        doubted = [False] * len(rows)
        begin = 0
        for place, row in enumerate((*rows, MARK_ROW)):
            if row == MARK_ROW or place - begin == MAX_SENTENCE:
                size = place - begin
                doubted[begin:place] = [size > 0 and self._is_doubted(rows, begin, place)] * size
                begin = place + (row == MARK_ROW)
        return doubted

    def _is_doubted(self, rows: Sequence[int], begin: int, end: int) -> bool:
        around = [rows[begin - 1] if begin else MARK_ROW, *rows[begin:end]]
        if end == len(rows) or rows[end] == MARK_ROW:
            around.append(MARK_ROW)
        keys = (first * len(self._table) + second for first, second in pairwise(around))
        total = sum(self._doubt_weights[row] for row in rows[begin:end])
        total += sum(self._doubt_pairs.get(key, 0.0) for key in keys)
        divisor = float(max(end - begin, _MIN_DIVIDED) ** _DIVISOR_POWER)
        return bool(total / divisor + self._intercepts[-1] < self._certain_from[0])

    def _score(self, row: NDArray[Any], first: NDArray[Any], size: NDArray[Any]) -> NDArray[Any]:
        """Return [sentences, reasons]: a reason's output plus that of any reason."""
        weights = self._table[row]
        keys = self._pair_keys(row[:-1], row[1:])
        places = np.searchsorted(self._pairs[:-1], keys)
        hits = (self._pairs[places] == keys).nonzero()[0]
        weights[hits + 1] += self._pair_weights[places[hits]]
        sums = np.add.reduceat(weights, first, axis=0)
        outputs = sums / divisors(size)[:, None] + self._intercepts
        scores: NDArray[Any] = outputs[:, :-2] + outputs[:, -2:-1]
        return scores

    def _pair_keys(self, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
        keys: NDArray[Any] = first * len(self._table) + second
        return keys


def divisors(size: NDArray[Any]) -> NDArray[Any]:
    """Return what the sums of sentences are divided by: long ones must not win by length.

    ``size`` is the number of words. A word or two say too little to count in full.
    """
    divisors: NDArray[Any] = np.maximum(size, _MIN_DIVIDED) ** _DIVISOR_POWER
    return divisors


def _split_sentences(row: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the places of the sentences' first words, and their numbers of words."""
    is_mark = row == MARK_ROW
    places = np.arange(len(row))
    since = places - np.maximum.accumulate(np.where(is_mark, places, 0)) - 1
    first = (~is_mark & (since % MAX_SENTENCE == 0)).nonzero()[0]
    ends = np.append(first[1:], len(row))
    words = np.cumsum(~is_mark)
    return first, words[ends - 1] - words[first] + 1
