from pathlib import Path

import numpy as np
import pytest

from pipeline.stages.parameters import WordVectors
from pipeline.stages.urgency_model import (
    DEFAULT,
    MAX_SENTENCE,
    UrgencyCard,
    UrgencyModel,
    UrgencyParameters,
)

VECTORS = WordVectors(
    {"knife": 0, "sword": 1}, np.array([[1.0], [0.5]], dtype=np.float32), np.zeros((2, 2))
)


def parameters(**changes: object) -> UrgencyParameters:
    """One reason; outputs are of that reason, of any, and of what does not only sound urgent."""
    arrays = {
        "words": ("bread", "knife", "my"),
        "word_weights": np.array([[0, -1, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float16),
        "pairs": np.array([[0, 1], [-1, 1]], dtype=np.int32),
        "pair_weights": np.array([[0, -5, 0], [3, 0, 0]], dtype=np.float16),
        "vector_weights": np.array([[0.0, 2.0, 0.0]], dtype=np.float32),
        "rareness": np.array([1, 1], dtype=np.float16),
        "intercepts": np.zeros(3, dtype=np.float32),
        "thresholds": np.array([1.0], dtype=np.float32),
        "certain_from": np.array([0.2], dtype=np.float32),
    }
    return UrgencyParameters(**(arrays | changes))  # type: ignore[arg-type]


def card(of: UrgencyParameters) -> UrgencyCard:
    return UrgencyCard(name="toy", version=f"toy-{of.fingerprint()}", reasons=("danger",))


def find(*texts: str) -> list[tuple[int, int, int]]:
    model = UrgencyModel(parameters(), card(parameters()), VECTORS)
    found = model.find_sentences([model.rows(text.split()) for text in texts])
    assert all(sentence.reasons == ("danger",) for sentence in found)
    return [(sentence.comment, sentence.first, sentence.end) for sentence in found]


def test_a_sentence_is_found_by_its_words_pairs_and_vectors() -> None:
    assert find("my knife") == [(0, 0, 2)]  # word and vector
    assert find("bread knife") == []  # the pair speaks against it
    assert find("my sword") == []  # a vector alone is too weak here
    assert find("knife") == [(0, 0, 1)]  # so is a pair with the border, but not with the word


def test_each_sentence_of_each_comment_is_judged_alone() -> None:
    assert find("my bread . my knife . bread knife", "", ".", "my knife .") == [
        (0, 3, 5),
        (3, 0, 2),
    ]


def test_a_long_sentence_is_judged_in_pieces() -> None:
    text = " ".join(["my"] * MAX_SENTENCE + ["my", "knife"])
    assert find(text) == [(0, MAX_SENTENCE, MAX_SENTENCE + 2)]


def test_what_may_only_sound_urgent_is_told_for_each_word() -> None:
    model = UrgencyModel(parameters(), card(parameters()), VECTORS)
    rows = model.rows(["my", "knife", ".", "bread", "knife", ".", "my"])
    assert model.find_doubted(rows) == [False, False, False, True, True, False, False]
    assert model.find_doubted(model.rows([".", "."])) == [False, False]


def test_comments_without_words_have_no_sentences() -> None:
    assert find() == find("") == find("", ".") == []


def test_a_model_reads_back_as_it_was_written(tmp_path: Path) -> None:
    parameters().save(tmp_path, card(parameters()))
    read, read_card = UrgencyParameters.load(tmp_path)
    assert read.fingerprint() == parameters().fingerprint()
    assert read_card == card(parameters())


def test_arrays_of_another_model_are_refused(tmp_path: Path) -> None:
    other = parameters(intercepts=np.ones(3, dtype=np.float32))
    other.save(tmp_path, card(parameters()))
    with pytest.raises(ValueError, match=r"not of the model that model\.json describes"):
        UrgencyModel.load(tmp_path)


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    parameters().save(tmp_path, card(parameters()))
    (tmp_path / "model.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="is not a model of urgency"):
        UrgencyModel.load(tmp_path)


def test_the_packaged_model_has_a_card_with_its_figures() -> None:
    packaged = UrgencyParameters.load(DEFAULT)[1]
    assert packaged.name == "healthcare"
    assert set(packaged.figures["found"]) == {*packaged.reasons, "any reason"}
    assert packaged.figures["ordinary comments in the queue"]["share"] <= 0.02
