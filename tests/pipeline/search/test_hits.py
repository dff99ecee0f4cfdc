"""The evidence of a topic's own sentiment in a hit."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.search.hits import WantedEvidence, read_hit
from schemas.feedback import Label

TEXT = "Waited hours, but kind staff"
EVIDENCE = {"topic:waiting": [[0, 6]], "topic:staff": [[23, 28]]}
OWN = [
    {"topic": "waiting", "label": "negative", "evidence": [[7, 12]]},
    {"topic": "staff", "label": "positive"},
]
LISTS = {"negative_topics": ["waiting"], "positive_topics": ["staff"]}
BLAME = (("waiting", Label.NEGATIVE), ("staff", Label.NEGATIVE))


@pytest.mark.parametrize(
    ("feedback", "wanted", "marked"),
    [
        ({"topic_sentiments": OWN, **LISTS}, BLAME, ["hours"]),
        ({"topic_sentiments": OWN, **LISTS}, (("staff", Label.POSITIVE),), ["staff"]),
        ({"topic_sentiments": OWN, **LISTS}, (("Sta*", Label.NEGATIVE),), []),
        ({"sentiment": {"label": "negative"}, "topics": ["waiting", "staff"]}, BLAME[:1],
         ["Waited"]),
        ({"sentiment": {"label": "positive"}, "topics": ["waiting", "staff"]}, BLAME, []),
        ({}, BLAME[:1], ["Waited"]),
    ],
)  # fmt: skip
def test_only_topics_that_have_the_wanted_sentiment_are_marked(
    feedback: dict[str, Any], wanted: tuple[tuple[str, Label], ...], marked: list[str]
) -> None:
    source = {"message": TEXT, "feedback": {"evidence": EVIDENCE, **feedback}}
    hit = read_hit({"_source": source}, WantedEvidence(topic_sentiments=wanted))
    assert [TEXT[slice(*span)] for span in hit.spans] == marked
