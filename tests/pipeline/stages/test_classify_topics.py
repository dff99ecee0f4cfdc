import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.stages.classify_topics import Grouping, Taxonomy, TopicClassifier
from pipeline.stages.tokens import token_spans, tokenize
from schemas.feedback import Priority

RETAIL = """
name = "retail"
version = "3"
[themes]
shop = { title = "Shop" }
money = { title = "Money" }
[interactions]
complaint = { title = "Complaint", priority = "high" }
question = { title = "Question", priority = "low" }
[topics.tills]
title = "Tills"
theme = "shop"
interaction = "question"
terms = ["till*", "check out", "self service", "had to queue"]
[topics.returns]
title = "Returns"
theme = "money"
interaction = "complaint"
terms = ["refund*", "couldn’t return"]
[topics.opinion]
title = "An opinion"
terms = ["lovely"]
"""
TAXONOMY = Taxonomy.model_validate(tomllib.loads(RETAIL))
CLASSIFIER = TopicClassifier(TAXONOMY.groups())


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Two TILLS closed", {"tills": ["TILLS"]}),
        ("I could not check out, no refund", {"tills": ["check out"], "returns": ["refund"]}),
        ("check it out", {}),
        ("out check", {}),
        ("self-service is broken", {"tills": ["self-service"]}),
        ("We had to queue and had to wait", {"tills": ["had to queue"]}),
        ("had to", {}),
        (
            "COULDN'T RETURN it, couldn’t return it",
            {"returns": ["COULDN'T RETURN", "couldn’t return"]},
        ),
        ("till till", {"tills": ["till", "till"]}),
        ("", {}),
    ],
)
def test_terms_find_topics_and_where_they_stand(text: str, topics: dict[str, list[str]]) -> None:
    tokens = tokenize(text)
    for _ in range(2):  # the second time from what it remembers
        found = CLASSIFIER.classify(tokens)
        assert found == tuple(sorted(topics))
        places = CLASSIFIER.evidence(tokens, token_spans(text, tokens), found)
        assert {t: [text[a:b] for a, b in spans] for t, spans in places.items()} == topics


@pytest.mark.parametrize(
    ("topics", "themes", "interactions", "priority"),
    [
        ((), (), (), None),
        (("opinion",), (), (), None),
        (("tills",), ("shop",), ("question",), Priority.LOW),
        (("returns", "tills"), ("money", "shop"), ("complaint", "question"), Priority.HIGH),
        (("tills", "unheard_of"), ("shop",), ("question",), Priority.LOW),
    ],
)
def test_topics_have_themes_interactions_and_the_highest_priority(
    topics: tuple[str, ...],
    themes: tuple[str, ...],
    interactions: tuple[str, ...],
    priority: Priority | None,
) -> None:
    grouping = Grouping(TAXONOMY)
    assert [grouping.group(topics) for _ in range(2)] == [(themes, interactions, priority)] * 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('theme = "shop"', 'theme = "shp"', "topic tills: there is no theme shp"),
        (
            'interaction = "complaint"',
            'interaction = "none"',
            "topic returns: there is no interaction none",
        ),
        ('"lovely"', '"lovely", "..."', r"topic opinion: the term '\.\.\.' holds no word"),
        ('"lovely"', '"*"', r"topic opinion: the term '\*' holds no word"),
        ('["lovely"]', "[]", "at least 1 item"),
        ("[topics.tills]", '[topics."The tills"]', "should match pattern"),
        ('name = "retail"', 'name = "My shop"', "should match pattern"),
        ('priority = "high"', 'priority = "urgent"', "'high', 'medium' or 'low'"),
        ('title = "Tills"', 'title = "Tills"\nterm = "x"', "Extra inputs are not permitted"),
    ],
)
def test_a_taxonomy_that_cannot_be_meant_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(RETAIL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValidationError, match=message):
        Taxonomy.load(path)


def test_every_edit_of_the_file_shows_in_the_version(tmp_path: Path) -> None:
    path = tmp_path / "retail.toml"
    path.write_text(RETAIL, encoding="utf-8")
    assert Taxonomy.load(path).fingerprint == TAXONOMY.fingerprint
    assert TAXONOMY.fingerprint.startswith("retail-3-")
    path.write_text(RETAIL.replace('"refund*"', '"refunds"'), encoding="utf-8")
    assert Taxonomy.load(path).fingerprint != TAXONOMY.fingerprint


def test_the_package_knows_health_services() -> None:
    classifier = TopicClassifier(Taxonomy.load().groups())
    topics = classifier.classify(tokenize("Waited 3 hours, and the car park was full"))
    assert {"parking", "waiting_time"} <= set(topics)
