"""Doubts: what is settled, denied, conditional or told of others waits in the queue."""

import tomllib
from pathlib import Path
from typing import Final

import pytest

from pipeline.stages.flag_urgent import UrgencyFlagger
from pipeline.stages.triage_urgent import UrgencyTriage
from pipeline.stages.urgency_rules import UrgencyRules

RULES = UrgencyRules.load()
FLAGGER = UrgencyFlagger(RULES)
TRIAGE = UrgencyTriage.load(RULES)
DOUBTFUL: Final[list[str]] = tomllib.loads(
    Path(__file__).with_name("urgent_doubtful.toml").read_text(encoding="utf-8")
)["texts"]

RETAIL: Final = """
name = "retail"
version = "3"
doubts = ["*3 years ago", "if *9"]
[reasons.injury]
title = "Somebody was hurt"
priority = 1
phrases = ["he was hurt"]
"""


@pytest.mark.parametrize(
    ("text", "is_certain"),
    [
        ("He was hurt", True),
        ("He was hurt years ago", False),
        ("Years ago he was hurt", True),
        ("If he was hurt we would know", False),
        ("He was hurt and asked if we cared", True),
    ],
)
def test_a_doubt_holds_what_begins_within_it_or_with_its_gap(
    tmp_path: Path, text: str, is_certain: bool
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RETAIL, encoding="utf-8")
    by = UrgencyFlagger(UrgencyRules.load(path))
    found = by.find(text, by.split(text))
    assert (bool(found.certain), bool(found.maybe)) == (is_certain, not is_certain)


@pytest.mark.parametrize(
    "text",
    [
        "My neighbour says that she will sue",
        "My daughter's friend cuts herself",
        "He took an overdose in the seventies",
        "When I was nineteen I was raped, your counsellor helped",
        "I owe my life to the crew who came after my overdose",
        "Our aunt was never neglected by anyone",
        "Nobody was ever nasty about my skin",
        "I don't want to kill anyone",
        "If I had been given the wrong drug I would have noticed",
        "I could have lost my foot if they had not looked",
        "Her previous clinic gave her the wrong dose",
        "They said to come back if I felt like harming myself",
        "I would have gone to the ombudsman if the letter had been rude",
    ],
)
def test_what_is_settled_denied_conditional_or_of_others_is_in_the_queue(text: str) -> None:
    found = FLAGGER.find(text, FLAGGER.split(text))
    assert found.certain == ()
    assert found.maybe


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I was suicidal last year and it has come back", "self_harm"),
        ("If you don't ring me I will kill myself", "self_harm"),
        ("If that doctor comes near me I will smash his face", "immediate_danger"),
        ("The balcony has no rail and confused patients go out there", "immediate_danger"),
        ("i wana die", "self_harm"),
        ("I would like to know why they gave her the wrong tablets", "medication_error"),
    ],
)
def test_what_shares_the_words_of_doubts_stays_certain(text: str, reason: str) -> None:
    assert reason in [finding.reason for finding in FLAGGER.flag(text)]


@pytest.mark.parametrize(
    "text",
    [
        "The board are committing suicide if they shut such a lovely unit",
    ],
)
def test_the_model_doubts_phrases_by_all_the_words_around_them(text: str) -> None:
    assert FLAGGER.flag(text)
    findings, in_other_language = TRIAGE.triage([text])[0], TRIAGE.triage([text], [False])[0]
    assert (findings.certain, bool(findings.maybe)) == ((), True)
    assert in_other_language.certain


def test_what_only_sounds_urgent_interrupts_hardly_anybody() -> None:
    findings = TRIAGE.triage(DOUBTFUL)
    assert sum(bool(found.certain) for found in findings) / len(DOUBTFUL) <= 0.02


def test_a_wish_to_die_beside_a_complaint_is_certain() -> None:
    assert TRIAGE.triage(["The wait was awful, I want to end it all"])[0].certain
