"""``intercom``: ratings of conversations, with their remarks.

Speaks Intercom's webhooks, https://developers.intercom.com/docs/webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, ValidationError

from connectors.sdk import (
    BadRecord,
    Item,
    Malformed,
    SourceConfig,
    Webhook,
    WebhookRequest,
    get_object,
    json_object,
    parse_plausible,
    require_hmac,
)
from schemas.feedback import Family, Feedback
from schemas.measures import Csat


class IntercomConfig(SourceConfig):
    """One workspace."""

    client_secret: Annotated[
        SecretStr,
        Field(min_length=1, description="Client secret of the app, which signs requests."),
    ]


class _Rating(BaseModel):
    """The part of a notification that is kept."""

    id: str = Field(min_length=1)
    rating: Any = None
    remark: str | None = None
    rated_at: AwareDatetime | None
    """None if none of its times can be read."""
    contact: str = ""


class Intercom(Webhook[IntercomConfig]):
    """Receives each rating."""

    name = "intercom"
    title = "Intercom"
    family = Family.FORM
    requirements = (
        "an app in the Developer Hub with the permission to read conversations, subscribed to the "
        "topic conversation.rating.added at this address; its client secret."
    )
    limitations = (
        "Intercom retries once unless it gets a response within 5 seconds. Only the rating, from 1 "
        "to 5, and its remark are collected, not the conversation. A changed rating replaces the "
        "earlier one."
    )
    example = """\
client_secret = { env = "INTERCOM_CLIENT_SECRET" }
service = "Patient portal"
"""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a notification and return its rating, if it is about one."""
        require_hmac(
            request.headers.get("x-hub-signature"),
            request.body,
            self.config.client_secret,
            digest="sha1",
            form="hex",
            prefix="sha1=",
        )
        event = json_object(request.body)
        topic = event.get("topic")
        if not isinstance(topic, str):
            raise Malformed("reading the notification: it has no topic")
        if not topic.startswith("conversation.rating."):
            return []
        conversation = get_object(event, "data", "item")
        rating = get_object(conversation, "conversation_rating")
        if not conversation.get("id") or not rating:
            raise Malformed("reading the notification: it has no conversation with a rating")
        native_id = str(conversation["id"])
        kept = {
            "id": native_id,
            "rating": rating.get("rating"),
            "remark": rating.get("remark"),
            "rated_at": _find_time(
                # ``created_at`` of a rating is when it was asked for.
                (rating.get("updated_at"), event.get("created_at"), rating.get("created_at")),
                request.at,
            ),
            "contact": _contact(rating),
        }
        return [self.item(kept, origin=native_id)]

    def parse(self, item: Item) -> Feedback:
        """Return the record of a rating."""
        rating = self.validate(_Rating, item.data)
        csat = self._csat(rating)
        return self.record(
            item,
            native_id=rating.id,
            created_at=rating.rated_at or item.collected_at,
            redated=True,  # a rating that is changed has another time
            attributes={} if rating.rated_at else {"dated": "received"},
            text=rating.remark or "",
            csat=csat,
            author=rating.contact,
        )

    def _csat(self, rating: _Rating) -> Csat | None:
        """Return the rating. Raises ``BadRecord`` if it is all there is, and off its scale."""
        try:
            return Csat(value=rating.rating)
        except ValidationError as error:
            if (rating.remark or "").strip():
                return None
            raise BadRecord.from_validation(self.name, error) from None


def _find_time(values: Iterable[Any], received: datetime) -> datetime | None:
    """Return the first time that is plausible, if any."""
    moments = (parse_plausible(value, received) for value in values)
    return next((moment for moment in moments if moment is not None), None)


def _contact(rating: dict[str, Any]) -> str:
    """Return the person's id, which is in ``customer`` before version 2.0 of the API."""
    person = get_object(rating, "contact") or get_object(rating, "customer")
    return str(person.get("id") or "")
