"""``zendesk``: tickets, and ratings of how they were handled.

Speaks Zendesk's webhooks and the cursor-based Incremental Ticket Export,
https://developer.zendesk.com/api-reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import httpx
from pydantic import Field, SecretStr

from connectors.forms.zendesk.ticket import (
    Part,
    join_text,
    may_be_rated,
    parse_score,
    rating_part,
    read_trigger,
    ticket_part,
    trigger_part,
)
from connectors.sdk import (
    BadRecord,
    Capability,
    Forged,
    Http,
    Item,
    Malformed,
    Misconfigured,
    Page,
    Polled,
    Skip,
    SourceConfig,
    Webhook,
    WebhookRequest,
    parse_iso,
    require_hmac,
    require_list,
    require_recent,
    unix_ms,
)
from schemas.feedback import Family, Feedback, Operation
from schemas.measures import Csat

_EVENTS: Final = "zen:event-type:ticket."
_NEW_EVENTS: Final = frozenset({"created", "subject_changed", "description_changed", "undeleted"})
_DELETE_EVENTS: Final = frozenset({"soft_deleted", "permanently_deleted"})
_SIDE_CONVERSATION: Final = "side_conversation"
_PATH: Final = "/api/v2/incremental/tickets/cursor.json"


class ZendeskConfig(SourceConfig):
    """One account; the token is for polling, the secret for the webhook."""

    subdomain: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", description="Name in SUBDOMAIN.zendesk.com."
    )
    email: str | None = Field(default=None, description="E-mail address of the token's user.")
    api_token: SecretStr | None = Field(default=None, description="API token of an admin.")
    webhook_secret: Annotated[SecretStr, Field(min_length=1)] | None = Field(
        default=None, description="Signing secret of the webhook."
    )
    take: Literal["both", "tickets", "ratings"] = Field(
        default="both", description="Tickets, satisfaction ratings, or both."
    )
    since: date | None = Field(default=None, description="First day of the history to read.")
    sites: dict[str, str] = Field(
        default_factory=dict, description="Sites, by the id of the ticket's group."
    )
    per_minute: float = Field(
        default=10, gt=0, description="Requests per minute; 30 with the High Volume API add-on."
    )
    base_url: str | None = Field(
        default=None, description="Address of the API; default: https://SUBDOMAIN.zendesk.com."
    )


class Zendesk(Polled[ZendeskConfig], Webhook[ZendeskConfig]):
    """Reads tickets in the order of their changes, and receives events."""

    name = "zendesk"
    title = "Zendesk"
    family = Family.FORM
    requirements = (
        "an API token with an admin's e-mail address for polling; for events a webhook with its "
        "signing secret, subscribed to ticket events. Ratings are polled, or sent immediately by "
        "two triggers, one for good and one for bad ratings, that call the webhook with the fields "
        "of a form, or with the JSON "
        '{"ticket_id": "{{ticket.id}}", "rating": "good", '
        '"comment": "{{satisfaction.current_comment}}", '
        '"updated_at": "{{ticket.updated_at_with_timestamp}}"}, "bad" in the other.'
    )
    limitations = (
        "10 requests per minute, 1,000 tickets each. Of tickets that came by e-mail, quotes and "
        "signatures are left out. Changes of the last minute are read by the "
        "next run. The export has no time of a rating: it gets the time of the ticket's last "
        "change. Only the first message of a ticket is collected, and no side conversation."
    )
    cursor_description = "the export's `after_cursor`"
    capabilities = frozenset({Capability.EDITS, Capability.DELETES})
    example = """\
subdomain = "northern-hospitals"
email = "feedback@example.org"
api_token = { env = "ZENDESK_TOKEN" }
webhook_secret = { env = "ZENDESK_WEBHOOK_SECRET" }
since = 2024-01-01
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        if not config.email or config.api_token is None:
            raise Misconfigured("reading zendesk: email and api_token are not set")
        return self.http(
            config.base_url or f"https://{config.subdomain}.zendesk.com",
            auth=httpx.BasicAuth(f"{config.email}/token", config.api_token.get_secret_value()),
            per_second=config.per_minute / 60,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the tickets that changed after the cursor."""
        while True:
            params: dict[str, Any] = {"cursor": cursor} if cursor else {"start_time": self._start}
            export = self._http.get_json(_PATH, params=params)
            tickets = require_list(export, "tickets", _PATH)
            after = export.get("after_cursor") or cursor or ""
            items = [item for ticket in tickets for item in self._items(ticket)]
            if items or after != cursor:
                yield Page(items, after)
            if export.get("end_of_stream", True) or after == cursor:
                return
            cursor = after

    @property
    def _start(self) -> int:
        since = self.config.since
        return int(datetime.combine(since, time(), UTC).timestamp()) if since else 0

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify an event of a ticket, or a rating sent by a trigger."""
        self._verify(request)
        event = read_trigger(request.body)
        kind = event.get("type")
        if isinstance(kind, str) and isinstance(event.get("detail"), dict):
            return self._event_items(kind.removeprefix(_EVENTS), event["detail"])
        if event.get("ticket_id"):
            if self.config.take == "tickets":
                return []
            return [self._part(trigger_part(event, request.at))]
        raise Malformed("reading the event: it has neither type and detail nor ticket_id")

    def _verify(self, request: WebhookRequest) -> None:
        secret = self.config.webhook_secret
        if secret is None:
            raise Forged("checking the signature: webhook_secret is not set")
        at = request.headers.get("x-zendesk-webhook-signature-timestamp", "")
        signed = at.encode("latin-1", "replace") + request.body
        require_hmac(request.headers.get("x-zendesk-webhook-signature"), signed, secret)
        try:
            moment = parse_iso(at)
        except ValueError:
            raise Malformed("checking the signature: its time is not valid") from None
        require_recent(moment, request.at)

    def _event_items(self, kind: str, ticket: dict[str, Any]) -> list[Item]:
        if kind in _DELETE_EVENTS:
            return self._items({**ticket, "status": "deleted"})
        return self._items(ticket) if kind in _NEW_EVENTS else []

    def _items(self, ticket: Any) -> list[Item]:
        """Return the items of a ticket: its message, and its rating if it has one."""
        if not isinstance(ticket, dict):
            return [self.item(ticket, origin="?")]
        items = [] if self.config.take == "ratings" else [self._part(ticket_part(ticket))]
        if self.config.take != "tickets" and may_be_rated(ticket):
            items.append(self._part(rating_part(ticket)))
        return items

    def _part(self, part: dict[str, Any]) -> Item:
        return self.item(part, origin=part["id"])

    def parse(self, item: Item) -> Feedback:
        """Return the record of a ticket's subject and first message, or of its rating."""
        part = self.validate(Part, item.data)
        if part.channel == _SIDE_CONVERSATION and not part.deleted:
            raise Skip("a side conversation, which staff began")
        text = "" if part.deleted else join_text(part)
        score = None if part.deleted else self._score(part, text)
        if not text and not score and not part.deleted:
            raise Skip("no text and no rating")
        return self.record(
            item,
            native_id=part.id,
            created_at=part.created_at,
            revision=unix_ms(part.updated_at),
            operation=Operation.DELETE if part.deleted else Operation.UPSERT,
            redated=part.redated,
            text=text,
            csat=score,
            site=self.config.sites.get(part.group),
            author=part.requester,
            attributes={
                name: value
                for name, value in (("channel", part.channel), ("dated", part.dated))
                if value
            },
        )

    def _score(self, part: Part, text: str) -> Csat | None:
        """Return the rating. Raises ``BadRecord`` if it is all there is, and unknown."""
        try:
            return parse_score(part.score)
        except BadRecord:
            if text:
                return None
            raise
