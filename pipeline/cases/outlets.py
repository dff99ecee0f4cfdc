"""Outlets: a case's counterpart in Jira, in Zendesk, or behind a webhook.

What an outlet has is part of the case, so that whoever looks knows what is left to do: nothing is
lost where a service or this process is away for a while. Before something is made it is looked
for, by the case's id, since a crash may have come between its making and the note of it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import aiohttp
import orjson

from pipeline.cases.notice import SHORT_ID, moment, named, plain
from pipeline.cases.outlet_options import (
    JiraOptions,
    OutletOptions,
    WebhookOptions,
    ZendeskOptions,
)
from pipeline.notify.outcome import Verdict
from pipeline.notify.webhooks import WebhookClient, send_webhook
from schemas._record import deterministic_id
from schemas.case import Case, Link, LinkState
from schemas.feedback import Priority

_MOST_BYTES: Final = 4_000_000
_RIGHTS: Final = frozenset({401, 403, 404})
"""Refusals that are about the settings and not about the case."""
_LATER: Final = frozenset({408, 425, 429})


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


def outlet_of(options: OutletOptions, client: WebhookClient) -> Outlet:
    """The outlet that is meant; the client checks the addresses that it connects to."""
    match options:
        case JiraOptions():
            from pipeline.cases.jira import Jira

            return Jira(options, client)
        case ZendeskOptions():
            return Zendesk(options, client)
        case WebhookOptions():
            return Webhook(options, client)


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
        status = response.status
        if 200 <= status < 300:
            return
        said = f"{self._title}: status {status}"
        if status in _LATER or status >= 500 or status < 400:
            after = response.headers.get("Retry-After", "")
            raise Later(said, timedelta(seconds=int(after)) if after.isdecimal() else None)
        if status in _RIGHTS:
            raise Later(f"{said}; are the settings right?")
        raise Refusal(said)


class Zendesk:
    """Tickets with the case's id as their external id.

    https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
    """

    search_lag = timedelta(0)

    _PRIORITIES: Final = {Priority.HIGH: "high", Priority.MEDIUM: "normal", Priority.LOW: "low"}

    def __init__(self, options: ZendeskOptions, client: WebhookClient) -> None:
        self.options: OutletOptions = options
        self._tags = options.tags
        self._base_url = options.base_url.rstrip("/")
        user, token = f"{options.email}/token", options.api_token.get_secret_value()
        self._service = Service(client, options.base_url, user, token, "Zendesk")

    async def open(self, case: Case, text: str) -> Link:
        """Make a ticket with an internal note, or find the one that is there."""
        found = await self._service.ask("GET", f"/api/v2/tickets?external_id={case.case_id}")
        if found["tickets"]:
            return self._link(found["tickets"][0]["id"], LinkState.OPENED)
        priority = "urgent" if case.urgent_reasons else self._PRIORITIES[case.priority]
        ticket = {
            "subject": subject_of(case),
            "comment": {"body": "\n\n".join(sentences_of(case, text)), "public": False},
            "external_id": case.case_id,
            "priority": priority,
            "tags": ["feedback", case.type, *self._tags],
        }
        made = await self._service.ask(
            "POST",
            "/api/v2/tickets",
            {"ticket": ticket},
            {"Idempotency-Key": f"feedback-{case.case_id}"},
        )
        return self._link(made["ticket"]["id"], LinkState.OPENED)

    async def follow(self, case: Case, link: Link, state: LinkState) -> Link:
        """Solve the ticket, or open it again; one that is so already stays as it is."""
        path = f"/api/v2/tickets/{link.reference}"
        there = (await self._service.ask("GET", path))["ticket"]["status"]
        solved = there in ("solved", "closed")
        if solved != (state is LinkState.RESOLVED) and there != "closed":
            ticket = {
                "status": "solved" if state is LinkState.RESOLVED else "open",
                "comment": {"body": ending_of(case, state), "public": False},
            }
            await self._service.ask("PUT", path, {"ticket": ticket})
        return link.model_copy(update={"state": state})

    def _link(self, ticket: int, state: LinkState) -> Link:
        url = f"{self._base_url}/agent/tickets/{ticket}"
        return Link(outlet=self.options.name, state=state, reference=str(ticket), url=url)


class Webhook:
    """Signed webhooks ``case.opened``, ``case.resolved`` and ``case.reopened``.

    Their identifier is the same however often they are sent; receivers deduplicate on it.
    """

    search_lag = timedelta(0)

    def __init__(self, options: WebhookOptions, client: WebhookClient) -> None:
        self.options: OutletOptions = options
        self._client = client
        self._url = options.url.get_secret_value()
        self._secret = options.secret.get_secret_value()

    async def open(self, case: Case, text: str) -> Link:
        """Tell of the case, with the feedback's text where that is wanted."""
        return await self._tell(case, "opened", LinkState.OPENED, {"text": text} if text else {})

    async def follow(self, case: Case, link: Link, state: LinkState) -> Link:
        """Tell what has become of it."""
        kind = "resolved" if state is LinkState.RESOLVED else "reopened"
        return await self._tell(case, kind, state, {})

    async def _tell(self, case: Case, kind: str, state: LinkState, more: dict[str, str]) -> Link:
        about = deterministic_id("case webhook", case.case_id, kind, str(case.reopened))
        data = {**case.model_dump(mode="json", exclude_none=True, exclude={"events"}), **more}
        at = case.opened_at if kind == "opened" else case.updated_at
        payload = {"type": f"case.{kind}", "timestamp": at.isoformat(), "data": data}
        outcome = await send_webhook(
            self._client, self._url, self._secret, about, orjson.dumps(payload), datetime.now(UTC)
        )
        if outcome.verdict is Verdict.GONE:
            raise Refusal(f"webhook: {outcome.reason}")
        if outcome.verdict is not Verdict.TOLD:
            raise Later(f"webhook: {outcome.reason}", outcome.wait)
        return Link(outlet=self.options.name, state=state, reference=about)
