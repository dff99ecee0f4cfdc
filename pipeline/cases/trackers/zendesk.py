"""Cases as Zendesk tickets."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pipeline.cases.trackers.base import Service, ending_of, sentences_of, subject_of
from pipeline.cases.trackers.options import OutletOptions, ZendeskOptions
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
