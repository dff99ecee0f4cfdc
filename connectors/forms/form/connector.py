"""``form``: a form of one's own, as a page and as a JSON endpoint that `feedback serve` offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson
from pydantic import ValidationError

from connectors.forms.form.config import SCALES, FormConfig, Submission, Tongue, Translated
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
    """JSON that is no submission of this form; ``details`` name the fields, and no value."""

    def __init__(self, details: Sequence[Mapping[str, str]]) -> None:
        first = details[0]
        super().__init__(f"reading the submission: {first['field']}: {first['problem']}")
        self.details = details


class Form(Webhook[FormConfig]):
    """Takes its submissions from its own page and its JSON endpoint."""

    name = "form"
    title = "A form of your own"
    family = Family.FORM
    requirements = "`feedback serve`, and an address at which people reach it."
    limitations = (
        "Takes single submissions: no edits, no deletes. Contact details are kept in a file of "
        "their own and never published."
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
        """Take one JSON submission; raises ``Unacceptable`` for one with wrong fields."""
        self._authenticate(request)
        try:
            data = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("reading the submission: it is no JSON document") from None
        try:
            submission = self.understood(data)
        except ValidationError as error:
            raise Unacceptable(_details(error)) from None
        except BadRecord as error:
            raise Unacceptable([{"field": "", "problem": error.reason}]) from None
        if submission.created_at is not None and not _plausible(submission.created_at, request.at):
            raise Unacceptable([{"field": "created_at", "problem": "it is no likely time"}])
        if submission.submission_id is None:
            submission = submission.model_copy(update={"submission_id": uuid4().hex})
        return [self.submitted(submission, request.body)]

    def submitted(self, submission: Submission, payload: bytes | None = None) -> Item:
        """The item of one submission; it has a ``submission_id``."""
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
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Forged("checking the token: it is missing")
        require_equal(given, token)

    def understood(self, data: Any) -> Submission:
        """The submission, on this form's scale; raises ``ValidationError`` or ``BadRecord``."""
        submission = Submission.model_validate(data)  # one that is checked already is kept
        config = self.config
        if submission.score is not None and submission.score not in SCALES[config.score]:
            raise BadRecord("parsing form: score: it is not on the form's scale")
        for field, choices in (
            ("site", config.sites),
            ("service", config.services),
            ("place", config.places),
        ):
            chosen = getattr(submission, field)
            if chosen is not None and choices and chosen not in choices:
                raise BadRecord(f"parsing form: {field}: it is none of the form's")
        return submission

    def parse(self, item: Item) -> Feedback:
        """Read one submission."""
        try:
            submission = self.understood(item.data)
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
            # Sent again just after midnight, it may be in the index of the month before.
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
        return submission.question or self.words(self.config.questions[0])[0]

    def words(self, said: Translated, tongue: Tongue | None = None) -> tuple[str, Tongue]:
        """What the owner says in a language, or in the form's first; with its language."""
        first = self.config.languages[0]
        if isinstance(said, str):
            return said, first
        for wanted in (tongue, first, *said):
            if wanted is not None and wanted in said:
                return said[wanted], wanted
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
    return [{"field": one.place, "problem": one.message} for one in list_faults(error)[:20]]


def _plausible(given: datetime, at: datetime) -> bool:
    return given.year >= EARLIEST_YEAR and given - at < timedelta(days=1)
