"""``form``: a self-hosted form, which `feedback serve` offers as a page and a JSON endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson
from pydantic import ValidationError

from connectors.forms.form.config import SCALES, FormConfig, Language, Submission, Translated
from connectors.sdk import (
    BadRecord,
    Forged,
    Item,
    Malformed,
    Skip,
    Webhook,
    WebhookRequest,
    require_equal,
    require_hmac,
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
        "file and never published."
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
        try:
            data = orjson.loads(request.body)
        except orjson.JSONDecodeError:
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
        if submission.submission_id is None:
            submission = submission.model_copy(update={"submission_id": uuid4().hex})
        return [self.submission_item(submission, request.body)]

    def submission_item(self, submission: Submission, payload: bytes | None = None) -> Item:
        """Return the item of a submission, which has a ``submission_id``."""
        payload = submission.model_dump_json().encode() if payload is None else payload
        return self.item(submission, origin=str(submission.submission_id), payload=payload)

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
        return submission

    def parse(self, item: Item) -> Feedback:
        """Return the record of a submission."""
        try:
            submission = self.validate_submission(item.data)
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        if submission.submission_id is None:
            raise Skip("no submission_id")
        attributes = {"contact_requested": "yes"} if submission.contact_requested else {}
        if submission.place is not None:
            attributes["place"] = submission.place
        return self.record(
            item,
            native_id=f"{self.context.instance}/{submission.submission_id}",
            created_at=submission.created_at or item.collected_at,
            # If it is sent again just after midnight, it may be in the index of the month before.
            redated=submission.created_at is None and item.collected_at.day == 1,
            text=submission.text.strip(),
            question=self._question(submission),
            language=submission.language,
            site=submission.site,
            service=submission.service,
            attributes=attributes,
            **self._measure(submission.score),
        )

    def _question(self, submission: Submission) -> str | None:
        if not submission.text.strip():
            return None
        return submission.question or self.translate(self.config.questions[0])[0]

    def translate(self, text: Translated, language: Language | None = None) -> tuple[str, Language]:
        """Return the operator's text in a language, or in the form's first, and that language."""
        first = self.config.languages[0]
        if isinstance(text, str):
            return text, first
        for candidate in (language, first, *text):
            if candidate is not None and candidate in text:
                return text[candidate], candidate
        return "", first

    def _measure(self, score: int | None) -> dict[str, Any]:
        match self.config.score:
            case "stars" if score is not None:
                return {"stars": Stars(value=score)}
            case "nps" if score is not None:
                return {"nps": Nps(value=score)}
            case "fft" if score is not None:
                return {"fft": Fft(value=score)}
        return {}


def _details(error: ValidationError) -> list[dict[str, str]]:
    return [{"field": fault.place, "problem": fault.message} for fault in list_faults(error)[:20]]


def _is_plausible(created_at: datetime, at: datetime) -> bool:
    return created_at.year >= EARLIEST_YEAR and created_at - at < timedelta(days=1)
