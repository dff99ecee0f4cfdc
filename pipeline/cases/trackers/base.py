"""Issue trackers: a case's counterpart in Jira, in Zendesk or behind a webhook.

The links to its counterparts are part of the case, so what is left to do is known after an outage
of a service or of this process. Before creating an issue it is searched for by the case's id: a
crash may have come between its creation and the record of it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import aiohttp
import orjson

from connectors.sdk.http_status import StatusClass, classify_status
from pipeline.cases.notice import SHORT_ID, describe_case, format_time
from pipeline.cases.trackers.options import TrackerOptions
from pipeline.failures import PermanentError, TransientError
from pipeline.notify.webhooks import WebhookClient, requested_wait
from pipeline.terminal import humanize
from schemas.case import Case, Link, LinkState

_MAX_BYTES: Final = 4_000_000


class TrackerUnavailable(TransientError):
    """The tracker may accept the case later; the message contains no secret."""


class CaseRejected(PermanentError):
    """The tracker rejects this case, and will whenever it is sent."""


class IssueTracker(Protocol):
    """A service that mirrors cases.

    Every method raises :class:`TrackerUnavailable` or :class:`CaseRejected`.
    """

    options: TrackerOptions
    search_lag: timedelta
    """How long a search may miss an issue after its creation."""

    async def open(self, case: Case, text: str) -> Link:
        """Create the counterpart, or find the existing one; ``text`` is the feedback's, or ""."""

    async def update(self, case: Case, link: Link, state: LinkState) -> Link:
        """Report that the case was resolved or reopened."""


def case_title(case: Case) -> str:
    """Return the case in one line."""
    description = describe_case(case)
    return description[:1].upper() + description[1:]


def case_description(case: Case, text: str) -> list[str]:
    """Return the paragraphs that describe a case."""
    details = f"Priority {case.priority}, due {format_time(case.due_at)}."
    if case.owner:
        details += f" Owner: {case.owner}."
    if case.topics:
        details += f" About {', '.join(map(humanize, case.topics))}."
    if case.urgent_reasons:
        details += f" Urgent: {', '.join(map(humanize, case.urgent_reasons))}."
    given = f"Given {format_time(case.given_at)} through {case.source}."
    show = f"feedback cases show {case.case_id[:SHORT_ID]}"
    return [details, *([text] if text else []), given, show]


def resolution_text(case: Case, state: LinkState) -> str:
    """Return a paragraph about the resolution or reopening, distinct for each of them."""
    if state is not LinkState.RESOLVED:
        return f"The case was reopened ({case.reopened}). It is due {format_time(case.due_at)}."
    changed = f" What was changed: {case.changed}" if case.changed else ""
    when = format_time(case.resolved_at) if case.resolved_at else ""
    return f"The case was resolved {when}: {case.resolution}{changed}"


class TrackerApi:
    """JSON requests to one service with basic authentication."""

    def __init__(
        self, client: WebhookClient, base_url: str, user: str, token: str, title: str
    ) -> None:
        """``title`` names the service in messages: "Jira"."""
        self._client = client
        self._base_url = base_url.rstrip("/")
        credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._title = title

    async def request_json(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the response's JSON, or None if it is empty.

        Raises :class:`TrackerUnavailable` or :class:`CaseRejected`.
        """
        common = {"Authorization": self._authorization, "Content-Type": "application/json"}
        try:
            async with self._client.session.request(
                method,
                f"{self._base_url}{path}",
                data=None if body is None else orjson.dumps(body),
                headers={**common, "Accept": "application/json", **(headers or {})},
                allow_redirects=False,
            ) as response:
                self._raise_for_status(response)
                content = await response.content.read(_MAX_BYTES)
                return orjson.loads(content) if content else None
        except (TimeoutError, aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise TrackerUnavailable(f"{self._title}: {type(error).__name__}") from None

    def _raise_for_status(self, response: aiohttp.ClientResponse) -> None:
        status = classify_status(response.status)
        message = f"{self._title}: status {response.status}"
        if status is StatusClass.TRANSIENT or 300 <= response.status < 400:
            raise TrackerUnavailable(message, requested_wait(response.headers))
        # The settings are wrong and not the case, which can be sent once they are corrected.
        if status is StatusClass.CREDENTIALS_REFUSED or response.status == 404:
            raise TrackerUnavailable(f"{message}; are the settings right?")
        if status is StatusClass.PERMANENT:
            raise CaseRejected(message)
