"""Further labelled texts to learn sentiment from, in the formats that they are published in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.training.labelled_text import LabelledText, read_written

_PHASE1_QUESTIONS: Final = {
    "1": "What could we do better?",
    "2": "What was good?",
}
_MAX_FIELD: Final = 1_000_000
_MASKS: Final = (("@anonymous", " "), ("http://url_removed", " "), ("''", '"'))
_ENTITIES: Final = (("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


class Corpus(NamedTuple):
    """Texts of one origin."""

    name: str
    licence: str
    url: str
    texts: tuple[LabelledText, ...]
    is_written: bool = False
    """True if its texts were written to learn from, so that they say nothing of what is seen."""

    @property
    def is_survey(self) -> bool:
        """True if its texts answer questions."""
        return bool(self.answers())

    def answers(self) -> list[int]:
        """Return the places of the texts that answer a question, or have topics."""
        return [
            place
            for place, text in enumerate(self.texts)
            if text.question is not None or text.topics is not None
        ]


def read_corpus(kind: str, path: Path) -> Corpus:
    """Read a file in one of the formats :data:`FORMATS`.

    Raises ``OSError``, ``KeyError`` for an unknown format and ``ValueError`` for another content.
    """
    read, licence, url = FORMATS[kind]
    texts = tuple(text for text in read(path) if text.text.strip())
    if not texts:
        raise ValueError("it holds no labelled text")
    return Corpus(path.name, licence, url, texts, is_written=read is read_written)


def _read_phase1(path: Path) -> Iterator[LabelledText]:
    """Read the answers of phase 1 of pxtextmining, with a criticality from -5 to 5."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"question", "feedback", "criticality"} <= set(rows.fieldnames or ()):
            raise ValueError("its columns are not question, feedback and criticality")
        for number, row in enumerate(rows):
            if row["criticality"].strip():
                question = _PHASE1_QUESTIONS.get(row["question"].strip()[-1:])
                level = _level_of_criticality(float(row["criticality"]))
                yield LabelledText(row["feedback"], level, f"{path.name}:{number}", question)


def _level_of_criticality(value: float) -> int:
    if value == 0:
        return 2
    return (0 if value >= 4 else 1) if value > 0 else (4 if value <= -4 else 3)


def _read_ground_truth(path: Path) -> Iterator[LabelledText]:
    """Read VADER's ground truth: an identifier, the mean of ratings from -4 to 4, and a text."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 3:
                raise ValueError(f"line {number + 1} has no three fields")
            document, _, sentence = fields[0].partition("_")
            person = f"{path.name}:{document if sentence else number}"
            yield LabelledText(_unmask(fields[2]), _level_of_mean(float(fields[1])), person)


def _level_of_mean(value: float) -> int:
    return sum(value < bound for bound in (2.0, 0.5, -0.4999, -1.9999))


def _unmask(text: str) -> str:
    for mask, written in (*_MASKS, *_ENTITIES):
        text = text.replace(mask, written)
    return text


FORMATS: Final[dict[str, tuple[Callable[[Path], Iterator[LabelledText]], str, str]]] = {
    "nhs-phase1": (
        _read_phase1,
        "MIT",
        "https://github.com/CDU-data-science-team/pxtextmining",
    ),
    "vader": (_read_ground_truth, "MIT", "https://github.com/cjhutto/vaderSentiment"),
    "written": (read_written, "MIT", "written for this project"),
}
"""By name: how to read it, licence and address."""
