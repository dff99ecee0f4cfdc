"""Cases as Zendesk tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pipeline.cases.trackers.base import TrackerApi, case_description, case_title, resolution_text
from pipeline.cases.trackers.options import TrackerOptions, ZendeskOptions
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, Link, LinkState
from schemas.feedback import Priority


class Zendesk:
    """Tickets with the case's id as their external id.

    https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
    """

    search_lag = timedelta(0)

    _PRIORITIES: Final = {Priority.HIGH: "high", Priority.MEDIUM: "normal", Priority.LOW: "low"}

    def __init__(self, options: ZendeskOptions, client: WebhookClient) -> None:
        self.options: TrackerOptions = options
        self._tags = options.tags
        self._base_url = options.base_url.rstrip("/")
        user, token = f"{options.email}/token", options.api_token.get_secret_value()
        self._api = TrackerApi(client, options.base_url, user, token, "Zendesk")

    async def open(self, case: Case, text: str) -> Link:
        """Create a ticket with an internal note, or find the existing one."""
        tickets = await self._api.request_json("GET", f"/api/v2/tickets?external_id={case.case_id}")
        if tickets["tickets"]:
            return self._link(tickets["tickets"][0]["id"], LinkState.OPENED)
        priority = "urgent" if case.urgent_reasons else self._PRIORITIES[case.priority]
        ticket = {
            "subject": case_title(case),
            "comment": {"body": "\n\n".join(case_description(case, text)), "public": False},
            "external_id": case.case_id,
            "priority": priority,
            "tags": ["feedback", case.type, *self._tags],
        }
        created = await self._api.request_json(
            "POST",
            "/api/v2/tickets",
            {"ticket": ticket},
            {"Idempotency-Key": f"feedback-{case.case_id}"},
        )
        return self._link(created["ticket"]["id"], LinkState.OPENED)

    async def update(self, case: Case, link: Link, state: LinkState) -> Link:
        """Solve the ticket or reopen it, unless it is in that state already."""
        path = f"/api/v2/tickets/{link.reference}"
        status = (await self._api.request_json("GET", path))["ticket"]["status"]
        solved = status in ("solved", "closed")
        if solved != (state is LinkState.RESOLVED) and status != "closed":
            ticket = {
                "status": "solved" if state is LinkState.RESOLVED else "open",
                "comment": {"body": resolution_text(case, state), "public": False},
            }
            await self._api.request_json("PUT", path, {"ticket": ticket})
        return link.model_copy(update={"state": state})

    def _link(self, ticket: int, state: LinkState) -> Link:
        url = f"{self._base_url}/agent/tickets/{ticket}"
        return Link(outlet=self.options.name, state=state, reference=str(ticket), url=url)
