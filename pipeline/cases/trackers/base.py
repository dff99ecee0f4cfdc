"""Outlets: a case's counterpart in Jira, in Zendesk, or behind a webhook.

What an outlet has is part of the case, so that whoever looks knows what is left to do: nothing is
lost where a service or this process is away for a while. Before something is made it is looked
for, by the case's id, since a crash may have come between its making and the note of it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import aiohttp
import orjson

from connectors.sdk.http_status import StatusClass, classify_status, retry_after_seconds
from pipeline.cases.notice import SHORT_ID, moment, named, plain
from pipeline.cases.trackers.options import OutletOptions
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, Link, LinkState

_MOST_BYTES: Final = 4_000_000
_MAX_WAIT_S: Final = 86_400.0


class Later(Exception):
    """It may go well later; ``str()`` names no secret, ``wait`` is how long to leave it alone."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Refusal(Exception):
    """The service will not take this case, however often it is asked."""


class Outlet(Protocol):
    """A place that cases are told to. Everything raises :class:`Later` or :class:`Refusal`."""

    options: OutletOptions
    search_lag: timedelta
    """How long the service may not find what was made."""

    async def open(self, case: Case, text: str) -> Link:
        """Make the counterpart, or find the one that is there."""

    async def follow(self, case: Case, link: Link, state: LinkState) -> Link:
        """Tell that the case is resolved, or opened again."""


def subject_of(case: Case) -> str:
    """The case in one line."""
    named_case = named(case)
    return named_case[:1].upper() + named_case[1:]


def sentences_of(case: Case, text: str) -> list[str]:
    """What a person needs to know, in paragraphs."""
    about = f"Priority {case.priority}, due {moment(case.due_at)}."
    if case.owner:
        about += f" Owner: {case.owner}."
    if case.topics:
        about += f" About {', '.join(map(plain, case.topics))}."
    if case.urgent_reasons:
        about += f" It cannot wait: {', '.join(map(plain, case.urgent_reasons))}."
    given = f"Given {moment(case.given_at)} through {case.source}."
    show = f"feedback cases show {case.case_id[:SHORT_ID]}"
    return [about, *([text] if text else []), given, show]


def ending_of(case: Case, state: LinkState) -> str:
    """What has become of the case, in one paragraph that is said of nothing else."""
    if state is not LinkState.RESOLVED:
        return f"The case was opened again ({case.reopened}). It is due {moment(case.due_at)}."
    changed = f" What was changed: {case.changed}" if case.changed else ""
    when = moment(case.resolved_at) if case.resolved_at else ""
    return f"The case was resolved {when}: {case.resolution}{changed}"


class Service:
    """Requests with JSON to one service, and what its answers mean."""

    def __init__(
        self, client: WebhookClient, base_url: str, user: str, token: str, title: str
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._title = title

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer's JSON; None where it is empty. Raises :class:`Later`, :class:`Refusal`."""
        sent = {"Authorization": self._authorization, "Content-Type": "application/json"}
        try:
            async with self._client.session.request(
                method,
                f"{self._base_url}{path}",
                data=None if body is None else orjson.dumps(body),
                headers={**sent, "Accept": "application/json", **(headers or {})},
                allow_redirects=False,
            ) as response:
                self._judge(response)
                found = await response.content.read(_MOST_BYTES)
                return orjson.loads(found) if found else None
        except (TimeoutError, aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise Later(f"{self._title}: {type(error).__name__}") from None

    def _judge(self, response: aiohttp.ClientResponse) -> None:
        status = classify_status(response.status)
        message = f"{self._title}: status {response.status}"
        if status is StatusClass.TRANSIENT or 300 <= response.status < 400:
            seconds = retry_after_seconds(response.headers)
            wait = None if seconds is None else timedelta(seconds=min(seconds, _MAX_WAIT_S))
            raise Later(message, wait)
        if status is StatusClass.CREDENTIALS_REFUSED or response.status == 404:
            raise Later(f"{message}; are the settings right?")
        if status is StatusClass.PERMANENT:
            raise Refusal(message)
