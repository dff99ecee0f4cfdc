"""What connectors of forms share: questions and their answers become records.

A connector names each answer's kind and hands over a ``Submission``; ``FormSource`` takes it apart.
Each free-text answer is a piece of feedback with its question, and the submission's scores go on
each.
Names, e-mail addresses and telephone numbers are left behind here, before anything is kept.
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

_LONGEST_QUESTION: Final = 2_000
_LONGEST_NAME: Final = 512
_SKIP: Final = "skip"


@dataclass(frozen=True, slots=True)
class Submission:
    """A form that was sent in."""

    id: str
    """Unique within the service."""
    at: Any
    """When it was sent in: a time with its zone, or ISO 8601 text of one."""
    answers: Sequence[FormAnswer]
    revision: int | None = None
    """Milliseconds of the last edit; None: ``at``."""
    edited: bool = False
    """Whether an earlier revision may have had texts that are now empty (``value`` "")."""
    deleted: bool = False
    """Taken back: each TEXT answer (empty or not) and the scores' record are deleted."""
    redated: bool = False
    hidden: Mapping[str, Any] = field(default_factory=dict)
    """Hidden fields and variables; used only where settings name them."""
    respondent: str = ""
    """The service's id of the person; becomes a pseudonym."""
    language: str | None = None
    url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Piece(BaseModel):
    """What :meth:`Form.items` makes and :meth:`Form.parse` reads: an answer, or the scores."""

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


_AS_THEY_ARE: Final = _Piece.model_fields.keys() & Feedback.model_fields.keys() - {"text"}


FormConfigT = TypeVar("FormConfigT", bound=FormSourceConfig)


class FormSource(Source[FormConfigT]):
    """A source of submissions. Its items are pieces of them, without personal fields."""

    family = Family.FORM

    def items(self, submission: Submission) -> list[Item]:
        """A submission's free-text answers, or its scores where it has none.

        Never raises for an odd value: ``parse`` says what is wrong with it.
        """
        return [self.item(piece, origin=str(piece["id"])) for piece in self._pieces(submission)]

    def parse(self, item: Item) -> Feedback:
        """Read one piece."""
        if isinstance(item.data, dict) and _SKIP in item.data:
            raise Skip(str(item.data[_SKIP]))
        piece = self.validate(_Piece, item.data)
        if not (piece.text or piece.scores or piece.deleted):
            raise Skip("no text and no score")
        fields: dict[str, Any] = {name: getattr(piece, name) for name in _AS_THEY_ARE}
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
        """What settings say of a question, by its name in small letters."""
        config = self.config
        roles = {name.casefold(): "keep" for name in config.keep}
        for role in (*PLACES, "contact"):
            named = getattr(config, f"{role}_field")
            if named:
                roles[named.casefold()] = role
        roles |= {name.casefold(): "personal" for name in config.personal}
        return roles | {name.casefold(): "comment" for name in config.comments}

    @cached_property
    def _score_questions(self) -> dict[str, ScoreQuestion]:
        return {name.casefold(): score for name, score in self.config.scores.items()}

    def _pieces(self, sent: Submission) -> Iterator[dict[str, Any]]:
        mark = {SUBMISSION: hash_submission(self.name, sent.id)}
        common: dict[str, Any] = {"at": sent.at, "attributes": mark | dict(sent.attributes)}
        common |= {
            name: value
            for name in ("revision", "redated", "language", "url")
            if (value := getattr(sent, name))
        }
        if sent.respondent:
            common["author"] = sent.respondent
        for name, value in sent.hidden.items():
            _place(common, self._roles.get(name.casefold()), name, value)
        texts = self._sort(sent.answers, common)
        if sent.deleted:
            gone = [sent.id, *(f"{sent.id}:{one.field}" for one in texts)]
            yield from ({**common, "id": native_id, "deleted": True} for native_id in gone)
            return
        written = [one for one in texts if _words(one.value)]
        for one in written:
            question = one.question[:_LONGEST_QUESTION] or None
            piece = {
                "id": f"{sent.id}:{one.field}",
                "text": _joined(one.value),
                "question": question,
            }
            yield {**common, **piece}
        if not written:
            yield {**common, "id": sent.id}
        if sent.edited:
            empty = [f"{sent.id}:{one.field}" for one in texts if not _words(one.value)]
            gone = [*empty, *([sent.id] if written else [])]
            yield from ({**common, "id": native_id, "deleted": True} for native_id in gone)

    def _sort(self, answers: Sequence[FormAnswer], common: dict[str, Any]) -> list[FormAnswer]:
        """The answers that are comments; all others that are wanted go into ``common``."""
        texts: list[FormAnswer] = []
        found: list[tuple[FormAnswer, ScoreQuestion | None]] = []
        contact: bool | None = None
        left = False
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
                left = left or bool(answer.value)
            elif answer.kind is AnswerType.PERSONAL:
                continue
            elif role is not None and role != "comment":
                _place(common, role, answer.question or answer.field, answer.value)
            elif asked is not None or answer.kind not in (AnswerType.TEXT, AnswerType.CHOICE):
                found.append((answer, asked))
            elif role == "comment" or (answer.kind is AnswerType.TEXT and self._is_comment(answer)):
                texts.append(answer)
        scores = Scores.of(found)
        common["scores"] = scores.placed
        common["attributes"].update(scores.others)
        if contact is not None or left:
            common["attributes"]["contact"] = "yes" if contact or contact is None else "no"
        return texts

    def _is_comment(self, answer: FormAnswer) -> bool:
        return not self.config.comments and not is_personal(answer.question)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a signed request holds; raises ``Malformed``."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("reading the request: it is no JSON") from None
    if not isinstance(found, dict):
        raise Malformed("reading the request: it is no JSON object")
    return found


def _words(value: Any) -> bool:
    """Whether there is something in it; what is no text is left for ``parse`` to refuse."""
    return bool(value.strip() if isinstance(value, str) else value)


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _place(common: dict[str, Any], role: str | None, name: str, value: Any) -> None:
    """Put the value of a question or hidden field where the settings want it."""
    value = _joined(value)
    if role is None or value is None or value == "":
        return
    if role in PLACES:
        common[role] = str(value)[:_LONGEST_NAME]
    elif role == "keep":
        common["attributes"][name[:100]] = str(value)
    elif role == "contact":
        common["attributes"]["contact"] = "yes" if is_yes(value) else "no"
