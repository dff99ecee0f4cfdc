"""``surveymonkey``: responses to surveys, when they are completed or edited.

Speaks API v3, https://api.surveymonkey.com/v3/docs: an event tells ids only, and the response is
asked for; whatever no event told comes with the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr

from connectors.forms.surveymonkey.survey import (
    Question,
    answers_of,
    modified,
    questions_of,
    was_edited,
)
from connectors.sdk import (
    Bearer,
    Capability,
    Forged,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    HighWaterMark,
    Http,
    HttpResponse,
    Item,
    Malformed,
    Misconfigured,
    Page,
    Polled,
    Retry,
    Submission,
    Webhook,
    WebhookRequest,
    classify_response,
    from_unix,
    get_objects,
    json_object,
    require_hmac,
)

_NEWS: Final = frozenset({"response_completed", "response_updated"})
_PREVIEWS: Final = frozenset({"preview", "survey_preview"})


class SurveyMonkeyConfig(FormSourceConfig):
    """Surveys of one account."""

    surveys: tuple[Annotated[str, Field(pattern=r"^\d+$")], ...] = Field(
        min_length=1, description="Ids of the surveys."
    )
    access_token: SecretStr = Field(description="Access token of the app.")
    client_id: str | None = Field(default=None, description="Client id of the app, for webhooks.")
    client_secret: Annotated[SecretStr, Field(min_length=1)] | None = Field(
        default=None, description="Secret of the app, which signs webhooks."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Responses a request.")
    per_minute: float = Field(default=120, gt=0, description="Requests that the app may make.")
    base_url: str = Field(default="https://api.surveymonkey.com", description="Address of the API.")


class _Gone(Exception):
    """The service knows no such thing."""


class SurveyMonkey(
    FormSource[SurveyMonkeyConfig], Polled[SurveyMonkeyConfig], Webhook[SurveyMonkeyConfig]
):
    """Reads what was modified, in that order; is called for what is new."""

    name = "surveymonkey"
    title = "SurveyMonkey"
    makes_requests = True
    requirements = (
        "an app of one's own (developer.surveymonkey.com) that may view surveys and response "
        "details: its access token; for events its client id and secret, and webhooks of the "
        "types response_completed, response_updated and response_deleted with this address."
    )
    limitations = (
        "120 requests a minute and 500 a day, one for each event. Partial and disqualified "
        "responses and previews are left out; events of surveys that are not named are ignored. "
        "Deletes are told by events only."
    )
    cursor_description = "the newest `date_modified` that was seen, for each survey"
    capabilities = frozenset({Capability.EDITS})
    example = """\
surveys = ["105723396"]
access_token = { env = "SURVEYMONKEY_TOKEN" }
client_id = "vX1rK0yzTf6Ql9uN"
client_secret = { env = "SURVEYMONKEY_SECRET" }
site_field = "hospital"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        return self.http(
            config.base_url,
            auth=Bearer(config.access_token),
            per_second=config.per_minute / 60,
            classify=_classify,
        )

    @cached_property
    def _known(self) -> dict[str, dict[str, Question]]:
        return {}

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the responses that were modified after the cursor's, survey by survey."""
        state: dict[str, Any] = orjson.loads(cursor) if cursor else {}
        marks = {
            survey: HighWaterMark(*state.get(survey, (-1, []))) for survey in self.config.surveys
        }
        for survey, mark in marks.items():
            for listed in self._pages(survey, mark):
                items = [item for one in listed for item in self._items(survey, one)]
                if listed:
                    at = {name: [one.at, one.ids] for name, one in marks.items()}
                    yield Page(items, orjson.dumps(at).decode())

    def _pages(self, survey: str, mark: HighWaterMark) -> Iterator[list[Any]]:
        """What is not known yet; each page asks anew from the newest that was seen.

        Pages by number would slip when a response is edited meanwhile.
        """
        since, number = mark.at, 1
        while True:
            listed, last = self._page(survey, since, number)
            news = []
            for one in listed:
                at = modified(one)
                if at is not None and mark.knows(at, str(one.get("id"))):
                    continue
                if at is not None:
                    mark.see(at, str(one.get("id")))
                news.append(one)
            yield news
            if last:
                return
            since, number = (mark.at, 1) if mark.at - 1_000 > since else (since, number + 1)

    def _page(self, survey: str, since: int, number: int) -> tuple[list[Any], bool]:
        params: dict[str, Any] = {
            "status": "completed",
            "sort_by": "date_modified",
            "sort_order": "ASC",
            "per_page": self.config.per_page,
            "page": number,
        }
        if since >= 0:  # whether "after" includes that second is not documented
            moment = from_unix(max(0, since // 1000 - 1))
            params["start_modified_at"] = moment.strftime("%Y-%m-%dT%H:%M:%S")
        found = self._asked(f"/v3/surveys/{survey}/responses/bulk", params=params)
        return get_objects(found, "data"), not (found.get("links") or {}).get("next")

    def _asked(self, path: str, **request: Any) -> Any:
        try:
            return self._http.get_json(path, **request)
        except _Gone:
            raise Misconfigured(f"reading surveymonkey {path}: there is no such survey") from None

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify an event and fetch its response. Raises ``Retry`` or ``Fatal`` besides."""
        config = self.config
        if not config.client_id or config.client_secret is None:
            raise Forged("checking the signature: client_id and client_secret are not set")
        key = f"{config.client_id}&{config.client_secret.get_secret_value()}"
        given = request.headers.get("sm-signature")
        require_hmac(given, request.body, SecretStr(key), digest="sha1")
        event = json_object(request.body)
        kind, response = event.get("event_type"), event.get("object_id")
        resources = event.get("resources")
        survey = resources.get("survey_id") if isinstance(resources, dict) else None
        if not isinstance(kind, str) or not _is_id(response) or not _is_id(survey):
            raise Malformed("reading the event: it has no event_type, object_id or survey_id")
        if str(survey) not in config.surveys:
            return []
        if kind == "response_deleted":
            return self._deleted(str(survey), str(response), event.get("event_datetime"))
        if kind not in _NEWS:
            return []
        path = f"/v3/surveys/{survey}/responses/{response}/details"
        try:
            return self._items(str(survey), self._http.get_json(path))
        except _Gone:
            return []

    def _deleted(self, survey: str, response: str, at: Any) -> list[Item]:
        """Deletes of all that a response may have held; the event tells no more than its id."""
        answers = answers_of(self._questions(survey, frozenset()), {})
        gone = Submission(id=response, at=at, answers=answers, deleted=True, redated=True)
        return self.items(gone)

    def _items(self, survey: str, response: Any) -> list[Item]:
        if not isinstance(response, dict) or response.get("response_status") != "completed":
            return []
        if str(response.get("collection_mode")) in _PREVIEWS:
            return []
        variables = response.get("custom_variables")
        hidden = dict(variables) if isinstance(variables, dict) else {}
        recipient = str(response.get("recipient_id") or "")
        return self.items(
            Submission(
                id=str(response.get("id")),
                at=response.get("date_created"),
                revision=modified(response),
                edited=was_edited(response),
                answers=self._answers(survey, response),
                hidden={**hidden, "custom_value": response.get("custom_value")},
                respondent="" if recipient == "0" else recipient,
            )
        )

    def _answers(self, survey: str, response: Any) -> list[FormAnswer]:
        asked = {
            str(one.get("id"))
            for page in get_objects(response, "pages")
            for one in get_objects(page, "questions")
        }
        return answers_of(self._questions(survey, frozenset(asked)), response)

    def _questions(self, survey: str, asked: frozenset[str]) -> dict[str, Question]:
        """The survey's questions, looked up again when an unknown one was answered."""
        known = self._known.get(survey)
        if known is None or asked - known.keys():
            found = questions_of(self._asked(f"/v3/surveys/{survey}/details"))
            removed = dict.fromkeys(asked - found.keys(), _REMOVED)
            known = self._known[survey] = {**removed, **(known or {}), **found}
        return known


_REMOVED: Final = Question("", "", "removed", "", "", {}, {}, {}, {})


def _classify(response: HttpResponse) -> Exception | None:
    """A limit's headers have names of their own, and tell seconds."""
    if response.status == 404:
        return _Gone()
    if response.status == 429 and "retry-after" not in response.headers:
        for span in ("day", "minute"):
            name = f"x-ratelimit-app-global-{span}"
            wait = response.headers.get(f"{name}-reset", "")
            if response.headers.get(f"{name}-remaining") == "0" and wait.isdigit():
                return Retry(f"requesting {response.request_line}: status 429", wait=float(wait))
    return classify_response(response)


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and str(value).isdecimal()
