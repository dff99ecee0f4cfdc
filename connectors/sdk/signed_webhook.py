"""Forms whose service calls once per submission and signs the body with a shared secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, SecretStr

from connectors.sdk.base import Item
from connectors.sdk.json_parts import json_object
from connectors.sdk.questions import FormSourceConfig
from connectors.sdk.signatures import require_hmac
from connectors.sdk.source import Webhook, WebhookRequest
from connectors.sdk.submissions import FormSource, Submission
from connectors.sdk.timestamps import is_plausible, parse_iso


class SignedConfig(FormSourceConfig):
    """Settings with the shared secret."""

    webhook_secret: Annotated[
        SecretStr, Field(min_length=1, description="Signing secret of the form's webhook.")
    ]


SignedConfigT = TypeVar("SignedConfigT", bound=SignedConfig)


class SignedForm(FormSource[SignedConfigT], Webhook[SignedConfigT]):
    """Receives one event per request, with its HMAC-SHA256 in base64 in a header."""

    signature: ClassVar[str]
    """The header's name in lower case."""
    prefix = ""
    """The text before the HMAC."""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify an event and return the items of its submission."""
        require_hmac(
            request.headers.get(self.signature),
            request.body,
            self.config.webhook_secret,
            prefix=self.prefix,
        )
        submission = self.read_submission(json_object(request.body))
        return [] if submission is None else self.items(_with_time(submission, request.at))

    @abstractmethod
    def read_submission(self, event: dict[str, Any]) -> Submission | None:
        """Return an event's submission, or None for other events. Raises ``Malformed``."""


def _with_time(submission: Submission, received: datetime) -> Submission:
    """Return a submission whose time can be used: it is called for at once, so its receipt can."""
    try:
        at = parse_iso(submission.at)
        if is_plausible(at, received):
            return replace(submission, at=at)
    except (TypeError, ValueError, AttributeError, OverflowError):
        pass
    noted = {**submission.attributes, "dated": "received"}
    return replace(submission, at=received, redated=True, attributes=noted)
