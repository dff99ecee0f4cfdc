"""The contract of a source: one instance of a service that a connector reads or is called by.

A source declares what it is and mixes in what it can do: ``Polled`` reads pages, ``Streamed``
listens, ``Webhook`` is called, ``Answering`` replies. Retries, publishing, cursors, coverage, the
server and the documentation are provided for it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Final, Generic, Protocol, Self, TypeVar, Unpack, get_args

import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import BadRecord
from connectors.sdk.http import Http, HttpOptions
from connectors.sdk.leniency import fit_times, validate_leniently
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.records import build_record
from schemas.feedback import Family, Feedback, Name
from schemas.record import deterministic_id


class _Closeable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)
Resource = TypeVar("Resource", bound=_Closeable)


class SourceConfig(BaseModel):
    """Settings that every source has: which part of the organization its feedback is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organization: Name | None = Field(default=None, description="Hospital group, trust, company.")
    site: Name | None = Field(default=None, description="Hospital, branch, app.")
    service: Name | None = Field(default=None, description="Ward, clinic, department, product.")

    @cached_property
    def place(self) -> Mapping[str, str | None]:
        """Organization, site and service by these names."""
        return {name: getattr(self, name) for name in PLACES}


PLACES: Final = tuple(SourceConfig.model_fields)
"""The settings and fields that say which part of the organization feedback is about."""

ConfigT = typing_extensions.TypeVar("ConfigT", bound=SourceConfig, default=Any)


class Capability(StrEnum):
    """Something that a source's interface returns in addition to new feedback."""

    EDITS = "edits"
    DELETES = "deletes"
    SAMPLED = "sampled"
    """Only a sample: counts and shares of this source do not represent all feedback."""


_TRANSPORT: Final = {"base_url", "version", "port", "tls", "ca_file"}
_READING: Final = {"live", "per_page", "recheck_days"}
_LOGIN: Final = {"client_id", "token_url", "scope", "act_as", "key_id", "issuer_id"}
_NOT_SELECTING: Final = {*SourceConfig.model_fields, *_TRANSPORT, *_READING, *_LOGIN}
"""Settings that do not change which feedback is read."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """The environment of a source, in addition to its own settings."""

    instance: str
    """Name of the instance in the settings file."""
    author_key: bytes = b""
    """Key of the authors' pseudonyms; without one, records have no author."""
    now: Callable[[], datetime] = field(default=_now)
    sleep: Callable[[float], None] = field(default=time.sleep)
    """Waits, for a number of seconds, between requests and before retries."""


class Source(ABC, Generic[ConfigT]):
    """One instance of a service. Constructing it makes no request.

    ``class Yelp(Polled[YelpConfig])`` has ``YelpConfig`` as its ``Config``.
    """

    name: ClassVar[str]
    """The module's name, the records' ``source`` and the section of the settings file."""
    title: ClassVar[str]
    """The service's own name."""
    family: ClassVar[Family]
    Config: ClassVar[type[SourceConfig]]
    """The type of the settings; derived from the type argument."""
    requirements: ClassVar[str]
    """What the operator needs from the service, and where to get it."""
    limitations: ClassVar[str]
    """The service's limits, and what its interface does not return."""
    cursor_description: ClassVar[str] = "none: the service calls, and nothing is read again"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    handles_empty_answers: ClassVar[bool] = False
    """False: the runtime leaves out what says nothing."""
    example: ClassVar[str]
    """Settings of one instance, as TOML without the heading."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config = type_argument(cls, SourceConfig)
        if config is not None:
            cls.Config = config

    def __init__(self, config: ConfigT, context: Context) -> None:
        self.config = config
        self.context = context
        self._resources = ExitStack()
        self.left_out: Counter[str] = Counter()
        """Fields that were unreadable and left out of records, since :meth:`take_notes`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all that the source owns."""
        self._resources.close()

    def take_notes(self) -> list[str]:
        """Return what was left out of records since the last call, for the operator."""
        notes = [f"{count:,} times unreadable: {name}" for name, count in self.left_out.items()]
        self.left_out.clear()
        return notes

    def own(self, resource: Resource) -> Resource:
        """Have a resource closed with the source, and return it."""
        self._resources.callback(resource.close)
        return resource

    def http(self, base_url: str, **options: Unpack[HttpOptions]) -> Http:
        """Return a new HTTP client, which is closed with the source."""
        return self.own(Http(base_url, sleep=self.context.sleep, **options))

    @cached_property
    def instance_key(self) -> str:
        """The instance's name and a hash of its settings: the key of its cursor.

        A cursor is of no use for another app or tag, so a changed setting starts from the
        beginning, except for settings of the connection and the login.
        """
        ignored = {
            name
            for name, field in type(self.config).model_fields.items()
            if name.startswith("reply_") or "SecretStr" in str(field.annotation)
        }
        selecting = self.config.model_dump_json(exclude=_NOT_SELECTING | ignored)
        return f"{self.context.instance}/{deterministic_id(selecting)[:8]}"

    @abstractmethod
    def parse(self, item: Item) -> Feedback:
        """Return the record of one item. Pure: the same item always gives the same record.

        Raises ``BadRecord``, or ``Skip`` if the item holds no feedback.
        """

    def item(self, data: Any, *, origin: str, payload: bytes | None = None) -> Item:
        """Return an item that was read now.

        ``origin`` is the service's id of it and holds no personal data. ``payload`` is its raw
        bytes; None if ``data`` is JSON, from which they are made.
        """
        return Item(
            data, f"{self.name}/{self.context.instance}:{origin}", payload, self.context.now()
        )

    def validate(
        self, model: type[Model], data: Any, *, words: Collection[str] | None = None
    ) -> Model:
        """Return ``data`` as a model of the service's item. Raises ``BadRecord``.

        With ``words``, the names of the fields that hold the comment, any other optional field is
        left out and counted if it is unreadable.
        """
        try:
            if words is None:
                return model.model_validate(data)
            validated, left_out = validate_leniently(model, data, frozenset(words))
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        if left_out:
            self.left_out.update(left_out)
        return validated

    def record(self, item: Item, *, native_id: str, author: str = "", **fields: Any) -> Feedback:
        """Return a record of this source, with a pseudonym for its author.

        ``native_id`` is unique within the service and the same in every instance that reads the
        item. A record without a ``created_at`` that can be has the time of its reading, and says
        so. Raises ``BadRecord``.
        """
        fields, unreadable = fit_times(fields, item.collected_at)
        self.left_out.update(unreadable)
        for name, value in self.config.place.items():
            if fields.get(name) is None:
                fields[name] = value
        try:
            return build_record(
                source=self.name,
                family=self.family,
                native_id=native_id,
                collected_at=item.collected_at,
                author=pseudonym(self.context.author_key, author),
                fields=fields,
                on_change=self.left_out.update,
            )
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None


def type_argument(cls: type, bound: type[T]) -> type[T] | None:
    """Return the first type argument of a class's own bases that is a ``bound``, if any."""
    for base in cls.__dict__.get("__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and issubclass(argument, bound):
                return argument
    return None


class Polled(Source[ConfigT]):
    """A source that is read page by page."""

    @abstractmethod
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Yield the pages that follow ``cursor``, or all pages if it is None.

        Raises ``Retry`` or ``Fatal``. One bad item never ends a page. A page's cursor must be safe:
        a run that resumes from it misses nothing, no matter how this run ends.
        """


class Streamed(Polled[ConfigT]):
    """A source that also listens. ``fetch`` reads what arrived while it did not listen."""

    @property
    def is_live(self) -> bool:
        """True if it listens between its runs."""
        return bool(getattr(self.config, "live", True))

    @abstractmethod
    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Yield pages as they arrive, until the connection ends; called after ``fetch``.

        Yields at least every 30 seconds: a page without items if nothing arrived.
        Raises ``Retry`` or ``Fatal``.
        """


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it was received."""

    body: bytes
    headers: Mapping[str, str]
    """By their names in lower case."""
    path_secret: str | None
    at: datetime


class Webhook(Source[ConfigT]):
    """A source that the service calls, at ``/webhooks/<name>/<instance>``."""

    secret_in_path: ClassVar[bool] = False
    """True if the address ends in a secret, for services that do not sign their requests."""
    makes_requests: ClassVar[bool] = False
    """True if ``handle`` makes requests itself and may take seconds."""
    acknowledgement: ClassVar[tuple[str, bytes] | None] = None
    """Media type and body of the response that the service expects; None: counts, as JSON."""

    @abstractmethod
    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a request and return its items: none if it is not about feedback.

        Raises ``Forged``, ``Stale`` or ``Malformed``.
        """
