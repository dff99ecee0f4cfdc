"""Submissions of forms: their answers become records.

A connector states the type of each answer and returns a ``Submission``; ``FormSource`` does the
rest. Each free-text answer is a piece of feedback with its question, and the scores are on each.
Names, e-mail addresses and phone numbers are dropped here, before anything is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

from connectors.sdk.answer_roles import AnswerRoles, SortedAnswers, has_content
from connectors.sdk.answers import FormAnswer, join_choices
from connectors.sdk.base import Item
from connectors.sdk.empty_answers import EMPTY_ANSWER
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.questions import FormSourceConfig, Measure
from connectors.sdk.source import Source
from schemas.feedback import SUBMISSION, Family, Feedback, Operation, hash_submission

_MAX_QUESTION_CHARACTERS: Final = 2_000
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
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Numbers of texts that the connector has left out, by reason."""


class _Piece(BaseModel):
    """The data of an item: one answer, or the scores of a submission without texts."""

    id: str = Field(min_length=1)
    at: AwareDatetime
    revision: int | None = None
    deleted: bool = False
    redated: bool = False
    text: str = ""
    question: str | None = None
    has_rating: bool = False
    """True if a number on an unknown scale is among the attributes."""
    is_empty_answer: bool = False
    """True if all that was given says nothing."""
    unread: list[str] = []
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
        answers = self.roles.sort(submission.answers, submission.hidden)
        items = [
            self.item(piece, origin=str(piece["id"]))
            for piece in _pieces(self.name, submission, answers)
        ]
        left_out = answers.left_out + Counter(submission.left_out)
        if items[0].data.get("is_empty_answer"):  # its item is counted as one
            left_out -= Counter({EMPTY_ANSWER: 1})
        if left_out:
            items[0] = replace(items[0], left_out=left_out)
        return items

    def parse(self, item: Item) -> Feedback:
        """Return the record of one part of a submission."""
        if not isinstance(item.data, dict):
            raise BadRecord(f"parsing {self.name}: a submission is not an object")
        if _SKIP in item.data:
            raise Skip(str(item.data[_SKIP]))
        piece = self.validate(_Piece, item.data)
        if not (piece.text or piece.scores or piece.deleted):
            _require_rating(self.name, piece)
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
    def roles(self) -> AnswerRoles:
        """The roles that settings give to questions."""
        return AnswerRoles(self.config)


def _pieces(name: str, submission: Submission, answers: SortedAnswers) -> Iterator[dict[str, Any]]:
    """Yield the data of a submission's items."""
    common, texts = _common(name, submission, answers), _number_repeated(answers.texts)
    if submission.deleted:
        deleted = [submission.id, *(f"{submission.id}:{answer.field}" for answer in texts)]
        yield from ({**common, "id": native_id, "deleted": True} for native_id in deleted)
        return
    answered = [answer for answer in texts if has_content(answer.value)]
    for answer in answered:
        question = answer.question[:_MAX_QUESTION_CHARACTERS] or None
        piece = {
            "id": f"{submission.id}:{answer.field}",
            "text": join_choices(answer.value),
            "question": question,
        }
        yield {**common, **piece}
    if not answered:
        scores = answers.scores
        is_rated = bool(scores.placed or scores.others or scores.unread)
        yield {
            **common,
            "id": submission.id,
            "has_rating": bool(scores.others),
            "unread": scores.unread,
            "is_empty_answer": not is_rated and answers.left_out[EMPTY_ANSWER] > 0,
        }
    if submission.edited:
        ids = {f"{submission.id}:{answer.field}": None for answer in texts}
        for answer in answered:
            ids.pop(f"{submission.id}:{answer.field}", None)
        deleted = [*ids, *([submission.id] if answered else [])]
        yield from ({**common, "id": native_id, "deleted": True} for native_id in deleted)


def _number_repeated(texts: Sequence[FormAnswer]) -> list[FormAnswer]:
    """Return the texts with different ids: the second to a question is ``field#2``."""
    seen: Counter[str] = Counter()
    numbered = []
    for answer in texts:
        seen[answer.field] += 1
        count = seen[answer.field]
        numbered.append(answer if count == 1 else replace(answer, field=f"{answer.field}#{count}"))
    return numbered


def _common(name: str, submission: Submission, answers: SortedAnswers) -> dict[str, Any]:
    """Return the fields that all items of a submission have."""
    scores = answers.scores
    mark = {SUBMISSION: hash_submission(name, submission.id)}
    common: dict[str, Any] = {
        "at": submission.at,
        "scores": scores.placed,
        "attributes": mark | dict(submission.attributes) | answers.attributes,
        **answers.places,
    }
    common |= {
        name: value
        for name in ("revision", "redated", "language", "url")
        if (value := getattr(submission, name))
    }
    if submission.respondent:
        common["author"] = submission.respondent
    return common


def _require_rating(name: str, piece: _Piece) -> None:
    """Raise an error unless a rating on an unknown scale is all that was given."""
    if piece.unread:
        fields = ", ".join(piece.unread[:3])
        raise BadRecord(f"parsing {name}: {fields}: the answer is not on the scale in `scores`")
    if not piece.has_rating:
        raise Skip(EMPTY_ANSWER if piece.is_empty_answer else "no text and no score")
