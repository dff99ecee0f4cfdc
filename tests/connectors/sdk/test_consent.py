"""Consent: what is a yes."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sdk.consent import is_consent


@pytest.mark.parametrize(
    "value",
    [True, 1, "Yes", "yes, please", "Ja", "true", ["By phone", "By e-mail"], "You may ring me"],
)
def test_a_choice_is_a_yes_unless_it_says_no(value: Any) -> None:
    assert is_consent(value)


@pytest.mark.parametrize(
    "value",
    [
        *(False, None, 0, "", [], "No", "no thanks", "Nein, danke", "Don’t contact me", "never"),
        *("I do not want to be contacted", "Maybe later", "false", "N/A", "-", ["No"]),
        "I would rather not",
    ],
)
def test_a_refusal_is_a_no(value: Any) -> None:
    assert not is_consent(value)


@pytest.mark.parametrize(
    "wording", ["I agree to be contacted", "No problem, ring me", "Nur zu", "✓", "Oui"]
)
def test_a_ticked_box_is_a_yes_whatever_its_wording(wording: str) -> None:
    assert is_consent([wording], ticked=True)


@pytest.mark.parametrize(
    "value",
    [
        *("No problem at all", "I don't mind", "Kein Problem", "Geen bezwaar", "Why not?"),
        *("Yes, but not by phone", "Yes - not on Mondays", "No objection. Mornings are best."),
        *("да", "نعم", "是", "はい", "예", "Evet", "Ναι", "ہاں", "Oes", "Sí, pueden llamarme"),
        "Thank you, you may ring me",
    ],
)
def test_a_permission_is_a_yes_in_any_wording(value: str) -> None:
    assert is_consent(value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "нет",
            "Нет, спасибо",
            "لا",
            "否",
            "不可以",
            "いいえ",
            "아니요",
            "Hayır",
            "Όχι",
            "לא",
            "नहीं",
        ),
        *("ਨਹੀਂ", "نہیں", "Ei", "Nem", "Nag oes", "Bitte nicht", "Je ne souhaite pas", "Je refuse"),
        *(
            "Ik wil niet",
            "Não quero",
            "Nie zgadzam się",
            "I'd rather not",
            "I disagree",
            "unchecked",
        ),
        *(
            "Yes, I want you not to contact me",
            "Please do not contact me",
            "I'm fine, don't contact me",
        ),
    ],
)
def test_a_refusal_is_a_no_in_many_languages(value: str) -> None:
    assert not is_consent(value)


@pytest.mark.parametrize(
    "wording",
    [
        "I don't mind being contacted",
        "I agree to be contacted, and do not have to give a reason",
        "Yes, contact me. We will never share your details",
        "Ja, ich bin einverstanden. Meine Daten werden nicht weitergegeben.",
        "I understand that my answers will not be passed on",
        "I would like a call, but not at night",
    ],
)
def test_a_box_may_deny_something_else(wording: str) -> None:
    assert is_consent([wording], ticked=True)


@pytest.mark.parametrize(
    "wording",
    ["Tick if you do NOT want a call", "Niet bellen", "Não quero ser contactado", "Leave me alone"],
)
def test_a_box_that_refuses_is_a_no_in_many_languages(wording: str) -> None:
    assert not is_consent([wording], ticked=True)


def test_a_no_with_a_reason_is_a_no() -> None:
    assert not is_consent(["No", "I am moving house"])
    assert is_consent(["Yes", "Mornings are best", ""])


def test_a_box_that_refuses_or_is_empty_is_a_no() -> None:
    for wording in ("Please do not contact me", "No", "No contact please"):
        assert not is_consent([wording], ticked=True)
    assert not is_consent([], ticked=True)
