"""Forms whose service calls for each submission and signs the body with a shared secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, SecretStr

from connectors.sdk.base import Item
from connectors.sdk.questions import FormSourceConfig
from connectors.sdk.signatures import require_hmac
from connectors.sdk.source import Webhook, WebhookRequest
from connectors.sdk.submissions import FormSource, Submission, json_object


class SignedConfig(FormSourceConfig):
    """What both sides know."""

    webhook_secret: Annotated[
        SecretStr, Field(min_length=1, description="Signing secret of the form's webhook.")
    ]


SignedConfigT = TypeVar("SignedConfigT", bound=SignedConfig)


class SignedForm(FormSource[SignedConfigT], Webhook[SignedConfigT]):
    """Is called with one event at a time, an HMAC-SHA256 of it in base64 in a header."""

    signature: ClassVar[str]
    """The header, in small letters."""
    prefix = ""
    """What stands before the HMAC."""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a submission and take it apart."""
        require_hmac(
            request.headers.get(self.signature),
            request.body,
            self.config.webhook_secret,
            prefix=self.prefix,
        )
        sent = self.submission(json_object(request.body))
        return [] if sent is None else self.items(sent)

    @abstractmethod
    def submission(self, event: dict[str, Any]) -> Submission | None:
        """What an event tells; None where it is of something else. Raises ``Malformed``."""
