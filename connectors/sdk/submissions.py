"""Submissions of forms: their answers become records.

A connector states the type of each answer and returns a ``Submission``; ``FormSource`` does the
rest. Each free-text answer is a piece of feedback with its question, and the scores are on each.
Names, e-mail addresses and phone numbers are dropped here, before anything is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, Field

from connectors.sdk.base import Item
from connectors.sdk.errors import Malformed, Skip
from connectors.sdk.json_parts import load_json
from connectors.sdk.questions import (
    AnswerType,
    FormAnswer,
    FormSourceConfig,
    Measure,
    ScoreQuestion,
    is_personal,
)
from connectors.sdk.scores import Scores, is_yes
from connectors.sdk.source import PLACES, Source
from schemas.feedback import SUBMISSION, Family, Feedback, Operation, hash_submission

_MAX_QUESTION_CHARACTERS: Final = 2_000
_MAX_NAME_CHARACTERS: Final = 512
_SKIP: Final = "skip"


@dataclass(frozen=True, slots=True)
class Submission:
    """A form that was submitted."""

    id: str
    """Unique within the service."""
    at: Any
    """When it was submitted: an aware time, or ISO 8601 text."""
    answers: Sequence[FormAnswer]
    revision: int | None = None
    """Time of the last edit (Unix, ms); None: ``at``."""
    edited: bool = False
    """True if an earlier revision may have had texts that are now empty (``value`` "")."""
    deleted: bool = False
    """True to delete each TEXT answer (empty or not) and the record of the scores."""
    redated: bool = False
    hidden: Mapping[str, Any] = field(default_factory=dict)
    """Hidden fields and variables; used only if settings name them."""
    respondent: str = ""
    """The service's id of the person, which becomes a pseudonym."""
    language: str | None = None
    url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Piece(BaseModel):
    """The data of an item: one answer, or the scores of a submission without texts."""

    id: str = Field(min_length=1)
    at: AwareDatetime
    revision: int | None = None
    deleted: bool = False
    redated: bool = False
    text: str = ""
    question: str | None = None
    scores: dict[Measure, dict[str, float]] = {}
    organization: str | None = None
    site: str | None = None
    service: str | None = None
    author: str = ""
    language: str | None = None
    url: str | None = None
    attributes: dict[str, str] = {}


_COPIED_FIELDS: Final = _Piece.model_fields.keys() & Feedback.model_fields.keys() - {"text"}


FormConfigT = TypeVar("FormConfigT", bound=FormSourceConfig)


class FormSource(Source[FormConfigT]):
    """A source of submissions. Its items are parts of them, without personal fields."""

    family = Family.FORM

    def items(self, submission: Submission) -> list[Item]:
        """Return a submission's free-text answers, or its scores if it has none.

        Never raises for an invalid value: ``parse`` rejects it.
        """
        return [self.item(piece, origin=str(piece["id"])) for piece in self._pieces(submission)]

    def parse(self, item: Item) -> Feedback:
        """Return the record of one part of a submission."""
        if isinstance(item.data, dict) and _SKIP in item.data:
            raise Skip(str(item.data[_SKIP]))
        piece = self.validate(_Piece, item.data)
        if not (piece.text or piece.scores or piece.deleted):
            raise Skip("no text and no score")
        fields: dict[str, Any] = {name: getattr(piece, name) for name in _COPIED_FIELDS}
        if not piece.deleted:
            fields.update(**piece.scores)
        return self.record(
            item,
            native_id=piece.id,
            created_at=piece.at,
            operation=Operation.DELETE if piece.deleted else Operation.UPSERT,
            text="" if piece.deleted else piece.text,
            **fields,
        )

    def skipped_item(self, reason: str, *, origin: str) -> Item:
        """Return an item in place of a submission that is left out, so that it is counted."""
        return self.item({_SKIP: reason}, origin=origin)

    @cached_property
    def numeric_questions(self) -> frozenset[str]:
        """Case-folded names of the scored questions whose choices stand for numbers."""
        return frozenset(
            name.casefold()
            for name, score in self.config.scores.items()
            if not score.choices and score.measure != "fft"
        )

    @cached_property
    def _roles(self) -> dict[str, str]:
        """Roles that settings assign to questions, by case-folded name."""
        config = self.config
        roles = {name.casefold(): "keep" for name in config.keep}
        for role in (*PLACES, "contact"):
            field_name = getattr(config, f"{role}_field")
            if field_name:
                roles[field_name.casefold()] = role
        roles |= {name.casefold(): "personal" for name in config.personal}
        return roles | {name.casefold(): "comment" for name in config.comments}

    @cached_property
    def _score_questions(self) -> dict[str, ScoreQuestion]:
        return {name.casefold(): score for name, score in self.config.scores.items()}

    def _pieces(self, submission: Submission) -> Iterator[dict[str, Any]]:
        mark = {SUBMISSION: hash_submission(self.name, submission.id)}
        common: dict[str, Any] = {
            "at": submission.at,
            "attributes": mark | dict(submission.attributes),
        }
        common |= {
            name: value
            for name in ("revision", "redated", "language", "url")
            if (value := getattr(submission, name))
        }
        if submission.respondent:
            common["author"] = submission.respondent
        for name, value in submission.hidden.items():
            _place(common, self._roles.get(name.casefold()), name, value)
        texts = self._sort(submission.answers, common)
        if submission.deleted:
            deleted = [submission.id, *(f"{submission.id}:{answer.field}" for answer in texts)]
            yield from ({**common, "id": native_id, "deleted": True} for native_id in deleted)
            return
        answered = [answer for answer in texts if _has_content(answer.value)]
        for answer in answered:
            question = answer.question[:_MAX_QUESTION_CHARACTERS] or None
            piece = {
                "id": f"{submission.id}:{answer.field}",
                "text": _join(answer.value),
                "question": question,
            }
            yield {**common, **piece}
        if not answered:
            yield {**common, "id": submission.id}
        if submission.edited:
            empty = [
                f"{submission.id}:{answer.field}"
                for answer in texts
                if not _has_content(answer.value)
            ]
            deleted = [*empty, *([submission.id] if answered else [])]
            yield from ({**common, "id": native_id, "deleted": True} for native_id in deleted)

    def _sort(self, answers: Sequence[FormAnswer], common: dict[str, Any]) -> list[FormAnswer]:
        """Return the answers that are comments; put all others that are kept into ``common``."""
        texts: list[FormAnswer] = []
        scored: list[tuple[FormAnswer, ScoreQuestion | None]] = []
        contact: bool | None = None
        left_contact = False
        for answer in answers:
            names = [name.casefold() for name in (answer.field, *answer.also, answer.question)]
            role = next((self._roles[name] for name in names if name in self._roles), None)
            asked = next(
                (self._score_questions[name] for name in names if name in self._score_questions),
                None,
            )
            if role == "contact":
                contact = is_yes(answer.value)
            elif role == "personal":
                continue
            elif answer.kind is AnswerType.CONTACT:
                left_contact = left_contact or bool(answer.value)
            elif answer.kind is AnswerType.PERSONAL:
                continue
            elif role is not None and role != "comment":
                _place(common, role, answer.question or answer.field, answer.value)
            elif asked is not None or answer.kind not in (AnswerType.TEXT, AnswerType.CHOICE):
                scored.append((answer, asked))
            elif role == "comment" or (answer.kind is AnswerType.TEXT and self._is_comment(answer)):
                texts.append(answer)
        scores = Scores.from_answers(scored)
        common["scores"] = scores.placed
        common["attributes"].update(scores.others)
        if contact is not None or left_contact:
            common["attributes"]["contact"] = "yes" if contact or contact is None else "no"
        return texts

    def _is_comment(self, answer: FormAnswer) -> bool:
        return not self.config.comments and not is_personal(answer.question)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises ``Malformed``."""
    try:
        document = load_json(body)
    except orjson.JSONDecodeError:
        raise Malformed("reading the request: it is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed("reading the request: it is not a JSON object")
    return document


def _has_content(value: Any) -> bool:
    """Return True for a value that is not empty; ``parse`` rejects what is not text."""
    return bool(value.strip() if isinstance(value, str) else value)


def _join(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _place(common: dict[str, Any], role: str | None, name: str, value: Any) -> None:
    """Put the value of a question or hidden field where its role says."""
    value = _join(value)
    if role is None or value is None or value == "":
        return
    if role in PLACES:
        common[role] = str(value)[:_MAX_NAME_CHARACTERS]
    elif role == "keep":
        common["attributes"][name[:100]] = str(value)
    elif role == "contact":
        common["attributes"]["contact"] = "yes" if is_yes(value) else "no"
