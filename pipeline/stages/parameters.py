"""Trained parameters as plain arrays and JSON in a folder; never pickled."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from zipfile import BadZipFile

import numpy as np
import orjson
from pydantic import Field

from pipeline.stages.features import TONE_VALUE, VECTOR_VALUE
from pipeline.stages.vader import load_valences
from schemas.strict_model import StrictModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKAGED: Final = Path(__file__).parent.parent / "models"
DEFAULT: Final = PACKAGED / "healthcare"
_VECTORS: Final = PACKAGED / "word_vectors.npz"
ARRAYS_FILE: Final = "model.npz"
CARD_FILE: Final = "model.json"
LEVELS: Final = 5
_TOPIC_TABLES: Final = ("topics", "topics_by_writing", "topics_by_terms")
PARTS: Final = ("topics", "survey", "story")
SIGN_VALENCES: Final = {":+": 2.5, ":-": -2.5}
"""Of emoji and faces, which are one of two words to the model."""


class Card(StrictModel):
    """Description of a model: names, terms, and its training data."""

    name: str = Field(description="Of the taxonomy that it was trained for.")
    version: str = Field(description="Name, and the fingerprint of the parameters.")
    topics: tuple[str, ...]
    examples: dict[str, int] = Field(description="Comments of each topic it was trained on.")
    terms: dict[str, tuple[str, ...]] = Field(description="The taxonomy's terms it was trained by.")
    phrases: dict[str, tuple[str, ...]] = Field(description="The lexicon's set phrases.")
    data: dict[str, str | int] = Field(default_factory=dict, description="Origin, licence, size.")
    figures: dict[str, Any] = Field(
        default_factory=dict, description="Cross-validated on respondents not trained on."
    )

    def weak_topics(self, least: float) -> set[str]:
        """Return the topics whose F1 is below ``least``, by the model or by their terms.

        A topic that the file had too few examples of is judged by written answers as well.
        """
        tables = [self.figures.get(name, {}) for name in _TOPIC_TABLES]
        return {
            name
            for table in tables
            for name, row in table.get("topics", {}).items()
            if row["f1"] < least
        }


@dataclass(frozen=True, slots=True)
class Part:
    """A linear part of a model: F features, D outputs."""

    names: tuple[str, ...]
    weights: NDArray[Any]
    """[F, D], float16: each feature's value times its coefficient."""
    squares: NDArray[Any]
    """[F], float32: the square of each feature's value, 0 for terms and phrases."""
    vector_weights: NDArray[Any]
    """[2 * (dimensions of the word vectors + 2), D], float32: words, then denied words."""
    rareness: NDArray[Any]
    """[words with a vector], float16: inverse document frequencies."""
    context_weights: NDArray[Any]
    """[CONTEXT_SIZE, D], float32."""
    intercepts: NDArray[Any]
    """[D], float32."""

    def weights_of(self, names: Sequence[str]) -> NDArray[Any]:
        """Return the summed weights of features, [D]; linear in the features of the part."""
        at = [place for place, name in enumerate(self.names) if name in names]
        summed: NDArray[Any] = self.weights[at].astype(float).sum(axis=0)
        return summed

    @property
    def outputs(self) -> int:
        """D."""
        return len(self.intercepts)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The arrays of a model."""

    topics: Part
    """One output per topic."""
    survey: Part
    """Three times five levels, for comments with a question or a rating."""
    story: Part
    """Five levels, for texts alone."""
    survey_judge: NDArray[Any]
    """[inputs + 1, 10], float32: the two heads of the judge of surveys, its intercepts last."""
    story_judge: NDArray[Any]
    """[inputs + 1, 5], float32: the judge of texts alone."""
    thresholds: NDArray[Any]
    """[topics], float32: minimum score to assign a topic."""
    calibration: NDArray[Any]
    """[topics, 2], float32: slope and intercept of Platt's logistic calibration."""
    people: NDArray[Any]
    """uint64, sorted: hash of every respondent in the training data."""

    def save(self, folder: Path, card: Card) -> None:
        """Write both files into ``folder``."""
        write_model(folder, self.arrays(), card)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, Card]:
        """Read a folder. Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``."""
        card = Card.model_validate_json((folder / CARD_FILE).read_bytes())
        with open_arrays(folder, "a model") as stored:
            parameters = cls(**{name: _take(stored, name) for name in cls.__slots__})
        if card.version != f"{card.name}-{parameters.fingerprint()}":
            raise ValueError(f"{ARRAYS_FILE} is not of the model that {CARD_FILE} describes")
        return parameters, card

    def fingerprint(self) -> str:
        """Return eight hex digits that change whenever a number does."""
        digest = hashlib.sha256()
        for name, array in sorted(self.arrays().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:8]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by their names in the file."""
        arrays: dict[str, NDArray[Any]] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            if name not in PARTS:
                arrays[name] = value
                continue
            arrays |= {f"{name}.{field}": getattr(value, field) for field in Part.__slots__}
            joined = "\n".join(value.names).encode()
            arrays[f"{name}.names"] = np.frombuffer(joined, dtype=np.uint8)
        return arrays


def write_model(folder: Path, arrays: dict[str, Any], card: StrictModel) -> None:
    """Write arrays and card into ``folder``. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / ARRAYS_FILE, **arrays)
    text = orjson.dumps(card.model_dump(), option=orjson.OPT_INDENT_2)
    (folder / CARD_FILE).write_bytes(text + b"\n")


@contextmanager
def open_arrays(folder: Path, kind: str) -> Iterator[Any]:
    """Yield the arrays in ``folder`` by their names.

    Raises ``OSError``, or ``ValueError`` if the file is not of this kind.
    """
    with (folder / ARRAYS_FILE).open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as stored:
                yield stored
        except (BadZipFile, EOFError, KeyError, ValueError, zlib.error) as error:
            raise ValueError(f"{ARRAYS_FILE} is not {kind}") from error


def _take(stored: Any, name: str) -> Any:
    """Return an array, or a part of the model, from a file."""
    if name not in PARTS:
        return stored[name]
    arrays = {field: stored[f"{name}.{field}"] for field in Part.__slots__}
    names = tuple(arrays.pop("names").tobytes().decode().split("\n"))
    return Part(names=names, **arrays)


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors of common words, and their tone; similar words have similar directions."""

    place: dict[str, int]
    vectors: NDArray[Any]
    """[words, dimensions], float32."""
    tones: NDArray[Any]
    """[words, 2], float32: how glad a word is in VADER's lexicon, and how bad, from 0 to 4."""

    @classmethod
    def load(cls) -> Self:
        """Read the vectors in the package, and VADER's lexicon."""
        with np.load(_VECTORS, allow_pickle=False) as file:
            words = file["words"].tobytes().decode().split("\n")
            vectors = file["vectors"].astype(np.float32) * file["scales"]
        valences = load_valences() | SIGN_VALENCES
        place = {word: number for number, word in enumerate(dict.fromkeys((*words, *valences)))}
        more = np.zeros((len(place) - len(words), vectors.shape[1]), dtype=np.float32)
        tones = np.zeros((len(place), 2), dtype=np.float32)
        for word, valence in valences.items():
            tones[place[word], int(valence < 0)] = abs(valence)
        return cls(place, np.concatenate([vectors, more]), tones)


def value_words(vectors: WordVectors, rareness: NDArray[Any]) -> NDArray[Any]:
    """Return [words, dimensions + 2]: a word's vector by its rareness, and its tones."""
    by_meaning = vectors.vectors * (rareness[:, None] * VECTOR_VALUE)
    return np.concatenate([by_meaning, vectors.tones * TONE_VALUE], axis=1)


def hash_respondent(person: str) -> int:
    """Return a respondent as 64 bits, to know whether a model was trained on their comments."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big")
