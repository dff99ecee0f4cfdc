"""Trust in a submission: what its sender may decide, and what is left out of it.

Settings that fix a place decide it for everyone. A sender without the form's token chooses from
lists only, and sets neither the time nor a question of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connectors.forms.form.config import FormConfig, Submission
from connectors.forms.form.entries import StaffEntry
from schemas.record import deterministic_id

_PLACES: Final = (("site", "sites"), ("service", "services"), ("place", "places"))
_HASH_DIGITS: Final = 12


class Received(Submission):
    """A submission, and how it arrived."""

    is_signed: bool = False
    """True if its sender has the form's token."""
    is_suspect: bool = False
    """True if the field was filled in that is hidden from people."""
    ignored: tuple[str, ...] = ()
    """The fields that its sender may not set."""
    entry: StaffEntry | None = None
    """How staff received it, if they entered it."""

    @property
    def key(self) -> str:
        """Its id in the form: with the same key, only the same words are the same submission."""
        if self.entry is not None:
            return f"staff.{self.submission_id}"
        if self.is_signed:
            return str(self.submission_id)
        words = deterministic_id(self.text.strip(), str(self.score))
        return f"{self.submission_id}.{words[:_HASH_DIGITS]}"


def receive(config: FormConfig, submission: Submission, *, is_signed: bool) -> Received:
    """Return a submission without what its sender may not set."""
    ignored = tuple(_list_forbidden(config, submission, is_signed=is_signed))
    fields = {name: value for name, value in submission if name not in ignored}
    return Received(**fields, is_signed=is_signed, ignored=ignored)


def _list_forbidden(
    config: FormConfig, submission: Submission, *, is_signed: bool
) -> Iterator[str]:
    for name, choices in _PLACES:
        has_choices = bool(getattr(config, choices))
        # ``config.place`` is something else: all places that settings fix.
        is_fixed = config.place.get(name) is not None and (config.kiosk or not has_choices)
        if getattr(submission, name) is not None and (is_fixed or not (is_signed or has_choices)):
            yield name
    if is_signed:
        return
    if submission.created_at is not None:
        yield "created_at"
    if submission.question is not None and submission.question not in _own_questions(config):
        yield "question"


def _own_questions(config: FormConfig) -> Iterator[str]:
    """Yield the form's questions in all of their languages."""
    for question in config.questions:
        yield from [question] if isinstance(question, str) else question.values()
