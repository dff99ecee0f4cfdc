"""What a person sends with a form's page: read, judged, and made items."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from connectors.forms.form.config import SCALES, FormConfig, Submission, SubmissionId, Tongue
from connectors.forms.form.connector import Form
from connectors.sdk.base import Item
from connectors.server.html import HONEYPOT, LONGEST_ANSWER, PRESETS, Problem, View
from connectors.server.problems import Refusal
from connectors.server.translations import WORDS, Words, tongue_of
from schemas.record import deterministic_id

_SUBMISSION_ID: Final = TypeAdapter[str](SubmissionId)


def tongue(form: Form, request: Request) -> Tongue:
    """The language that a request is answered in."""
    asked = request.query_params.get("lang")
    return tongue_of(asked, request.headers.get("accept-language"), form.config.languages)


def presets(form: Form, request: Request) -> dict[str, str]:
    """What the address says beforehand, as far as the form knows it."""
    config = form.config
    choices = dict(zip(PRESETS, (config.sites, config.services, config.places), strict=True))
    asked = request.query_params
    return {name: asked[name] for name in PRESETS if asked.get(name) in choices[name]}


class Mend(Exception):
    """What was sent lacks something."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = problems


class Sent:
    """What a person has sent; known once the body is read."""

    def __init__(self, form: Form, request: Request) -> None:
        self.form = form
        self.tongue = tongue(form, request)
        self.submission_id = uuid4().hex
        self._presets = presets(form, request)
        self._given: Mapping[str, str] = self._presets

    def read(self, body: bytes) -> list[Item]:
        """The items of a body; none for a robot. Raises ``Mend`` or ``Refusal`` (400)."""
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise Refusal(400, "reading the form: it can't be decoded") from None
        self._given = {name: value.replace("\r\n", "\n").strip() for name, value in fields.items()}
        with suppress(ValidationError):
            self.submission_id = _SUBMISSION_ID.validate_python(fields.get("submission_id"))
        if self.by_robot:
            return []
        if problems := _problems(self.form.config, self._given, WORDS[self.tongue]):
            raise Mend(problems)
        return [self.form.submitted(one) for one in self._submissions()]

    @property
    def by_robot(self) -> bool:
        """Whether the field is filled in that no person sees."""
        return bool(self._given.get(HONEYPOT))

    @property
    def contact(self) -> str | None:
        """Where the person wants to be contacted."""
        if self.form.config.contacts_file is None or not self._given.get("contact_me"):
            return None
        return self._given.get("contact")

    def view(self, problems: Sequence[Problem]) -> View:
        """The form as it was filled in."""
        return View(self.form, self.tongue, self.submission_id, self._given, problems)

    def _submissions(self) -> list[Submission]:
        config, given = self.form.config, self._given
        common: dict[str, Any] = {"contact_requested": self.contact is not None}
        for name, choices in (("site", config.sites), ("service", config.services)):
            if given.get(name) in choices:
                common[name] = given[name]
        if "place" in self._presets:
            common["place"] = self._presets["place"]
        found = []
        for number, question in enumerate(config.questions, 1):
            text = given.get(f"text_{number}", "")
            score = _score(config, given) if number == 1 else None
            if text or score is not None:
                suffix = "" if number == 1 else f".{number}"
                found.append(
                    Submission(
                        **common,
                        submission_id=self.submission_id + suffix,
                        text=text,
                        score=score,
                        question=self.form.words(question, self.tongue)[0],
                    )
                )
        return found


def _problems(config: FormConfig, given: Mapping[str, str], words: Words) -> list[Problem]:
    found = []
    fields = [f"text_{number}" for number in range(1, len(config.questions) + 1)]
    if _score(config, given) is None and not any(given.get(field) for field in fields):
        first = "text_1" if config.score == "none" else "score"
        found.append(Problem(first, words.nothing_given))
    found += [
        Problem(field, words.too_long.format(most=LONGEST_ANSWER))
        for field in fields
        if len(given.get(field, "")) > LONGEST_ANSWER
    ]
    if config.contacts_file is not None:
        if given.get("contact_me") and not given.get("contact"):
            found.append(Problem("contact", words.contact_missing))
        if given.get("contact") and not given.get("contact_me"):
            found.append(Problem("contact_me", words.contact_unasked))
    return found


def _score(config: FormConfig, given: Mapping[str, str]) -> int | None:
    chosen = given.get("score", "")
    if len(chosen) > 2 or not chosen.isdecimal() or int(chosen) not in SCALES[config.score]:
        return None
    return int(chosen)


def keep_contact(form: Form, submission_id: str, contact: str) -> None:
    """Add a line to the file of those who ask to be contacted; raises ``OSError``."""
    path: Path | None = form.config.contacts_file
    assert path is not None  # noqa: S101 - nobody is asked without one
    native_id = f"{form.context.instance}/{submission_id}"
    line = orjson.dumps(
        {
            "event_id": deterministic_id(form.name, native_id),
            "asked_at": datetime.now(UTC),
            "contact": contact[:200],
        }
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
