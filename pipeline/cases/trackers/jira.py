"""Cases as Jira Cloud issues, with the case's id as a label.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from pipeline.cases.trackers.base import (
    CaseRejected,
    TrackerApi,
    case_description,
    case_title,
    resolution_text,
)
from pipeline.cases.trackers.options import JiraOptions, TrackerOptions
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, Link, LinkState

_MAX_SUMMARY: Final = 255
_MAX_COMMENTS: Final = 100


class Jira:
    """One project. Fields that its issues require beyond the summary are settings."""

    # The search finds a new issue after some seconds, rarely minutes.
    search_lag = timedelta(seconds=60)

    def __init__(self, options: JiraOptions, client: WebhookClient) -> None:
        self.options: TrackerOptions = options
        self._jira = options
        self._base_url = options.base_url.rstrip("/")
        token = options.api_token.get_secret_value()
        self._api = TrackerApi(client, options.base_url, options.email, token, "Jira")

    async def open(self, case: Case, text: str) -> Link:
        """Create an issue, or find the one with the case's label."""
        label = f"feedback-case-{case.case_id}"
        jql = f'project = "{self._jira.project}" AND labels = "{label}"'
        search = {"jql": jql, "maxResults": 1, "fields": ["status"]}
        issues = await self._api.request_json("POST", "/rest/api/3/search/jql", search)
        if issues["issues"]:
            return self._link(issues["issues"][0]["key"])
        fields = {
            **self._jira.fields,
            "project": {"key": self._jira.project},
            "issuetype": {"name": self._jira.issue_type},
            "summary": " ".join(case_title(case).split())[:_MAX_SUMMARY],
            "description": _to_document(case_description(case, text)),
            "labels": ["feedback", label, *self._jira.labels],
        }
        created = await self._api.request_json("POST", "/rest/api/3/issue", {"fields": fields})
        return self._link(created["key"])

    async def update(self, case: Case, link: Link, state: LinkState) -> Link:
        """Comment on the resolution or reopening, and move the issue to the configured status."""
        issue = f"/rest/api/3/issue/{quote(link.reference or '', safe='')}"
        comment = resolution_text(case, state)
        newest = f"{issue}/comment?orderBy=-created&maxResults={_MAX_COMMENTS}"
        comments = (await self._api.request_json("GET", newest))["comments"]
        if comment not in {_document_text(each["body"]) for each in comments}:
            await self._api.request_json(
                "POST", f"{issue}/comment", {"body": _to_document([comment])}
            )
        status = (
            self._jira.done_status if state is LinkState.RESOLVED else self._jira.reopened_status
        )
        if status is not None:
            await self._transition(issue, status)
        return link.model_copy(update={"state": state})

    async def _transition(self, issue: str, status: str) -> None:
        current = await self._api.request_json("GET", f"{issue}?fields=status")
        if current["fields"]["status"]["name"].casefold() == status.casefold():
            return
        transitions = (await self._api.request_json("GET", f"{issue}/transitions"))["transitions"]
        transition = next(
            (t["id"] for t in transitions if t["to"]["name"].casefold() == status.casefold()), None
        )
        if transition is None:
            raise CaseRejected(f"Jira: no transition to {status!r} from the issue's status")
        await self._api.request_json(
            "POST", f"{issue}/transitions", {"transition": {"id": transition}}
        )

    def _link(self, key: str) -> Link:
        url = f"{self._base_url}/browse/{key}"
        return Link(outlet=self.options.name, state=LinkState.OPENED, reference=key, url=url)


def _to_document(paragraphs: list[str]) -> dict[str, Any]:
    """Return paragraphs in the Atlassian Document Format."""
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": paragraph}]}
        for paragraph in paragraphs
        if paragraph
    ]
    return {"type": "doc", "version": 1, "content": content}


def _document_text(body: Any) -> str:
    """Return the text of a document's nodes, in order."""
    if not isinstance(body, dict):
        return ""
    return str(body.get("text", "")) + "".join(map(_document_text, body.get("content", ())))
