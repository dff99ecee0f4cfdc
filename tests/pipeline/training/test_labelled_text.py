"""The comments that are written to learn from, and how they are read."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.sentences import read_sentences
from pipeline.training.corpora import read_corpus
from pipeline.training.labelled_text import WRITTEN, read_written
from pipeline.training.origins import levels_by_segment


def test_every_packaged_comment_is_read_and_stands_once() -> None:
    texts = list(read_written(WRITTEN))
    keys = Counter((text.text, text.question) for text in texts)
    assert len(texts) > 10_000
    assert keys.most_common(1)[0][1] == 1
    known = set(Taxonomy.load(None).topics)
    assert {topic for text in texts for topic in text.topics or ()} <= known


def test_the_readme_counts_the_packaged_comments() -> None:
    page = (WRITTEN / "README.md").read_text(encoding="utf-8")
    counted = dict(re.findall(r"\| `(\w+\.jsonl)` \| ([\d,]+) \|", page))
    lines = {
        path.name: len(path.read_text("utf-8").splitlines()) for path in WRITTEN.glob("*.jsonl")
    }
    assert {name: int(count.replace(",", "")) for name, count in counted.items()} == lines


def test_packaged_comments_hold_no_contact_data() -> None:
    contact = re.compile(r"\S@\w+\.\w|https?://|\b\d[\d -]{8,}\d\b")
    found = [text.text for text in read_written(WRITTEN) if contact.search(text.text)]
    assert found == []


def test_a_comment_has_its_pieces_question_and_topics(tmp_path: Path) -> None:
    row = {"pieces": [["Kind nurses", 1], ["but no parking.", 3]], "level": 2, "question": "good",
           "topics": ["parking"]}  # fmt: skip
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    (text,) = read_written(file)
    assert (text.text, text.level) == ("Kind nurses but no parking.", 2)
    assert text.question == "What was good?"
    assert text.topics == frozenset({"parking"})
    assert text.pieces == (("Kind nurses", 1), ("but no parking.", 3))


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"pieces": [], "level": 1}',
        '{"pieces": [["a", 5]], "level": 1}',
        '{"pieces": [["a", 1]], "level": 1, "question": "when"}',
        "[1]",
    ],
)
def test_what_is_no_such_comment_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"pieces": [["Fine.", 1]], "level": 1}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2 of own\.jsonl"):
        read_corpus("written", file)


def test_segments_take_the_levels_of_the_pieces_they_are_of() -> None:
    pieces = (
        ("The porter was lovely,", 1),
        ("but the lift was broken!", 3),
        ("I came on Monday.", 2),
    )
    reading = read_sentences(" ".join(text for text, _ in pieces))
    assert len(reading.ends) == 3
    assert levels_by_segment(reading, pieces) == [1, 3, 2]
