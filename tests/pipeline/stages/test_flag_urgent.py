import csv
import os
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.stages.flag_urgent import UrgencyFlagger
from pipeline.stages.urgency_rules import UrgencyRules

CASES: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("urgent_cases.toml").read_text(encoding="utf-8")
)
DATA = Path(os.environ.get("FEEDBACK_DATA", "../shared/data"))
RULES = UrgencyRules.load()
FLAGGER = UrgencyFlagger(RULES)
HALVES = ("develop", "judge")

RETAIL = """
name = "retail"
version = "3"
everyday = ["the", "was"]
[spellings]
refund = ["refnd"]
"do not" = ["dont"]
[lists]
person = "{customer|cashier} | child*"
[reasons.injury]
title = "Somebody was hurt"
priority = 1
phrases = ["PHRASE"]
unless = ["not *2 hurt", "hurt my pride *2"]
[reasons.refund]
title = "Wants money back"
priority = 2
phrases = ["refund"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "rules.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def flagger(path: Path) -> UrgencyFlagger:
    return UrgencyFlagger(UrgencyRules.load(path))


def show(text: str, by: UrgencyFlagger = FLAGGER) -> dict[str, list[str]]:
    return {
        finding.reason: [text[begin:end] for begin, end in finding.spans]
        for finding in by.flag(text)
    }


@pytest.mark.parametrize(
    ("phrase", "text", "evidence"),
    [
        ("hurt", "It HURT.", ["HURT"]),
        ("hurt", "hurtful", []),
        ("hurt*", "hurtful, hurting", ["hurtful", "hurting"]),
        ("{cut|trapped in the} {lift|door}", "Trapped in the door!", ["Trapped in the door"]),
        ("fell [over] in", "fell in, fell over in", ["fell in", "fell over in"]),
        ("broke * leg", "broke leg, broke a leg, broke his left leg", ["broke leg", "broke a leg"]),
        ("broke *3 leg", "broke his whole left leg", ["broke his whole left leg"]),
        ("broke *3 leg", "It broke. Table leg", []),
        ("^ help", "help! I need help. Help", ["help", "Help"]),
        ("help $", "help me. I need help", ["help"]),
        ("<person> fell", "a cashier fell, children fell", ["cashier fell", "children fell"]),
        ("do not breathe", "we don’t breathe, DON'T BREATHE", ["don’t breathe", "DON'T BREATHE"]),
        ("self-harm", "self harm, self-harm", ["self harm", "self-harm"]),
        ("tödlich", "todlich to\u0308dlich", ["todlich", "to\u0308dlich"]),
        ("2.5 mg", "took 2.5 mg", ["2.5 mg"]),
    ],
)
def test_a_phrase_finds_what_its_header_says(
    write: Callable[[str], Path], phrase: str, text: str, evidence: list[str]
) -> None:
    reasons = show(text, flagger(write(RETAIL.replace("PHRASE", phrase))))
    assert reasons == ({"injury": evidence} if evidence else {})


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("I was hurt", ["hurt"]),
        ("I was not hurt", []),
        ("I was not hurt, my son was hurt", ["hurt"]),
        ("It hurt my pride a lot. It hurt", ["hurt"]),
    ],
)
def test_what_stands_inside_an_exception_does_not_count(
    write: Callable[[str], Path], text: str, evidence: list[str]
) -> None:
    reasons = show(text, flagger(write(RETAIL.replace("PHRASE", "hurt"))))
    assert reasons.get("injury", []) == evidence


def test_a_phrase_that_reaches_beyond_an_exception_counts(write: Callable[[str], Path]) -> None:
    by = flagger(write(RETAIL.replace("PHRASE", "hurt *2 bleeding")))
    assert show("not hurt but bleeding", by) == {"injury": ["hurt but bleeding"]}


def test_a_hint_makes_a_comment_worth_reading_and_no_more(write: Callable[[str], Path]) -> None:
    rules = RETAIL.replace("PHRASE", "hurt").replace(
        "unless =", 'hints = ["sore *2 leg"]\nunless ='
    )
    by = flagger(write(rules))
    found = by.find(text := "My hip and my sore left leg", by.split(text))
    assert (found.certain, [finding.reason for finding in found.maybe]) == ((), ["injury"])
    assert by.flag(text) == ()


def test_findings_come_in_the_order_of_the_rules_with_merged_spans(
    write: Callable[[str], Path],
) -> None:
    path = write(RETAIL.replace('"PHRASE"', '"fell down", "down the stairs", "hurt"'))
    text = "A refnd! She fell down the stairs and was hurt"
    assert show(text, flagger(path)) == {
        "injury": ["fell down the stairs", "hurt"],
        "refund": ["refnd"],
    }
    assert [finding.reason for finding in flagger(path).flag(text)] == ["injury", "refund"]


def test_the_version_names_the_rules(write: Callable[[str], Path]) -> None:
    assert flagger(write(RETAIL)).version == "retail-3-urgency"
    assert FLAGGER.version == "healthcare-3-urgency"


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("{cut|hurt", r'reason injury: phrase "{cut\|hurt": a { or \[ is never closed'),
        ("cut} hurt", "} stands alone"),
        ("{cut|} hurt", "there are no words between two marks"),
        ("", "there are no words between two marks"),
        ("<persons> hurt", "there is no list persons above it"),
        ("cut *13 hurt", r"\*13 is not a word"),
        ("h*rt", r"h\*rt is not a word"),
        ("!!", "!! is not a word"),
        ("*3 [hurt]", "it needs a word that is always there"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_refused_by_name(
    write: Callable[[str], Path], phrase: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        UrgencyRules.load(write(RETAIL.replace("PHRASE", phrase)))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("priority = 1", "priority = 0"),
        ("unless =", "except ="),
        ("[reasons.injury]", "[reasons.A]"),
    ],
)
def test_what_the_file_does_not_know_is_refused(
    write: Callable[[str], Path], right: str, wrong: str
) -> None:
    with pytest.raises(ValidationError):
        UrgencyRules.load(write(RETAIL.replace(right, wrong)))


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Food good. I’ve had SUICIDAL thoughts, lift broken", {"self_harm": ["SUICIDAL"]}),
        ("sucidal", {"self_harm": ["sucidal"]}),
        (
            "He gave me the wrong tablets. Can sum1 call me pls",
            {"medication_error": ["wrong tablets"], "contact_request": ["Can sum1 call me pls"]},
        ),
        ("\ud800They are racist\x00\ud800", {"discrimination": ["racist"]}),
        ("Je n’ai plus envie de vivre", {"self_harm": ["n’ai plus envie de vivre"]}),
        ("Friendly staff, short wait, would come again", {}),
        ("", {}),
    ],
)
def test_the_evidence_is_what_was_written(text: str, evidence: dict[str, list[str]]) -> None:
    assert show(text) == evidence


def counts(half: str, reason: str) -> tuple[int, int, int]:
    """Rightly found, missed, wrongly found; over all sentences of the half."""
    found = missed = wrong = 0
    for group in CASES[half]:
        for text in group["texts"]:
            flagged = reason in {finding.reason for finding in FLAGGER.flag(text)}
            if reason in group["reasons"]:
                found += flagged
                missed += not flagged
            elif reason not in CASES["arguable"].get(text, ()):
                wrong += flagged
    return found, missed, wrong


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("reason", RULES.reasons)
def test_most_of_what_is_urgent_is_found_and_little_else(half: str, reason: str) -> None:
    found, missed, wrong = counts(half, reason)
    assert found / (found + missed) >= 0.95
    assert found / (found + wrong) >= 0.85


def test_every_reason_has_sentences_enough_and_no_label_is_unknown() -> None:
    for half in HALVES:
        for reason in RULES.reasons:
            groups = [group for group in CASES[half] if group["about"] == reason]
            assert min(len(group["texts"]) for group in groups) >= 30
    labels = {reason for half in HALVES for group in CASES[half] for reason in group["reasons"]}
    assert labels | {r for rs in CASES["arguable"].values() for r in rs} == set(RULES.reasons)


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    text = f"{text} suicidal {text}"
    for finding in FLAGGER.flag(text):
        ends = [0, *(end for span in finding.spans for end in span)]
        assert ends == sorted(ends)
        assert ends[-1] <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "." * 1_000_000 + "x",
        "'" * 1_000_000,
        "suicid" * 150_000,
        "want to " * 12_500,
        "I want to die. Please call me, the nurse hit my mum and gave me wrong tablets. " * 1_250,
    ],
    ids=lambda text: text[:8],
)
def test_a_long_text_takes_no_longer_than_its_length_allows(text: str) -> None:
    FLAGGER.flag(text[:1_000])  # patterns are compiled when first needed
    began = time.process_time()
    FLAGGER.flag(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "Waited four hours. Then in the dark, call me on",
        "The ward was dirty, email me at my work email",
        "My mum was given the wrong tablets, phone me",
        "Left on a trolley all night so ring me",
    ],
)
def test_a_request_in_the_same_breath_is_found(text: str) -> None:
    assert "contact_request" in show(text)


@pytest.mark.parametrize(
    "text",
    [
        "The park run was 12 KMs",
        "The parking is not worth the price",
        "I enjoyed interacting with other mums",
        "Speech therapy went further than asked",
        "In the film a man had a knife",
        "My niece is a barrister and was impressed",
        "The nurse told me that they would ring me",
        "Her arms were tied by the rules on visiting",
        "Nobody turned up to the talk",
        "The board would commit suicide to close the unit",
        "That road is a suicide run",
        "He is fitting our kitchen",
        "She beats me at dominoes",
        "I have been blind from birth",
        "They killed us with kindness",
        "I would only call a solicitor for my will",
    ],
)
def test_what_only_looks_like_a_phrase_is_left_alone(text: str) -> None:
    assert show(text) == {}


def test_about_one_comment_in_a_hundred_is_flagged() -> None:
    path = DATA / "nhs_feedback.csv"
    if not path.exists():
        pytest.skip(f"the NHS data are not at {DATA}; FEEDBACK_DATA names their folder")
    with path.open(encoding="utf-8-sig", newline="") as file:
        texts = [text for row in csv.DictReader(file) if (text := row["FFT answer"].strip())]
    assert 0.005 < sum(bool(FLAGGER.flag(text)) for text in texts) / len(texts) < 0.015
