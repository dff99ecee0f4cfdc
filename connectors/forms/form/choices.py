"""Answers to the questions with choices of a form: which are valid, and how they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.forms.form.config import ChoiceQuestion, FormConfig, Language, Translated


def translate(text: Translated, language: Language | None, first: Language) -> tuple[str, Language]:
    """Return the operator's text in a language, or in the form's first, and that language."""
    if isinstance(text, str):
        return text, first
    for candidate in (language, first, *text):
        if candidate is not None and candidate in text:
            return text[candidate], candidate
    return "", first


def normalize_choices(
    config: FormConfig, answers: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Return answers in the form's first language. Raises ``ValueError`` for any other answer."""
    normalized = {}
    for name, wordings in answers.items():
        question = config.choices.get(name)
        if question is None:
            raise ValueError(f"choices: {name} is not one of the form's questions")
        numbers = _find_numbers(question, wordings)
        if numbers is None or (len(numbers) > 1 and not question.several):
            raise ValueError(f"choices: {name}: the answer is not one of the form's")
        if numbers:
            normalized[name] = tuple(
                translate(question.choices[number], None, config.languages[0])[0]
                for number in numbers
            )
    return normalized


def _find_numbers(question: ChoiceQuestion, wordings: Iterable[str]) -> list[int] | None:
    """Return the places of wordings, which may be in any language, or None if one is unknown."""
    places = {
        wording: number
        for number, choice in enumerate(question.choices)
        for wording in ([choice] if isinstance(choice, str) else choice.values())
    }
    wanted = list(wordings)
    if not all(wording in places for wording in wanted):
        return None
    return sorted({places[wording] for wording in wanted})
