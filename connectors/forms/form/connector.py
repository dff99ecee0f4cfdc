"""``form``: a self-hosted form, which `feedback serve` offers as a page and a JSON endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from pydantic import ValidationError

from connectors.forms.form.choices import normalize_choices, translate
from connectors.forms.form.config import SCALES, FormConfig, Language, Submission, Translated
from connectors.forms.form.entries import StaffEntry
from connectors.forms.form.trust import Received, receive
from connectors.sdk import (
    BadRecord,
    Forged,
    Item,
    Malformed,
    Skip,
    Webhook,
    WebhookRequest,
    load_json,
    require_equal,
    require_hmac,
    unix_ms,
)
from schemas.feedback import EARLIEST_YEAR, Family, Feedback
from schemas.measures import Fft, Nps, Stars
from schemas.validation import list_faults

_SIGNATURE: Final = "x-hub-signature-256"


class Unacceptable(Malformed):
    """JSON that is not a submission of this form; ``details`` name the fields, not the values."""

    def __init__(self, details: Sequence[Mapping[str, str]]) -> None:
        first = details[0]
        super().__init__(f"reading the submission: {first['field']}: {first['problem']}")
        self.details = details


class Form(Webhook[FormConfig]):
    """Receives submissions from its own page and its JSON endpoint."""

    name = "form"
    title = "Self-hosted form"
    family = Family.FORM
    requirements = "`feedback serve`, at an address that people can reach."
    limitations = (
        "Single submissions, without edits and deletes. Contact details are stored in a separate "
        "file and never published. Without the token, a sender chooses places from the lists only, "
        "and sets neither the time nor another question; `ignored` names what was left out. A page "
        "whose hidden field was filled in is kept, and marked as `suspect`. What staff enter has "
        "the day on which it was given, at noon (UTC), and the attribute `entered_by`."
    )
    example = """\
title = "How was your visit?"
questions = ["What was good, and what could be better?"]
score = "fft"
sites = ["Eastgate", "Westgate"]
services = ["Emergency", "Outpatients"]
places = ["waiting area", "discharge", "portal"]
api_token = { env = "FORM_API_TOKEN" }
"""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Return the item of a JSON submission. Raises ``Unacceptable`` for invalid fields."""
        self._authenticate(request)
        submission = self._read_submission(request)
        if submission.submission_id is None:
            submission = submission.model_copy(update={"submission_id": uuid4().hex})
        is_signed = self.config.api_token is not None
        received = receive(self.config, submission, is_signed=is_signed)
        return [self.received_item(received, request.body)]

    def _read_submission(self, request: WebhookRequest) -> Submission:
        try:
            data = load_json(request.body)
        except ValueError:
            raise Malformed("reading the submission: it is not a JSON document") from None
        try:
            submission = self.validate_submission(data)
        except ValidationError as error:
            raise Unacceptable(_details(error)) from None
        except BadRecord as error:
            raise Unacceptable([{"field": "", "problem": error.reason}]) from None
        if submission.created_at is not None and not _is_plausible(
            submission.created_at, request.at
        ):
            raise Unacceptable([{"field": "created_at", "problem": "the time is not plausible"}])
        return submission

    def submission_item(self, submission: Submission, *, is_suspect: bool = False) -> Item:
        """Return the item of a submission of the page, which has a ``submission_id``."""
        received = receive(self.config, submission, is_signed=False)
        if is_suspect:
            received = received.model_copy(update={"is_suspect": True})
        return self.received_item(received, submission.model_dump_json().encode())

    def entry_item(self, submission: Submission, entry: StaffEntry) -> Item:
        """Return the item of a submission that staff have entered, with its time and id."""
        received = receive(self.config, submission, is_signed=True)
        payload = submission.model_dump_json().encode()
        return self.received_item(received.model_copy(update={"entry": entry}), payload)

    def received_item(self, received: Received, payload: bytes) -> Item:
        """Return the item of a submission that has arrived in ``payload``."""
        return self.item(received, origin=str(received.submission_id), payload=payload)

    def native_id(self, received: Received) -> str:
        """Return the id of a submission's record."""
        return f"{self.context.instance}/{received.key}"

    def _authenticate(self, request: WebhookRequest) -> None:
        token = self.config.api_token
        if token is None:
            return
        signature = request.headers.get(_SIGNATURE)
        if signature is not None:
            require_hmac(signature, request.body, token, form="hex", prefix="sha256=")
            return
        scheme, _, token_sent = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Forged("checking the token: it is missing")
        require_equal(token_sent, token)

    def validate_submission(self, data: Any) -> Submission:
        """Return a valid submission of this form. Raises ``ValidationError`` or ``BadRecord``."""
        submission = Submission.model_validate(data)  # returns an instance as it is
        config = self.config
        if submission.score is not None and submission.score not in SCALES[config.score]:
            raise BadRecord("parsing form: score: it is not on the form's scale")
        for field, choices in (
            ("site", config.sites),
            ("service", config.services),
            ("place", config.places),
        ):
            choice = getattr(submission, field)
            if choice is not None and choices and choice not in choices:
                raise BadRecord(f"parsing form: {field}: it is not one of the form's")
        if not submission.choices:
            return submission
        try:
            answers = normalize_choices(config, submission.choices)
        except ValueError as error:
            raise BadRecord(f"parsing form: {error}") from None
        return submission.model_copy(update={"choices": answers})

    def parse(self, item: Item) -> Feedback:
        """Return the record of a submission."""
        try:
            submission = self.validate_submission(item.data)
            received = (
                submission
                if isinstance(submission, Received)
                else receive(self.config, submission, is_signed=False)
            )
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        if submission.submission_id is None:
            raise Skip("no submission_id")
        created_at = received.created_at
        is_entered = received.entry is not None
        return self.record(
            item,
            native_id=self.native_id(received),
            created_at=created_at or item.collected_at,
            # If it is sent again just after midnight, it may be in the index of the month before.
            # A page of staff that is sent twice may have another date the second time.
            redated=is_entered or (created_at is None and item.collected_at.day == 1),
            revision=unix_ms(item.collected_at) if is_entered else None,
            text=received.text.strip(),
            question=self._question(received),
            language=received.language,
            site=received.site,
            service=received.service,
            attributes=dict(_attributes(received)),
            **self._measure(received.score),
        )

    def _question(self, submission: Submission) -> str | None:
        if not submission.text.strip():
            return None
        return submission.question or self.translate(self.config.questions[0])[0]

    def translate(self, text: Translated, language: Language | None = None) -> tuple[str, Language]:
        """Return the operator's text in a language, or in the form's first, and that language."""
        return translate(text, language, self.config.languages[0])

    def _measure(self, score: int | None) -> dict[str, Any]:
        match self.config.score:
            case "stars" if score is not None:
                return {"stars": Stars(value=score)}
            case "nps" if score is not None:
                return {"nps": Nps(value=score)}
            case "fft" if score is not None:
                return {"fft": Fft(value=score)}
        return {}


def _attributes(received: Received) -> Iterator[tuple[str, str]]:
    for name, answers in received.choices.items():
        yield name, ", ".join(answers)
    if received.contact_requested:
        yield "contact_requested", "yes"
    if received.place is not None:
        yield "place", received.place
    if received.is_suspect:
        yield "suspect", "yes"
    if received.entry is not None:
        yield from received.entry.list_attributes()
    if received.ignored:
        yield "ignored", ", ".join(received.ignored)


def _details(error: ValidationError) -> list[dict[str, str]]:
    return [{"field": fault.place, "problem": fault.message} for fault in list_faults(error)[:20]]


def _is_plausible(created_at: datetime, at: datetime) -> bool:
    return created_at.year >= EARLIEST_YEAR and created_at - at < timedelta(days=1)
