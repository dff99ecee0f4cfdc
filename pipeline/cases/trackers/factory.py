"""Creation of issue trackers from their settings."""

from __future__ import annotations

from pipeline.cases.trackers.base import IssueTracker
from pipeline.cases.trackers.jira import Jira
from pipeline.cases.trackers.options import (
    JiraOptions,
    TrackerOptions,
    WebhookOptions,
    ZendeskOptions,
)
from pipeline.cases.trackers.webhook import WebhookTracker
from pipeline.cases.trackers.zendesk import Zendesk
from pipeline.notify.webhooks import WebhookClient


def create_tracker(options: TrackerOptions, client: WebhookClient) -> IssueTracker:
    """Return the tracker of these settings; the client checks the addresses it connects to."""
    match options:
        case JiraOptions():
            return Jira(options, client)
        case ZendeskOptions():
            return Zendesk(options, client)
        case WebhookOptions():
            return WebhookTracker(options, client)
