"""The contract of a source: somebody's service that a connector reads from or hears from.

A source declares what it is, and mixes in what it can do: ``Polled`` reads pages, ``Streamed``
listens, ``Webhook`` is called, ``Answering`` replies. All else (retries, publishing, cursors,
coverage, the server, the docs page) is done for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import BadRecord
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.records import build_record
from schemas.feedback import Family, Feedback, Name
from schemas.record import deterministic_id


class _Closeable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closeable)


class SourceConfig(BaseModel):
    """What every source can be told about its feedback."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organization: Name | None = Field(default=None, description="Hospital group, trust, company.")
    site: Name | None = Field(default=None, description="Hospital, branch, app.")
    service: Name | None = Field(default=None, description="Ward, clinic, department, product.")

    @cached_property
    def place(self) -> Mapping[str, str | None]:
        """Which organization, site and service, by these names."""
        return {name: getattr(self, name) for name in PLACES}


PLACES: Final = tuple(SourceConfig.model_fields)
"""What says where feedback belongs."""


class Capability(StrEnum):
    """What a source's interface tells beyond new feedback."""

    EDITS = "edits"
    DELETES = "deletes"
    SAMPLED = "sampled"
    """Only some of it: counts and shares of this source say nothing about all."""


_HOW_IT_IS_READ: Final = {"base_url", "live", "per_page", "recheck_days", "port", "tls", "ca_file"}
_WHO_READS: Final = {"client_id", "token_url", "scope", "act_as"}
_NOT_WHAT_IS_READ: Final = frozenset({*SourceConfig.model_fields, *_HOW_IT_IS_READ, *_WHO_READS})


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What a source gets besides its own settings."""

    instance: str
    """Which of its kind, as the settings file names it."""
    author_key: bytes = b""
    """Key of the authors' pseudonyms; without one authors are left out."""
    now: Callable[[], datetime] = field(default=_now)


class Source(ABC):
    """One instance of a service. Building it touches no network."""

    name: ClassVar[str]
    """The module's name, the records' ``source`` and the settings' section."""
    title: ClassVar[str]
    """What the service calls itself."""
    family: ClassVar[Family]
    Config: ClassVar[type[SourceConfig]]
    requirements: ClassVar[str]
    """What one must have of the service, and where it comes from."""
    limitations: ClassVar[str]
    """What the service allows, and what it does not tell."""
    cursor_description: ClassVar[str] = "none: it is called, and does not come back"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    example: ClassVar[str]
    """The settings of one instance, as TOML below its heading."""

    def __init__(self, config: Any, context: Context) -> None:
        self.config = config
        self.context = context
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        self._opened.close()

    def own(self, resource: T) -> T:
        """The resource, which is closed with the source."""
        self._opened.callback(resource.close)
        return resource

    @cached_property
    def instance_key(self) -> str:
        """The instance's name and a likeness of its settings, as the cursor knows it.

        A cursor says nothing about another app or tag: whoever changes it wants it read anew. Not
        so who changes the way to log in.
        """
        ignored = {
            name
            for name, field in type(self.config).model_fields.items()
            if name.startswith("reply_") or "SecretStr" in str(field.annotation)
        }
        read = self.config.model_dump_json(exclude=_NOT_WHAT_IS_READ | ignored)
        return f"{self.context.instance}/{deterministic_id(read)[:8]}"

    @abstractmethod
    def parse(self, item: Item) -> Feedback:
        """Understand one item. Pure: the same item always gives the same record.

        Raises ``BadRecord``, or ``Skip`` where there is nothing to work on.
        """

    def item(self, data: Any, *, origin: str, payload: bytes | None = None) -> Item:
        """An item read now; ``origin`` is the source's id of it, no personal value.

        ``payload`` are its bytes as they came; None: ``data`` is JSON, and they are made from it.
        """
        return Item(
            data, f"{self.name}/{self.context.instance}:{origin}", payload, self.context.now()
        )

    def record(self, item: Item, *, native_id: str, author: str = "", **fields: Any) -> Feedback:
        """A record of this source, its author made a pseudonym; raises ``BadRecord``.

        ``native_id`` must be the same in every instance that sees the item, and no other item's.
        """
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
            )
        except ValidationError as error:
            raise BadRecord.of(self.name, error) from None


class Polled(Source):
    """Reads pages when asked to."""

    @abstractmethod
    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the pages that follow ``cursor``; None: from the beginning.

        Raises ``Retry`` or ``Fatal``. One bad item never ends a page. A cursor is given out only
        where going on from it misses nothing, however the run ends.
        """


class Streamed(Polled):
    """Listens for what is new. What came while nobody listened is fetched."""

    @property
    def is_live(self) -> bool:
        """Whether it is set to listen between its runs."""
        return bool(getattr(self.config, "live", True))

    @abstractmethod
    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Wait for pages, until the connection ends; ``fetch`` has just caught up to ``cursor``.

        Yields at least once in 30 seconds, a page without items where nothing came.
        Raises ``Retry`` or ``Fatal``.
        """


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it came in."""

    body: bytes
    headers: Mapping[str, str]
    """By their names in small letters."""
    path_secret: str | None
    at: datetime


class Webhook(Source):
    """Is called by the service, at ``/webhooks/<name>/<instance>``."""

    secret_in_path: ClassVar[bool] = False
    """Whether the address ends in a secret, for services that sign nothing."""
    makes_requests: ClassVar[bool] = False
    """Whether ``handle`` makes requests of its own, and may take seconds."""

    @abstractmethod
    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a request and take it apart; none where it tells of no feedback.

        Raises ``Forged``, ``Stale`` or ``Malformed``.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """A request that publishes an answer."""

    method: str
    path: str
    json: Any


class Answering(Source):
    """Can publish an answer to a piece of feedback."""

    @abstractmethod
    def build_reply(self, native_id: str, text: str) -> Reply:
        """The request that answers; sends nothing. Raises ``BadRecord`` for what can't be sent."""

    @abstractmethod
    def send_reply(self, reply: Reply) -> None:
        """Send it. Raises ``Retry`` or ``Fatal``."""
