"""The weights of all parts of the model, side by side as the columns of one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.stages.features import split_mark
from pipeline.stages.parameters import PARTS, Card, Parameters, Part, WordVectors, value_words

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TableWeights:
    """The weights of named features and of word vectors, for :class:`BagReader`."""

    def __init__(self, parameters: Parameters, card: Card, vectors: WordVectors) -> None:
        self.terms = card.terms
        self.phrases = card.phrases
        self.columns: dict[str, slice] = {}
        self._parts: list[_PartWeights] = []
        self.width = 0
        for name in PARTS:
            part: Part = getattr(parameters, name)
            self.columns[name] = slice(self.width, self.width + part.outputs)
            self._parts.append(_PartWeights(part, vectors, self.width))
            self.width += part.outputs + 1
        self._words = vectors.place

    def add(
        self, row: NDArray[Any], plain: Sequence[str], marked: Sequence[str], word: str | None
    ) -> bool:
        """Add the weights of features to a row; see ``_feature_sums.Weights``."""
        bare, mark = split_mark(word) if word else ("", "")
        place = self._words.get(bare)
        topics, *others = self._parts
        # Topics are spoken of whether something is denied or not.
        is_in_model = topics.add(row, plain, place, denied=False)
        for part in others:
            is_in_model |= part.add(row, marked, place, denied=bool(mark))
        return is_in_model


class _PartWeights:
    """The weights of one part of the model, from a column of the table on."""

    def __init__(self, part: Part, vectors: WordVectors, column: int) -> None:
        self._place = {name: place for place, name in enumerate(part.names)}
        self._weights = part.weights
        self._squares = part.squares
        self._outputs = slice(column, column + part.outputs)
        self._square = column + part.outputs
        by_word = value_words(vectors, part.rareness.astype(np.float32))
        half = by_word.shape[1]
        self._by_word = by_word
        self._vector_weights = (part.vector_weights[:half], part.vector_weights[half:])

    def add(
        self, row: NDArray[Any], names: Sequence[str], word: int | None, *, denied: bool
    ) -> bool:
        place = self._place
        places = [place[name] for name in names if name in place]
        if places:
            row[self._outputs] += self._weights[places].sum(axis=0, dtype=np.float32)
            row[self._square] += self._squares[places].sum()
        if word is not None:
            row[self._outputs] += self._by_word[word] @ self._vector_weights[denied]
        return bool(places) or word is not None
