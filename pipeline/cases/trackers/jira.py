"""Outlet: Jira Cloud. Issues with the case's id as a label.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from pipeline.cases.trackers.base import Refusal, Service, ending_of, sentences_of, subject_of
from pipeline.cases.trackers.options import JiraOptions, OutletOptions
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, Link, LinkState

_LONGEST_SUMMARY: Final = 255
_COMMENTS: Final = 100


class Jira:
    """One project. What an issue has to have beyond its summary is a setting."""

    # The search finds what was made after some seconds, seldom minutes.
    search_lag = timedelta(seconds=60)

    def __init__(self, options: JiraOptions, client: WebhookClient) -> None:
        self.options: OutletOptions = options
        self._jira = options
        self._base_url = options.base_url.rstrip("/")
        token = options.api_token.get_secret_value()
        self._service = Service(client, options.base_url, options.email, token, "Jira")

    async def open(self, case: Case, text: str) -> Link:
        """Create an issue, or find the one with the case's label."""
        label = f"feedback-case-{case.case_id}"
        jql = f'project = "{self._jira.project}" AND labels = "{label}"'
        search = {"jql": jql, "maxResults": 1, "fields": ["status"]}
        found = await self._service.ask("POST", "/rest/api/3/search/jql", search)
        if found["issues"]:
            return self._link(found["issues"][0]["key"])
        fields = {
            **self._jira.fields,
            "project": {"key": self._jira.project},
            "issuetype": {"name": self._jira.issue_type},
            "summary": " ".join(subject_of(case).split())[:_LONGEST_SUMMARY],
            "description": _document(sentences_of(case, text)),
            "labels": ["feedback", label, *self._jira.labels],
        }
        made = await self._service.ask("POST", "/rest/api/3/issue", {"fields": fields})
        return self._link(made["key"])

    async def follow(self, case: Case, link: Link, state: LinkState) -> Link:
        """Comment on what has become of it, and bring the issue to the status that is set."""
        issue = f"/rest/api/3/issue/{quote(link.reference or '', safe='')}"
        said = ending_of(case, state)
        newest = f"{issue}/comment?orderBy=-created&maxResults={_COMMENTS}"
        comments = (await self._service.ask("GET", newest))["comments"]
        if said not in {_text_of(comment["body"]) for comment in comments}:
            await self._service.ask("POST", f"{issue}/comment", {"body": _document([said])})
        status = self._jira.done if state is LinkState.RESOLVED else self._jira.again
        if status is not None:
            await self._bring(issue, status)
        return link.model_copy(update={"state": state})

    async def _bring(self, issue: str, status: str) -> None:
        there = await self._service.ask("GET", f"{issue}?fields=status")
        if there["fields"]["status"]["name"].casefold() == status.casefold():
            return
        ways = (await self._service.ask("GET", f"{issue}/transitions"))["transitions"]
        way = next((w["id"] for w in ways if w["to"]["name"].casefold() == status.casefold()), None)
        if way is None:
            raise Refusal(f"Jira: no transition leads to {status!r} from where the issue is")
        await self._service.ask("POST", f"{issue}/transitions", {"transition": {"id": way}})

    def _link(self, key: str) -> Link:
        url = f"{self._base_url}/browse/{key}"
        return Link(outlet=self.options.name, state=LinkState.OPENED, reference=key, url=url)


def _document(paragraphs: list[str]) -> dict[str, Any]:
    """Text in the Atlassian Document Format."""
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": paragraph}]}
        for paragraph in paragraphs
        if paragraph
    ]
    return {"type": "doc", "version": 1, "content": content}


def _text_of(body: Any) -> str:
    """The text of a document's nodes, in order."""
    if not isinstance(body, dict):
        return ""
    return str(body.get("text", "")) + "".join(map(_text_of, body.get("content", ())))
