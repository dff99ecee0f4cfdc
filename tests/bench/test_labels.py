"""Labels for measuring: form, counts, and that they hold no text of others."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.file.columns.presets import get_preset
from pipeline.stages.classify_topics import Taxonomy
from pipeline.training.labelled_text import WRITTEN, read_written

FOLDER = Path(__file__).parents[2] / "bench" / "labels"
REASONS = {
    "immediate_danger",
    "self_harm",
    "safeguarding",
    "medication_error",
    "serious_harm",
    "discrimination",
    "contact_request",
}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_topic_sentiments_hold_hashes_and_no_text() -> None:
    for row in rows("topic_sentiments.jsonl"):
        assert set(row) == {"text_sha256", "mixed", "topics"}
        assert re.fullmatch(r"[0-9a-f]{16}", row["text_sha256"])


def test_topic_sentiments_use_topics_and_labels_of_the_product() -> None:
    topics = set(get_preset("nhs-fft").labels.topics)
    for row in rows("topic_sentiments.jsonl"):
        assert row["topics"] and set(row["topics"]) <= topics
        assert set(row["topics"].values()) <= {"positive", "neutral", "negative"}


def test_each_comment_is_labelled_once() -> None:
    labelled = rows("topic_sentiments.jsonl")
    assert len({row["text_sha256"] for row in labelled}) == len(labelled) == 200


def test_urgent_texts_have_reasons_and_others_none() -> None:
    for row in rows("urgent.jsonl"):
        assert set(row["right"]) <= REASONS
        assert bool(row["right"]) == row["kind"].startswith("urgent")


@pytest.mark.parametrize(("kind", "count"), [("urgent", 100), ("near miss", 100), ("ordinary", 60)])
def test_urgent_texts_are_as_many_as_the_page_says(kind: str, count: int) -> None:
    texts = {row["text"] for row in rows("urgent.jsonl") if row["kind"].startswith(kind)}
    assert len(texts) == count


@pytest.mark.parametrize("kind", ["story", "clinic", "hospital", "survey", "tweet"])
def test_texts_are_a_hundred_of_each_kind(kind: str) -> None:
    texts = [row for row in rows("texts.jsonl") if row["kind"] == kind]
    assert len({row["text"] for row in texts}) == len(texts) == 100
    assert {row["label"] for row in texts} == {"positive", "neutral", "negative"}


def test_mixed_texts_use_topics_and_labels_of_the_product() -> None:
    topics = set(Taxonomy.load(None).topics)
    for row in rows("mixed.jsonl"):
        assert row["topics"] and set(row["topics"]) <= topics
        assert set(row["topics"].values()) <= {"positive", "neutral", "negative"}


def test_no_text_that_measures_is_learnt_from_but_for_words_that_anybody_writes() -> None:
    learnt = {text.text for text in read_written(WRITTEN)}
    learnt |= {piece for text in read_written(WRITTEN) for piece, _ in text.pieces}
    for name in ("texts.jsonl", "mixed.jsonl", "urgent.jsonl", "urgent_and_ordinary.jsonl"):
        texts = {row["text"] for row in rows(name)}
        assert all(len(text.split()) <= 3 for text in learnt & texts)


def test_urgent_and_ordinary_texts_are_as_many_as_the_page_says() -> None:
    texts = rows("urgent_and_ordinary.jsonl")
    kinds = Counter(row["kind"].split(":")[0] for row in texts)
    assert kinds == {"urgent": 100, "near miss": 100, "ordinary": 300}
    assert len({row["text"] for row in texts}) == 500
    assert all(row["urgent"] == row["kind"].startswith("urgent") for row in texts)
