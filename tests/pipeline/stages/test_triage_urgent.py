import csv
import os
import time
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.stages.flag_urgent import UrgencyFindings
from pipeline.stages.triage_urgent import UrgencyTriage, to_fields
from pipeline.stages.urgency_rules import UrgencyRules

UNSEEN: Final[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("urgent_unseen.toml").read_text(encoding="utf-8")
)
DATA = Path(os.environ.get("FEEDBACK_DATA", "../shared/data"))
RULES = UrgencyRules.load()
TRIAGE = UrgencyTriage.load(RULES)


def triage(text: str) -> UrgencyFindings:
    return TRIAGE.triage([text])[0]


def reasons(text: str) -> tuple[list[str], list[str]]:
    findings = triage(text)
    return [f.reason for f in findings.certain], [f.reason for f in findings.maybe]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("i keep thinkng abuot suiside", "self_harm"),
        ("the nurse gave me the worng tabelts", "medication_error"),
        ("he is unconcious an turnning blue", "immediate_danger"),
        ("the recepcionist was racisst", "discrimination"),
        ("she has been asaullted on the ward", "safeguarding"),
        ("i have spoken to my solicter", "serious_harm"),
        ("plaese conntact me", "contact_request"),
    ],
)
def test_misspelt_words_of_the_rules_are_corrected(text: str, reason: str) -> None:
    assert reason in reasons(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "Sandra and Bryony on reception were lovely",
        "The physio gave me a brill set of stretches",
        "My stoma nurse and the podiatrist were ace",
    ],
)
def test_names_and_words_spelt_right_are_not_corrected(text: str) -> None:
    assert reasons(text) == ([], [])


def test_what_may_be_urgent_is_shown_by_its_sentence() -> None:
    text = "The parking was fine. He has written letters to all of us and given his dog away. Bye."
    findings = triage(text)
    assert findings.certain == ()
    shown = [text[begin:end] for finding in findings.maybe for begin, end in finding.spans]
    assert "self_harm" in [finding.reason for finding in findings.maybe]
    assert set(shown) == {"He has written letters to all of us and given his dog away"}


def test_a_comment_that_is_urgent_is_not_in_the_queue() -> None:
    found, maybe = reasons("I want to die. He has written letters to us and given his dog away.")
    assert (found, maybe) == (["self_harm"], [])


def test_the_model_judges_only_languages_that_it_knows() -> None:
    text = "He has written letters to all of us and given his dog away"
    read, unread = TRIAGE.triage([text, text], [True, False])
    assert read.maybe
    assert unread == UrgencyFindings()


def test_a_text_is_judged_alike_alone_and_in_a_batch() -> None:
    texts = [text for group in UNSEEN["sentences"] for text in group["texts"]][:60]
    assert TRIAGE.triage(texts) == [triage(text) for text in texts]


def test_rules_of_another_sector_have_no_model(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        'name = "retail"\nversion = "1"\n[reasons.refund]\ntitle = "Refund"\npriority = 1\n'
        'phrases = ["refund"]\nhints = ["money back"]\n',
        encoding="utf-8",
    )
    by = UrgencyTriage.load(UrgencyRules.load(path))
    assert by.version == "retail-1-urgency"
    refund, money = by.triage(["A refund", "I want my money back"])
    assert [bool(refund.certain), bool(money.certain), bool(money.maybe)] == [True, False, True]


def test_the_version_names_rules_and_model() -> None:
    assert TRIAGE.model is not None
    assert TRIAGE.version == f"healthcare-3-urgency+{TRIAGE.model.version}"


def test_fields_and_evidence_hold_both_levels() -> None:
    text = "He has written letters to all of us and given his dog away"
    evidence: dict[str, Any] = {}
    fields = to_fields(triage(text), evidence)
    assert (fields["urgent"], fields["urgent_reasons"], fields["maybe_urgent"]) == (False, (), True)
    assert list(evidence) == [f"maybe_urgent:{name}" for name in fields["maybe_urgent_reasons"]]  # type: ignore[union-attr]


def test_most_sentences_never_trained_on_are_found_by_either_level() -> None:
    urgent = [text for group in UNSEEN["sentences"] if group["reasons"] for text in group["texts"]]
    found = TRIAGE.triage(urgent)
    assert sum(bool(each.certain or each.maybe) for each in found) / len(urgent) >= 0.8


def test_what_only_sounds_urgent_is_seldom_certain() -> None:
    alike = [
        text for group in UNSEEN["sentences"] if not group["reasons"] for text in group["texts"]
    ]
    assert sum(bool(each.certain) for each in TRIAGE.triage(alike)) / len(alike) <= 0.1


def test_few_ordinary_comments_are_in_the_queue() -> None:
    path = DATA / "nhs_feedback.csv"
    if not path.exists():
        pytest.skip(f"the NHS data are not at {DATA}; FEEDBACK_DATA names their folder")
    with path.open(encoding="utf-8-sig", newline="") as file:
        texts = [text for row in csv.DictReader(file) if (text := row["FFT answer"].strip())]
    assert sum(bool(each.maybe) for each in TRIAGE.triage(texts)) / len(texts) < 0.02


@pytest.mark.parametrize(
    "text",
    [
        "wrong tablets nurse hit me call " * 3_125,
        "".join(f"tabl{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}s " for n in range(12_500)),
        " ".join(
            "".join(chr(97 + (n * 31 + place * place) % 26) for place in range(9))
            for n in range(10_000)
        ),
        "please call me back about my mother who " * 2_500,
        "die," * 25_000,
    ],
    ids=["phrases", "near words", "unknown words", "requests", "one word"],
)
def test_a_hundred_thousand_hostile_characters_take_no_longer_than_their_length(text: str) -> None:
    triage(text[:1_000])  # patterns are compiled when first needed
    began = time.process_time()
    triage(text[:100_000])
    assert time.process_time() - began < 5
