from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.stages.classify_topics import Taxonomy, TopicClassifier

RETAIL = """
name = "retail"
version = "3"
[themes]
shop = { title = "Shop" }
[topics.tills]
title = "Tills"
theme = "shop"
terms = ["till*", "check out", "self service"]
[topics.returns]
title = "Returns"
theme = "shop"
terms = ["refund*"]
"""


@pytest.fixture
def retail(tmp_path: Path) -> TopicClassifier:
    path = tmp_path / "retail.toml"
    path.write_text(RETAIL, encoding="utf-8")
    return TopicClassifier(Taxonomy.load(path))


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Two TILLS closed", ("tills",)),
        ("I could not check out, no refund", ("returns", "tills")),
        ("check it out", ()),
        ("self-service is broken", ("tills",)),
        ("", ()),
    ],
)
def test_terms_find_words_endings_and_phrases(
    retail: TopicClassifier, text: str, topics: tuple[str, ...]
) -> None:
    assert retail.classify(text) == topics


def test_topics_have_their_themes_and_the_file_its_version(retail: TopicClassifier) -> None:
    assert retail.themes_of(("returns", "tills")) == ("shop",)
    assert retail.version == "retail-3-terms"


def test_the_package_knows_health_services() -> None:
    classifier = TopicClassifier(Taxonomy.load())
    assert classifier.classify("Waited 3 hours, and the car park was full") == (
        "parking_and_transport",
        "waiting_time",
    )


def test_a_topic_of_an_unknown_theme_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(RETAIL.replace('theme = "shop"', 'theme = "shp"', 1), encoding="utf-8")
    with pytest.raises(ValidationError, match="topic tills: there is no theme shp"):
        Taxonomy.load(path)
