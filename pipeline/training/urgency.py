"""Training of the second level of urgency, on sentences with their reasons and ordinary comments.

``python -m pipeline.training.urgency SENTENCES.toml --licence NAME --background FILE.csv:COLUMN``

A file of sentences is TOML: tables with ``reasons`` (none for what only sounds urgent), ``texts``,
and ``kind`` or ``about``. Figures are cross-validated by kind: no situation is in both training and
test data. The background says how often ordinary comments may be flagged.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.stages.parameters import WordVectors
from pipeline.stages.triage_urgent import UrgencyTriage
from pipeline.stages.urgency_model import (
    BORDER,
    DEFAULT,
    MAX_SENTENCE,
    UrgencyCard,
    UrgencyParameters,
    divisors,
)
from pipeline.stages.urgency_rules import UrgencyRules
from pipeline.terminal import out
from pipeline.training.urgency_card import describe
from pipeline.training.urgency_levels import figures, find_levels
from pipeline.training.urgency_texts import Texts, read_background, read_sentences

FOLDS: Final = 5
DATA: Final = {
    "word vectors": "means of all-MiniLM-L6-v2 (Apache 2.0) for single words, as in the text model",
}
_COST: Final = 3.0
_URGENT_WEIGHT: Final = 4.0
_TOLERANCE: Final = 0.01
_VECTOR_SCALE: Final = 0.2
_MIN_PAIRS: Final = 2
_UNSEEN_RARENESS: Final = 8.0
_SEED: Final = 7


@dataclass
class Design:
    """Sentences as a matrix: words, pairs of words, and the sums of word vectors."""

    words: dict[str, int]
    pairs: dict[tuple[str, str], int]
    rareness: NDArray[Any]
    matrix: Any
    """[sentences, words + pairs + dimensions]."""


def split_sentences(plain: Sequence[str], *, whole: bool) -> Iterator[list[str]]:
    """Yield the sentences of plain words as the model reads them, or all words together."""
    sentence: list[str] = []
    for word in (*plain, BORDER):
        if word == BORDER and whole:
            continue
        if word != BORDER:
            sentence.append(word)
        if sentence and (word == BORDER or len(sentence) == MAX_SENTENCE):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def learn_design(sentences: list[list[str]], labelled: int, vectors: WordVectors) -> Design:
    """Build the matrix; words and pairs are those of the first ``labelled`` sentences."""
    counts = Counter(word for sentence in sentences for word in set(sentence))
    pair_counts = Counter(pair for sentence in sentences for pair in _pairs(sentence))
    words = {word: 0 for sentence in sentences[:labelled] for word in sentence}
    pairs = {
        pair: 0
        for sentence in sentences[:labelled]
        for pair in _pairs(sentence)
        if pair_counts[pair] >= _MIN_PAIRS
    }
    words = {word: place for place, word in enumerate(sorted(words))}
    pairs = {pair: place for place, pair in enumerate(sorted(pairs))}
    size = len(sentences)
    rareness = np.array(
        [
            np.log(size / (1 + counts[word])) if counts[word] else _UNSEEN_RARENESS
            for word in vectors.place
        ]
    )
    # As the model will have it, in half precision.
    rareness = (rareness * _VECTOR_SCALE).astype(np.float16)
    design = Design(words, pairs, rareness, None)
    design.matrix = _matrix(sentences, design, vectors)
    return design


def _matrix(sentences: list[list[str]], design: Design, vectors: WordVectors) -> Any:
    rows, columns, values = [], [], []
    dense = np.zeros((len(sentences), vectors.vectors.shape[1]), dtype=np.float32)
    for number, sentence in enumerate(sentences):
        share = float(1 / divisors(np.array(len(sentence))))
        columns_here = [design.words[word] for word in sentence if word in design.words]
        columns_here += [
            len(design.words) + design.pairs[pair]
            for pair in _pairs(sentence)
            if pair in design.pairs
        ]
        rows += [number] * len(columns_here)
        columns += columns_here
        values += [share] * len(columns_here)
        places = [vectors.place[word] for word in sentence if word in vectors.place]
        if places:
            weights = design.rareness[places].astype(np.float32)
            dense[number] = weights @ vectors.vectors[places] * share
    shape = (len(sentences), len(design.words) + len(design.pairs))
    counts = sp.csr_matrix((values, (rows, columns)), shape=shape)
    return sp.hstack([counts, sp.csr_matrix(dense)]).tocsr()


def _pairs(sentence: Sequence[str]) -> Iterator[tuple[str, str]]:
    return pairwise((BORDER, *sentence, BORDER))


def fit(
    matrix: Any, labels: NDArray[Any], is_ordinary: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return coefficients [columns, outputs] and intercepts of a logistic regression each.

    The outputs are the labels, of which the last is any reason, and any reason once more, learnt
    without ordinary comments: among them are some that are urgent, and most are nothing alike.
    """
    urgent_first = {0: 1.0, 1: _URGENT_WEIGHT}
    models = [
        _regression(urgent_first).fit(matrix, labels[:, output])
        for output in range(labels.shape[1])
    ]
    models.append(_regression(None).fit(matrix[~is_ordinary], labels[~is_ordinary, -1]))
    return np.stack([m.coef_[0] for m in models], axis=1), np.array(
        [m.intercept_[0] for m in models]
    )


def _regression(class_weight: dict[int, float] | None) -> LogisticRegression:
    return LogisticRegression(
        C=_COST, solver="liblinear", class_weight=class_weight, tol=_TOLERANCE
    )


def cross_validate(
    matrix: Any,
    labels: NDArray[Any],
    groups: Sequence[str],
    trained: NDArray[Any],
    is_ordinary: NDArray[Any],
) -> NDArray[Any]:
    """Return [sentences, outputs] of models that have seen no sentence of the same group.

    Only the ``trained`` sentences are learnt from.
    """
    folds = dict.fromkeys(groups, 0)
    generator = np.random.default_rng(_SEED)
    folds = dict(zip(folds, generator.integers(FOLDS, size=len(folds)), strict=True))
    fold = np.array([folds[group] for group in groups])
    outputs = np.zeros((labels.shape[0], labels.shape[1] + 1))
    for number in range(FOLDS):
        others, these = (fold != number) & trained, fold == number
        coefficients, intercepts = fit(matrix[others], labels[others], is_ordinary[others])
        outputs[these] = matrix[these] @ coefficients + intercepts
    return outputs


def train(texts: Texts, rules: UrgencyRules) -> tuple[UrgencyParameters, UrgencyCard]:
    """Fit a model, with thresholds that keep the queue short."""
    vectors = WordVectors.load()
    phrases = UrgencyTriage(rules)
    findings = phrases.triage(texts.texts)
    reasons = tuple(rules.reasons)
    # Labelled texts come first.
    order = sorted(range(len(texts.texts)), key=lambda number: texts.is_ordinary[number])
    sentences, owners = [], []
    for number in order:
        plain = [p for word in phrases.flagger.split(texts.texts[number]) for p in word.plain]
        whole = bool(texts.reasons[number])
        for sentence in split_sentences(plain, whole=whole):
            sentences.append(sentence)
            owners.append(number)
    owner = np.array(owners)
    is_ordinary = np.array(texts.is_ordinary)
    labelled = int((~is_ordinary[owner]).sum())
    design = learn_design(sentences, labelled, vectors)
    labels = np.array([[r in texts.reasons[n] for r in reasons] for n in owners])
    labels = np.hstack([labels, labels.any(axis=1, keepdims=True)])
    # Ordinary comments that are urgent would teach the contrary.
    trained = np.array([not (texts.is_ordinary[n] and findings[n].certain) for n in owners])
    groups = [texts.groups[n] for n in owners]
    outputs = cross_validate(design.matrix, labels, groups, trained, is_ordinary[owner])
    levels = find_levels(texts, findings, outputs, owner, reasons)
    coefficients, intercepts = fit(
        design.matrix[trained], labels[trained], is_ordinary[owner][trained]
    )
    first_pair, first_dimension = len(design.words), len(design.words) + len(design.pairs)
    places = {word: place for place, word in enumerate(design.words)} | {BORDER: -1}
    parameters = UrgencyParameters(
        words=tuple(design.words),
        word_weights=coefficients[:first_pair].astype(np.float16),
        pairs=np.array([[places[a], places[b]] for a, b in design.pairs], dtype=np.int32),
        pair_weights=coefficients[first_pair:first_dimension].astype(np.float16),
        vector_weights=coefficients[first_dimension:].astype(np.float32),
        rareness=design.rareness,
        intercepts=intercepts.astype(np.float32),
        thresholds=np.full(len(reasons), levels.threshold, dtype=np.float32),
        certain_from=np.array([levels.certain_from], dtype=np.float32),
    )
    card = UrgencyCard(
        name=rules.name,
        version=f"{rules.name}-{parameters.fingerprint()}",
        reasons=reasons,
        data={
            **DATA,
            "sentences": int((~is_ordinary).sum()),
            "urgent": sum(map(bool, texts.reasons)),
            "kinds": len(
                {g for g, o in zip(texts.groups, texts.is_ordinary, strict=True) if not o}
            ),
            "ordinary comments": int(is_ordinary.sum()),
        },
        figures=figures(texts, levels.certain, levels.queued, reasons),
    )
    return parameters, card


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a model, write it and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.training.urgency")
    parser.add_argument("sentences", type=Path, nargs="+", help="TOML files of sentences")
    parser.add_argument(
        "--background", nargs="+", required=True, help="FILE.csv:COLUMN[:AUTHOR] or FILE.jsonl"
    )
    parser.add_argument("--licence", required=True, help="of the background, for the card")
    parser.add_argument("--rules", type=Path, help="urgency rules; default: the packaged ones")
    parser.add_argument("--out", type=Path, default=DEFAULT, help="folder of the model")
    options = parser.parse_args(arguments)
    texts = Texts()
    for path in options.sentences:
        read_sentences(path, texts)
    for source in options.background:
        read_background(source, texts)
    parameters, card = train(texts, UrgencyRules.load(options.rules))
    card.data["background"] = ", ".join(Path(s.split(":")[0]).name for s in options.background)
    card.data["background's licence"] = options.licence
    parameters.save(options.out, card)
    (options.out / "card.md").write_text(describe(card), encoding="utf-8")
    out.print_json(data=card.model_dump(include={"version", "data", "figures"}))


if __name__ == "__main__":
    main()
