"""Trained parameters as plain arrays and JSON in a folder; never pickled."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from zipfile import BadZipFile

import numpy as np
import orjson
from pydantic import Field

from schemas.strict_model import StrictModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKAGED: Final = Path(__file__).parent.parent / "models"
DEFAULT: Final = PACKAGED / "healthcare"
_VECTORS: Final = PACKAGED / "word_vectors.npz"
ARRAYS_FILE: Final = "model.npz"
CARD_FILE: Final = "model.json"
LEVELS: Final = 5


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


@dataclass(frozen=True, slots=True)
class Parameters:
    """The arrays of a model; F features, D outputs (topics, then three times five levels)."""

    names: tuple[str, ...]
    weights: NDArray[Any]
    """[F, D], float16: each feature's value times its coefficient."""
    squares: NDArray[Any]
    """[F], float32: the square of each feature's value, 0 for terms and phrases."""
    vector_weights: NDArray[Any]
    """[dimensions of the word vectors, D], float32."""
    rareness: NDArray[Any]
    """[words with a vector], float16: inverse document frequencies."""
    context_weights: NDArray[Any]
    """[CONTEXT_SIZE, D], float32."""
    intercepts: NDArray[Any]
    """[D], float32."""
    thresholds: NDArray[Any]
    """[topics], float32: minimum score to assign a topic."""
    calibration: NDArray[Any]
    """[topics, 2], float32: slope and intercept of Platt's logistic calibration."""
    people: NDArray[Any]
    """uint64, sorted: hash of every respondent in the training data."""

    def save(self, folder: Path, card: Card) -> None:
        """Write both files into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self, name) for name in self.__slots__ if name != "names"}
        joined = np.frombuffer("\n".join(self.names).encode(), dtype=np.uint8)
        np.savez_compressed(folder / ARRAYS_FILE, names=joined, **arrays)
        text = orjson.dumps(card.model_dump(), option=orjson.OPT_INDENT_2)
        (folder / CARD_FILE).write_bytes(text + b"\n")

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, Card]:
        """Read a folder. Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``."""
        card = Card.model_validate_json((folder / CARD_FILE).read_bytes())
        with (folder / ARRAYS_FILE).open("rb") as file:
            try:
                with np.load(file, allow_pickle=False) as stored:
                    arrays = {name: stored[name] for name in cls.__slots__}
            except (BadZipFile, EOFError, KeyError, ValueError, zlib.error) as error:
                raise ValueError(f"{ARRAYS_FILE} is not a model") from error
        names = tuple(arrays.pop("names").tobytes().decode().split("\n"))
        parameters = cls(names=names, **arrays)
        if card.version != f"{card.name}-{parameters.fingerprint()}":
            raise ValueError(f"{ARRAYS_FILE} is not of the model that {CARD_FILE} describes")
        return parameters, card

    def fingerprint(self) -> str:
        """Return eight hex digits that change whenever a number does."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        for name in self.__slots__:
            if name != "names":
                digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors of common words; similar words have similar directions."""

    place: dict[str, int]
    vectors: NDArray[Any]
    """[words, dimensions], float32."""

    @classmethod
    def load(cls) -> Self:
        """Read the vectors in the package."""
        with np.load(_VECTORS, allow_pickle=False) as file:
            words = file["words"].tobytes().decode().split("\n")
            vectors = file["vectors"].astype(np.float32) * file["scales"]
        return cls({word: place for place, word in enumerate(words)}, vectors)


def hash_respondent(person: str) -> int:
    """Return a respondent as 64 bits, to know whether a model was trained on their comments."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big")
