"""A posted form: its values, their validation, and the items made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from connectors.forms.form.config import SCALES, FormConfig, Language, Submission, SubmissionId
from connectors.forms.form.connector import Form
from connectors.sdk.base import Item
from connectors.sdk.errors import Malformed
from connectors.sdk.request_bodies import read_form
from connectors.server.html import (
    CHOICE_PREFIX,
    HONEYPOT,
    MAX_ANSWER_CHARACTERS,
    PRESETS,
    FieldError,
    FormView,
    parse_numbers,
)
from connectors.server.problems import HTTPProblem
from connectors.server.translations import TRANSLATIONS, Translation, negotiate_language
from schemas.record import deterministic_id

_SUBMISSION_ID: Final = TypeAdapter[str](SubmissionId)


def read_language(form: Form, request: Request) -> Language:
    """Return the language to answer a request in: of ``?lang=``, or what the browser prefers."""
    requested = request.query_params.get("lang")
    accepted = request.headers.get("accept-language")
    return negotiate_language(requested, accepted, form.config.languages)


def read_presets(form: Form, request: Request) -> dict[str, str]:
    """Return the presets in the request's address whose values the form offers."""
    config = form.config
    choices = dict(zip(PRESETS, (config.sites, config.services, config.places), strict=True))
    query = request.query_params
    return {name: query[name] for name in PRESETS if query.get(name) in choices[name]}


def read_kiosk(form: Form, request: Request) -> bool:
    """Return True if the page is for a tablet that people share."""
    return form.config.kiosk or request.query_params.get("kiosk") == "1"


class InvalidForm(Exception):
    """Values are missing or wrong."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = errors


class FormPost:
    """The values that a person submits; complete once the body is read."""

    def __init__(self, form: Form, request: Request) -> None:
        self.form = form
        self.language = read_language(form, request)
        self.submission_id = uuid4().hex
        self.is_kiosk = read_kiosk(form, request)
        self._headers = request.headers
        self._presets = read_presets(form, request)
        self._values: Mapping[str, str] = self._presets
        self.items: list[Item] = []

    def read(self, body: bytes) -> list[Item]:
        """Return the items of a body; raise ``InvalidForm`` or ``HTTPProblem`` (400)."""
        try:
            pairs = read_form(body, self._headers)
        except Malformed as error:
            raise HTTPProblem(400, str(error)) from None
        fields = _join_repeated(pairs)
        self._values = {name: text.replace("\r\n", "\n").strip() for name, text in fields.items()}
        if self.is_kiosk:  # the tablet stays where it is
            self._values = {**self._values, **self._presets}
        with suppress(ValidationError):
            self.submission_id = _SUBMISSION_ID.validate_python(fields.get("submission_id"))
        if errors := self._find_errors():
            raise InvalidForm(errors)
        self.items = [self._make_item(submission) for submission in self._submissions()]
        return self.items

    def _find_errors(self) -> list[FieldError]:
        return find_errors(self.form.config, self._values, TRANSLATIONS[self.language])

    def _make_item(self, submission: Submission) -> Item:
        return self.form.submission_item(submission, is_suspect=self.is_suspect)

    @property
    def is_suspect(self) -> bool:
        """True if the field is filled in that is hidden from people.

        Programs fill in every field, and so do some password managers for people.
        """
        return bool(self._values.get(HONEYPOT))

    @property
    def contact(self) -> str | None:
        """The person's e-mail address or phone number, if they ask for an answer."""
        if self.form.config.contacts_file is None or not self._values.get("contact_me"):
            return None
        return self._values.get("contact")

    def view(self, errors: Sequence[FieldError]) -> FormView:
        """Return the form as it was filled in."""
        return FormView(
            self.form,
            self.language,
            self.submission_id,
            self._values,
            errors,
            self._presets,
            self.is_kiosk,
        )

    def _choices(self) -> dict[str, tuple[str, ...]]:
        """Return the answers to the questions with choices, without numbers that do not exist."""
        answers = {}
        for name, question in self.form.config.choices.items():
            numbers = parse_numbers(self._values.get(CHOICE_PREFIX + name, ""), question)
            if numbers:
                choices = (question.choices[number - 1] for number in numbers)
                answers[name] = tuple(self.form.translate(choice)[0] for choice in choices)
        return answers

    def _common_fields(self) -> dict[str, Any]:
        """Return the fields that all submissions of the page have."""
        config, values = self.form.config, self._values
        common: dict[str, Any] = {"contact_requested": self.contact is not None}
        for name, choices in (("site", config.sites), ("service", config.services)):
            if values.get(name) in choices:
                common[name] = values[name]
        if "place" in self._presets:
            common["place"] = self._presets["place"]
        common["choices"] = self._choices()
        return common

    def _submissions(self) -> list[Submission]:
        config, values = self.form.config, self._values
        common = self._common_fields()
        submissions = []
        for number, question in enumerate(config.questions, 1):
            text = values.get(f"text_{number}", "")
            score = _parse_score(config, values) if number == 1 else None
            if text or score is not None:
                suffix = "" if number == 1 else f".{number}"
                submissions.append(
                    Submission(
                        **common,
                        submission_id=self.submission_id + suffix,
                        text=text,
                        score=score,
                        question=self.form.translate(question, self.language)[0],
                    )
                )
        return submissions


def _join_repeated(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return fields by name; the numbers of several choices are separated by commas."""
    fields: dict[str, str] = {}
    for name, text in pairs:
        is_further = name.startswith(CHOICE_PREFIX) and fields.get(name)
        fields[name] = f"{fields[name]},{text}" if is_further else text
    return fields


def find_errors(
    config: FormConfig, values: Mapping[str, str], words: Translation
) -> list[FieldError]:
    """Return what is missing or wrong in the values of a form."""
    errors = []
    fields = [f"text_{number}" for number in range(1, len(config.questions) + 1)]
    if _parse_score(config, values) is None and not any(values.get(field) for field in fields):
        first = "text_1" if config.score == "none" else "score"
        errors.append(FieldError(first, words.nothing_given))
    errors += [
        FieldError(field, words.too_long.format(most=MAX_ANSWER_CHARACTERS))
        for field in fields
        if len(values.get(field, "")) > MAX_ANSWER_CHARACTERS
    ]
    if config.contacts_file is not None:
        if values.get("contact_me") and not values.get("contact"):
            errors.append(FieldError("contact", words.contact_missing))
        if values.get("contact") and not values.get("contact_me"):
            errors.append(FieldError("contact_me", words.contact_unasked))
    return errors


def _parse_score(config: FormConfig, values: Mapping[str, str]) -> int | None:
    digits = values.get("score", "")
    if len(digits) > 2 or not digits.isdecimal() or int(digits) not in SCALES[config.score]:
        return None
    return int(digits)


def append_contact(form: Form, item: Item, contact: str) -> None:
    """Append a line to the file of people who ask for an answer; raise ``OSError``."""
    path: Path | None = form.config.contacts_file
    assert path is not None  # noqa: S101 - the form asks for a contact only if it has a file
    line = orjson.dumps(
        {
            "event_id": deterministic_id(form.name, form.native_id(item.data)),
            "asked_at": datetime.now(UTC),
            "contact": contact[:200],
        }
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
