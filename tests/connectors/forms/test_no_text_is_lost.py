"""Whatever a form's service sends: each text answer is in a record, a dead letter or a count.

``FORMS_INPUTS`` is the number of generated inputs per service: 25,000 take some minutes in all.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.forms.jotform import Jotform
from connectors.forms.mapped_webhook import MappedWebhook
from connectors.forms.tally import Tally
from connectors.forms.typeform import Typeform
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.source import Context, Webhook, WebhookRequest

INPUTS = int(os.environ.get("FORMS_INPUTS", "300"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTEXT = Context("test", b"key", lambda: NOW)
SECRET = "secret-of-sixteen-characters"  # noqa: S105
MAX_FIELDS = 6

WORDS = (
    *("Nobody came when I rang.", "Sam Field", "9", "N/A", "sam@mail.example", "Ward 4", "no"),
    *("other: the lift", "Ja", "\u202eevil", "\x00", "half \ud83d", "\udc00", "😀", " padded "),
    *("{", '{"value": "x"}', "2026-11-20", "ไม่มีใครมา", "x" * 3_000, "line\r\nbreak", ""),
)
TITLES = (
    *(None, "What was good?", "Your name", "Which ward?", "E-mail", "Comments", "Ward", "", 7),
    *("May we contact you?", "How likely are you to recommend us?", "Age", "Other", "\udfff"),
)
NUMBERS = (-1, 0, 3, 10, 4.5, 1e300, None, True)
SETTINGS: dict[str, Sequence[Any]] = {
    "comments": (["f0"], ["f1", "f2"]),
    "personal": (["f1"],),
    "keep": (["f2"],),
    "contact_field": ("f3",),
    "site_field": ("f4",),
    "scores": ({"f5": "stars"}, {"f0": {"measure": "csat", "choices": ["bad", "good"]}}),
}


class Writer:
    """Writes made-up answers; a mark on each text says which it is, wherever it turns up."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.marks: list[str] = []

    def text(self) -> str:
        """Return a text with its mark."""
        if self.random.random() < 0.2:
            letters = (self.random.randrange(1, 0x11000) for _ in range(self.random.randrange(40)))
            text = "".join(map(chr, letters))
        else:
            text = self.random.choice(WORDS)
        self.marks.append(f"⟦{len(self.marks)}⟧")
        return f"{text} {self.marks[-1]}"

    def pick(self, *values: Any) -> Any:
        """Return one of the values."""
        return self.random.choice(values)


def write_typeform(writer: Writer, count: int) -> Any:
    fields, answers = [], []
    for number in range(count):
        kind = writer.pick(
            "short_text", "long_text", "multi_format", "multiple_choice", "rating", "?"
        )
        field = {"id": f"f{number}", "type": kind, "title": writer.pick(*TITLES)}
        group = {"id": f"g{number}", "type": "group", "properties": {"fields": [field]}}
        fields.append(writer.pick(field, group))
        if kind == "rating":
            answer: dict[str, Any] = {"type": "number", "number": writer.pick(*NUMBERS)}
        elif kind == "multiple_choice":
            chosen = {"labels": [writer.pick("Food", "Beds")], "other": writer.text()}
            answer = {"type": "choices", "choices": chosen}
        elif writer.pick(True, False):
            answer = {"type": "multi_format", "multi_format": {"transcript": writer.text()}}
        else:
            answer = {"type": "text", "text": writer.text()}
        answers.append({**answer, "field": {"id": f"f{number}", "type": kind}})
    response = {"token": "t1", "submitted_at": writer.pick("2026-11-19T10:00:00Z", None, "soon")}
    response |= {"answers": answers, "definition": {"fields": fields}}
    return {"event_type": "form_response", "form_response": response}


def write_tally(writer: Writer, count: int) -> Any:
    options = [{"id": "a", "text": "Food"}, {"id": "b", "text": "Beds"}]
    fields = []
    for number in range(count):
        kind = writer.pick("INPUT_TEXT", "TEXTAREA", "CHECKBOXES", "RATING", "?")
        field = {"key": f"f{number}", "label": writer.pick(*TITLES), "type": kind}
        if kind == "RATING":
            field["value"] = writer.pick(*NUMBERS)
        elif kind == "CHECKBOXES":
            field |= {"options": options, "value": ["a", writer.text()]}
        else:
            field["value"] = writer.text()
        fields.append(field)
    data = {"submissionId": "s1", "createdAt": "2026-11-19T10:00:00Z", "fields": fields}
    return {"eventType": "FORM_RESPONSE", "data": data}


def write_jotform(writer: Writer, count: int) -> Any:
    answers: dict[str, Any] = {}
    for number in range(count):
        match writer.pick("text", "other", "name", "number", "list"):
            case "text":
                answers[f"q{number}_f{number}"] = writer.text()
            case "other":
                answers[f"q{number}_f{number}"] = {"0": "Food", "other": writer.text()}
            case "name":
                answers[f"q{number}_f{number}"] = {"first": writer.text()}
            case "list":
                answers[f"q{number}_f{number}"] = ["Food", "Beds"]
            case _:
                answers[f"q{number}_f{number}"] = writer.pick(*NUMBERS)
    return answers


def write_mapped(writer: Writer, count: int) -> Any:
    document: dict[str, Any] = {"id": writer.pick("r1", None, 7), "at": writer.pick("soon", 0)}
    for number in range(count):
        document[f"f{number}"] = writer.text() if writer.pick(1, 0) else writer.pick(*NUMBERS)
    return document


def signed_request(body: bytes) -> WebhookRequest:
    mac = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    headers = {"typeform-signature": f"sha256={mac}", "tally-signature": mac, "x-token": SECRET}
    return WebhookRequest(body, headers, None, NOW)


def form_request(body: bytes) -> WebhookRequest:
    form = urlencode({"submissionID": "s1", "rawRequest": body.decode()}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return WebhookRequest(form, headers, SECRET, NOW)


class Service(NamedTuple):
    """A connector, its settings, and what calls it."""

    kind: Any
    settings: dict[str, Any]
    write: Callable[[Writer, int], Any]
    request: Callable[[bytes], WebhookRequest]


MAPPED = {
    "secret": SECRET,
    "verify": "token",
    "header": "X-Token",
    "prefix": "",
    "id": "/id",
    "created_at": "/at",
    "fields": {f"f{number}": f"/f{number}" for number in range(MAX_FIELDS)},
}
SERVICES = {
    "typeform": Service(Typeform, {"webhook_secret": SECRET}, write_typeform, signed_request),
    "tally": Service(Tally, {"webhook_secret": SECRET}, write_tally, signed_request),
    "jotform": Service(
        Jotform, {"path_secret": SECRET, "comments": ["f0"]}, write_jotform, form_request
    ),
    "mapped_webhook": Service(MappedWebhook, MAPPED, write_mapped, signed_request),
}


def find_texts(source: Webhook, request: WebhookRequest) -> tuple[str, int]:
    """Return all that records and dead letters hold, and the number of texts left out.

    A submission that is skipped is counted, with the one answer that would be its attribute.
    """
    held, left_out = [], 0
    for item in source.handle(request):
        left_out += sum(item.left_out.values())
        try:
            held.append(source.parse(item).to_payload().decode())
        except BadRecord:
            held.append(orjson.dumps(item.data).decode())
        except Skip:
            left_out += 1
    return "".join(held), left_out


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_text_is_in_a_record_or_a_dead_letter_or_counted(service: str) -> None:
    kind, fixed, write, make_request = SERVICES[service]

    @given(st.integers(0, 2**63))
    @settings(max_examples=INPUTS, deadline=None, database=None)
    def check(seed: int) -> None:
        random = Random(seed)
        chosen = {
            name: random.choice(values)
            for name, values in SETTINGS.items()
            if random.random() < 0.25
        }
        source = kind(kind.Config.model_validate({**fixed, **chosen}), CONTEXT)
        writer = Writer(random)
        body = json.dumps(write(writer, random.randrange(MAX_FIELDS + 1))).encode()
        held, left_out = find_texts(source, make_request(body))
        missing = [mark for mark in writer.marks if mark not in held]
        # Answers that name the place or give consent are kept in another form.
        placed = sum(name in chosen for name in ("contact_field", "site_field"))
        assert len(missing) <= left_out + placed

    check()
