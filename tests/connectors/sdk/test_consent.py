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


def test_a_box_that_refuses_or_is_empty_is_a_no() -> None:
    for wording in ("Please do not contact me", "No", "No contact please"):
        assert not is_consent([wording], ticked=True)
    assert not is_consent([], ticked=True)
