"""``mapped_webhook``: any JSON or form that a service posts, mapped by JSON Pointers (RFC 6901).

For services without a connector of their own, and for flows such as those of Power Automate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import orjson
from jsonpointer import EndOfList, JsonPointer, JsonPointerException
from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    Item,
    Malformed,
    Submission,
    Webhook,
    WebhookRequest,
    guess_text_type,
    parse_plausible,
    read_document,
    require_equal,
    require_hmac,
    unix_ms,
    unpack_json,
)
from schemas.record import deterministic_id

_MAX_SUBMISSIONS: Final = 1_000


def _require_pointer(text: str) -> str:
    try:
        JsonPointer(text)
    except JsonPointerException:
        raise ValueError("it is not a JSON Pointer such as /data/comment") from None
    return text


Pointer = Annotated[str, AfterValidator(_require_pointer)]


class MappedWebhookConfig(FormSourceConfig):
    """One service or flow."""

    secret: Annotated[
        SecretStr,
        Field(min_length=16, description="Key of the signature, or the token that is sent."),
    ]
    verify: Literal["hmac-sha256", "hmac-sha1", "token"] = Field(
        default="hmac-sha256",
        description="What proves the sender: an HMAC of the body, or the secret itself.",
    )
    header: str = Field(
        default="X-Hub-Signature-256",
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header that holds the signature or the token.",
    )
    prefix: str = Field(
        default="sha256=", description='Text before it, such as "Bearer " or none: "".'
    )
    encoding: Literal["hex", "base64"] = Field(
        default="hex", description="How the signature is written."
    )
    fields: dict[str, Pointer] = Field(
        min_length=1,
        description="JSON Pointers to the answers, by names of your choice, which other settings "
        "use: texts are comments unless they name a person or a place, numbers need `scores`.",
    )
    items: Pointer = Field(
        default="",
        description="JSON Pointer to the list of submissions, if a request holds several; the "
        "other pointers begin at each of them.",
    )
    id: Pointer | None = Field(
        default=None,
        description="JSON Pointer to the submission's id; default: a hash of the submission.",
    )
    created_at: Pointer | None = Field(
        default=None,
        description="JSON Pointer to its time, in ISO 8601 or Unix time (s or ms); default, or if "
        "it cannot be read: when it is received.",
    )
    revision: Pointer | None = Field(
        default=None, description="JSON Pointer to the time of its last edit, if it can be edited."
    )
    respondent: Pointer | None = Field(
        default=None,
        description="JSON Pointer to an id of the person, which becomes a pseudonym.",
    )
    language: Pointer | None = Field(
        default=None, description="JSON Pointer to the BCP 47 tag of the language."
    )
    questions: dict[str, str] = Field(
        default_factory=dict, description="Wordings of questions, by the names in `fields`."
    )


class MappedWebhook(FormSource[MappedWebhookConfig], Webhook[MappedWebhookConfig]):
    """Receives each request that a service or a flow posts."""

    name = "mapped_webhook"
    title = "Mapped webhook"
    requirements = (
        "a service that posts JSON, or the fields of a form, to this address and signs it with an "
        "HMAC, or sends a token in a header."
    )
    limitations = (
        "What the pointers do not name is not read. A submission whose id is not mapped is another "
        "one as soon as anything in it changes. At most 1,000 submissions per request; deletes are "
        "not reported."
    )
    example = """\
secret = { env = "FLOW_TOKEN" }
verify = "token"
header = "Authorization"
prefix = "Bearer "
id = "/responseId"
created_at = "/submitDate"
fields = { improve = "/answers/improve", recommend = "/answers/recommend", ward = "/ward" }
questions = { improve = "What could we do better?" }
comments = ["improve"]
scores = { recommend = "nps" }
service_field = "ward"
site = "Eastgate"
"""

    @cached_property
    def _mapping(self) -> _Mapping:
        return _Mapping.from_config(self.config)

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a request and return the items of its submissions."""
        self._verify(request)
        submissions = self._mapping.find_submissions(read_document(request.body, request.headers))
        return [item for each in submissions for item in self._items(each, request.at)]

    def _items(self, submission: Any, received: datetime) -> Sequence[Item]:
        """Return a submission's items; what is not an object becomes a dead letter."""
        if not isinstance(submission, dict):
            return [self.item(submission, origin="?")]
        return self.items(self._mapping.read(submission, received))

    def _verify(self, request: WebhookRequest) -> None:
        config = self.config
        received = request.headers.get(config.header.lower())
        if config.verify == "token":
            require_equal(received, SecretStr(config.prefix + config.secret.get_secret_value()))
            return
        require_hmac(
            received,
            request.body,
            config.secret,
            digest="sha1" if config.verify == "hmac-sha1" else "sha256",
            form=config.encoding,
            prefix=config.prefix,
        )


@dataclass(frozen=True, slots=True)
class _Mapping:
    """The pointers of the settings, parsed once."""

    fields: dict[str, JsonPointer]
    others: dict[str, JsonPointer]
    items: JsonPointer
    questions: dict[str, str]

    @classmethod
    def from_config(cls, config: MappedWebhookConfig) -> _Mapping:
        names = ("id", "created_at", "revision", "respondent", "language")
        texts = {name: getattr(config, name) for name in names}
        return cls(
            fields={name: JsonPointer(pointer) for name, pointer in config.fields.items()},
            others={name: JsonPointer(text) for name, text in texts.items() if text is not None},
            items=JsonPointer(config.items),
            questions=config.questions,
        )

    def find_submissions(self, document: Any) -> list[Any]:
        """Return the submissions in a request, of which one is an object. Raises ``Malformed``."""
        value = unpack_json(_resolve(self.items, document))
        submissions = value if isinstance(value, list) else [value]
        if len(submissions) > _MAX_SUBMISSIONS:
            raise Malformed(f"reading the request: more than {_MAX_SUBMISSIONS:,} submissions")
        if submissions and not any(isinstance(each, dict) for each in submissions):
            raise Malformed("reading the request: `items` is neither an object nor a list of them")
        return submissions

    def read(self, data: dict[str, Any], received: datetime) -> Submission:
        """Return a submission; one whose time cannot be read is dated by its receipt."""
        at = parse_plausible(self._find(data, "created_at"), received)
        changed = parse_plausible(self._find(data, "revision"), received)
        native_id = _text(self._find(data, "id"))
        dated = {} if at or "created_at" not in self.others else {"dated": "received"}
        return Submission(
            id=native_id or deterministic_id(_canonical(data)),
            at=at or received,
            redated=at is None,
            revision=None if changed is None else unix_ms(changed),
            edited=changed is not None and changed != at,
            answers=list(self._read_answers(data)),
            respondent=_text(self._find(data, "respondent")),
            language=_text(self._find(data, "language"))[:35] or None,
            attributes=dated,
        )

    def _find(self, data: dict[str, Any], name: str) -> Any:
        pointer = self.others.get(name)
        return None if pointer is None else _resolve(pointer, data)

    def _read_answers(self, data: dict[str, Any]) -> Iterator[FormAnswer]:
        for name, pointer in self.fields.items():
            question = self.questions.get(name, name)
            kind, value = _read_value(_resolve(pointer, data), question)
            yield FormAnswer(name, question, kind, value)


def _read_value(value: Any, question: str) -> tuple[AnswerType, Any]:
    """Return the type of a value, and the value; several texts are one."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return AnswerType.SHORT, ", ".join(value)
    if isinstance(value, dict) or (isinstance(value, list) and _holds_objects(value)):
        return AnswerType.PERSONAL, value
    if value is not None and not isinstance(value, str):
        return AnswerType.CHOICE, value
    text = value or ""
    return guess_text_type(text, question), text


def _holds_objects(values: list[Any]) -> bool:
    return any(isinstance(value, dict) for value in values)


def _resolve(pointer: JsonPointer, document: Any) -> Any:
    """Return the value at a pointer, or None; "-" is behind the end of a list."""
    value = pointer.resolve(document, None)
    return None if isinstance(value, EndOfList) else value


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _canonical(data: dict[str, Any]) -> str:
    try:
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(data, sort_keys=True)
