"""The issue tracker that an outlet's options name."""

from __future__ import annotations

from pipeline.cases.trackers.base import Outlet
from pipeline.cases.trackers.jira import Jira
from pipeline.cases.trackers.options import (
    JiraOptions,
    OutletOptions,
    WebhookOptions,
    ZendeskOptions,
)
from pipeline.cases.trackers.webhook import Webhook
from pipeline.cases.trackers.zendesk import Zendesk
from pipeline.notify.webhooks import WebhookClient


def outlet_of(options: OutletOptions, client: WebhookClient) -> Outlet:
    """The outlet that is meant; the client checks the addresses that it connects to."""
    match options:
        case JiraOptions():
            return Jira(options, client)
        case ZendeskOptions():
            return Zendesk(options, client)
        case WebhookOptions():
            return Webhook(options, client)
