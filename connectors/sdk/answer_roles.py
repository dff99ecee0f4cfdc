"""The answers of a form by their roles: comments, scores, places, attributes, or nothing.

Settings decide where they name a question; otherwise its type and its wording do. Texts that are
left out are counted by reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.sdk.answers import AnswerType, FormAnswer, join_choices
from connectors.sdk.consent import is_consent
from connectors.sdk.empty_answers import EMPTY_ANSWER, says_nothing
from connectors.sdk.personal_questions import is_personal
from connectors.sdk.questions import FormSourceConfig, ScoreQuestion
from connectors.sdk.scores import Scores, says_more_than_score
from connectors.sdk.short_answers import is_other_comment, is_short_comment
from connectors.sdk.source import PLACES

_MAX_NAME_CHARACTERS: Final = 512
_MAX_ATTRIBUTE_NAME: Final = 100
_LINES: Final = frozenset({AnswerType.TEXT, AnswerType.SHORT})
_CHOICES: Final = frozenset({AnswerType.CHOICE, AnswerType.BOX})
_PERSONAL: Final = frozenset({AnswerType.PERSONAL, AnswerType.CONTACT})

PERSONAL: Final = "an answer is a name, an address or a file"
UNNAMED: Final = "an answer is not to one of the questions in `comments`"
SHORT: Final = "a short answer does not read like a comment; name its question in `comments`"

REMOVED_QUESTION: Final = "an answer is to a question that was removed"


@dataclass(slots=True)
class SortedAnswers:
    """The answers of a submission by what becomes of them."""

    texts: list[FormAnswer] = field(default_factory=list)
    """Comments; those without a value may have had one before an edit."""
    scored: list[tuple[FormAnswer, ScoreQuestion | None]] = field(default_factory=list)
    scores: Scores = field(default_factory=Scores)
    places: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    """Numbers of texts that become neither a comment nor an attribute, by reason."""
    consent: bool | None = None
    left_contact: bool = False

    def place(self, role: str | None, name: str, value: Any) -> None:
        """Put the value of a question or hidden field where its role says."""
        if role == "keep":
            value = _describe(value)
        value = join_choices(value)
        if role is None or value is None or value == "":
            return
        if role in PLACES:
            self.places[role] = str(value)[:_MAX_NAME_CHARACTERS]
        elif role == "keep":
            self.add_attribute(name, str(value))
        elif role == "contact":
            self.consent = is_consent(value)

    def add_attribute(self, name: str, value: str) -> None:
        """Add an attribute; the second of a name is numbered."""
        name = unique = name[:_MAX_ATTRIBUTE_NAME]
        number = 1
        while unique in self.attributes:
            number += 1
            unique = f"{name} ({number})"
        self.attributes[unique] = value

    def add_text(self, answer: FormAnswer) -> None:
        """Add a comment, unless it says nothing."""
        if _is_empty_answer(answer):
            self.leave_out(replace(answer, kind=AnswerType.TEXT), EMPTY_ANSWER)
        else:
            self.texts.append(answer)

    def leave_out(self, answer: FormAnswer, reason: str, *, value: Any = None) -> None:
        """Count an answer's text, and keep its place: an earlier revision may have had one."""
        if has_content(answer.value if value is None else value):
            self.left_out[reason] += 1
        if answer.kind in _LINES:
            self.texts.append(replace(answer, value=""))


class AnswerRoles:
    """The roles that the settings of a form give to its questions."""

    def __init__(self, config: FormSourceConfig) -> None:
        self._config = config
        self._scores = {name.casefold(): score for name, score in config.scores.items()}
        roles = {name.casefold(): "keep" for name in config.keep}
        for role in (*PLACES, "contact"):
            field_name = getattr(config, f"{role}_field")
            if field_name:
                roles[field_name.casefold()] = role
        roles |= {name.casefold(): "personal" for name in config.personal}
        self._roles = roles | {name.casefold(): "comment" for name in config.comments}

    def sort(self, answers: Iterable[FormAnswer], hidden: Mapping[str, Any]) -> SortedAnswers:
        """Return the answers and hidden fields by what becomes of them."""
        result = SortedAnswers()
        for name, value in hidden.items():
            result.place(self._roles.get(name.casefold()), name, value)
        for answer in answers:
            self._sort_answer(answer, result)
        result.scores = Scores.from_answers(result.scored)
        for name, number in result.scores.others:
            result.add_attribute(name, number)
        if result.consent is not None or result.left_contact:
            agreed = result.left_contact if result.consent is None else result.consent
            result.attributes["contact"] = "yes" if agreed else "no"
        return result

    def is_named(self, *names: str) -> bool:
        """Return True if settings name the question that has one of these names."""
        folded = [name.casefold() for name in names]
        return any(name in self._roles or name in self._scores for name in folded)

    def _sort_answer(self, answer: FormAnswer, result: SortedAnswers) -> None:
        names = answer.names
        role = next((self._roles[name] for name in names if name in self._roles), None)
        asked = next((self._scores[name] for name in names if name in self._scores), None)
        if role == "contact":
            result.consent = _agrees(answer)
        elif role == "comment":
            result.add_text(_as_text(answer))
        elif role == "personal" or (role is None and answer.kind in _PERSONAL):
            if answer.kind is AnswerType.CONTACT and role is None:
                result.left_contact = result.left_contact or has_content(answer.value)
            result.leave_out(answer, PERSONAL, value=_all_values(answer))
        elif role is not None:
            result.place(role, answer.question or answer.field, _all_values(answer))
        elif asked is not None and answer.kind in _LINES and says_more_than_score(answer, asked):
            self._sort_line(answer, result)  # words in place of a number
        elif asked is not None or answer.kind not in _LINES | _CHOICES:
            result.scored.append((answer, asked))
            self._sort_other(answer, result)
        elif answer.kind in _LINES:
            self._sort_line(answer, result)
        else:
            self._sort_other(answer, result)

    def _sort_line(self, answer: FormAnswer, result: SortedAnswers) -> None:
        """Sort a text to a question that settings do not name."""
        if is_personal(answer.question):
            result.leave_out(answer, PERSONAL)
        elif self._config.comments:
            result.leave_out(answer, UNNAMED)
        elif (
            answer.kind is AnswerType.SHORT
            and isinstance(answer.value, str)
            and has_content(answer.value)
            and not is_short_comment(answer.question, answer.value)
        ):
            result.leave_out(answer, EMPTY_ANSWER if _is_empty_answer(answer) else SHORT)
        else:
            result.add_text(answer)

    def _sort_other(self, answer: FormAnswer, result: SortedAnswers) -> None:
        """Sort the text that was typed beside the choices."""
        if answer.other is None:
            return
        other = replace(
            answer, field=f"{answer.field}-other", kind=AnswerType.TEXT, value=answer.other
        )
        if is_personal(answer.question):
            result.leave_out(other, PERSONAL)
        elif self._config.comments:
            result.leave_out(other, UNNAMED)
        elif has_content(answer.other) and not is_other_comment(answer.question, answer.other):
            result.leave_out(other, EMPTY_ANSWER if _is_empty_answer(other) else SHORT)
        else:
            result.add_text(other)


def has_content(value: Any) -> bool:
    """Return True for a value that is not empty; ``parse`` rejects what is not text."""
    return bool(value.strip() if isinstance(value, str) else value)


def _is_empty_answer(answer: FormAnswer) -> bool:
    text = join_choices(answer.value)
    return isinstance(text, str) and bool(text.strip()) and says_nothing(text, answer.question)


def _describe(value: Any) -> Any:
    """Return a boolean as yes or no, and an object as JSON; any other value as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


def _all_values(answer: FormAnswer) -> Any:
    """Return the choices together with the text that was typed beside them."""
    if not answer.other:
        return answer.value
    choices = answer.value if isinstance(answer.value, list) else [answer.value]
    return [*(choice for choice in choices if has_content(choice)), answer.other]


def _as_text(answer: FormAnswer) -> FormAnswer:
    return replace(answer, value=_all_values(answer), other=None)


def _agrees(answer: FormAnswer) -> bool:
    return is_consent(_all_values(answer), ticked=answer.kind is AnswerType.BOX)
