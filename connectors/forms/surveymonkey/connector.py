"""``surveymonkey``: responses to surveys, when they are completed or edited.

Speaks API v3, https://api.surveymonkey.com/v3/docs. An event holds ids only, so the response is
requested. The next run reads what no event reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr

from connectors.forms.surveymonkey.survey import (
    REMOVED,
    Question,
    count_removed,
    modified_ms,
    read_answers,
    read_questions,
    was_edited,
)
from connectors.sdk import (
    REMOVED_QUESTION,
    Bearer,
    Capability,
    Forged,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    Http,
    HttpResponse,
    Item,
    ItemMemory,
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
    get_object,
    get_objects,
    get_text,
    json_object,
    read_places,
    require_hmac,
    require_objects,
    retry_after_seconds,
    share_memory,
)

_NEW_EVENTS: Final = frozenset({"response_completed", "response_updated"})
_RATE_LIMIT_HEADERS: Final = ("x-ratelimit-app-global-day", "x-ratelimit-app-global-minute")
_MAX_STALE_PAGES: Final = 3
_LOOK_BACK_MS: Final = 24 * 60 * 60 * 1000
_PREVIEWS: Final = frozenset({"preview", "survey_preview"})


class SurveyMonkeyConfig(FormSourceConfig):
    """Surveys of one account."""

    surveys: tuple[Annotated[str, Field(pattern=r"^\d+$")], ...] = Field(
        min_length=1, description="Ids of the surveys."
    )
    access_token: SecretStr = Field(description="Access token of the app.")
    client_id: str | None = Field(default=None, description="Client id of the app, for webhooks.")
    client_secret: Annotated[SecretStr, Field(min_length=1)] | None = Field(
        default=None, description="Secret of the app, which signs events."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Responses per request.")
    per_minute: float = Field(default=120, gt=0, description="Requests per minute, at most.")
    base_url: str = Field(default="https://api.surveymonkey.com", description="Address of the API.")


class _NotFound(Exception):
    """The resource does not exist."""


class SurveyMonkey(
    FormSource[SurveyMonkeyConfig], Polled[SurveyMonkeyConfig], Webhook[SurveyMonkeyConfig]
):
    """Reads responses in the order of their modification, and receives events."""

    name = "surveymonkey"
    title = "SurveyMonkey"
    makes_requests = True
    requirements = (
        "an app of your own (developer.surveymonkey.com) that may view surveys and response "
        "details, and its access token. For events also its client id and secret, and webhooks for "
        "response_completed, response_updated and response_deleted with this address."
    )
    limitations = (
        "120 requests per minute and 500 per day; each event needs one. Partial and disqualified "
        "responses and previews are left out. Events of other surveys are ignored. Deletes are "
        "reported by events only."
    )
    cursor_description = "for each survey, the newest `date_modified` that was read"
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
    def _questions_by_survey(self) -> dict[str, dict[str, Question]]:
        return {}

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the responses that were modified after the cursor's, survey by survey."""
        state: dict[str, Any] = orjson.loads(cursor) if cursor else {}
        size = share_memory(len(self.config.surveys))
        memories = {
            survey: ItemMemory.load(state.get(survey, (-1, [])), size)
            for survey in self.config.surveys
        }
        yield from read_places(
            (survey, self._read_survey(survey, memories)) for survey in self.config.surveys
        )

    def _read_survey(self, survey: str, memories: dict[str, ItemMemory]) -> Iterator[Page]:
        is_history = memories[survey].newest_at < 0
        for responses in self._list_new(survey, memories[survey]):
            items = [item for response in responses for item in self._items(survey, response)]
            if responses:
                positions = {name: memory.dump() for name, memory in memories.items()}
                yield Page(items, orjson.dumps(positions).decode(), is_history=is_history)

    def _list_new(self, survey: str, memory: ItemMemory) -> Iterator[list[Any]]:
        """Yield pages of new responses; each page starts at the newest one that was read.

        Numbered pages would shift when a response is edited during the run.
        """
        # Responses may be listed late, below the newest one that is known.
        reached, number = max(-1, memory.newest_at - _LOOK_BACK_MS), 1
        since = reached
        met: set[tuple[int | None, str]] = set()
        stale_pages = 0
        while True:
            responses, is_last = self._list_page(survey, since, number)
            new = []
            met_before = len(met)
            for response in responses:
                at, native_id = modified_ms(response), get_text(response, "id")
                met.add((at, native_id))
                reached = reached if at is None else max(reached, at)
                if memory.knows(at, native_id):
                    continue
                memory.add(memory.newest_at if at is None else at, native_id)
                memory.settle()  # the oldest come first: all that is forgotten was read
                new.append(response)
            yield new
            stale_pages = 0 if len(met) > met_before else stale_pages + 1
            if is_last or stale_pages >= _MAX_STALE_PAGES:
                return
            since, number = (reached, 1) if reached - 1_000 > since else (since, number + 1)

    def _list_page(self, survey: str, since: int, number: int) -> tuple[list[Any], bool]:
        params: dict[str, Any] = {
            "status": "completed",
            "sort_by": "date_modified",
            "sort_order": "ASC",
            "per_page": self.config.per_page,
            "page": number,
        }
        if since >= 0:  # it is not documented whether "after" includes that second
            moment = from_unix(max(0, since // 1000 - 1))
            params["start_modified_at"] = moment.strftime("%Y-%m-%dT%H:%M:%S")
        document = self._get_json(f"/v3/surveys/{survey}/responses/bulk", params=params)
        responses = require_objects(document, "data", f"surveymonkey {survey}")
        return responses, not get_text(get_object(document, "links"), "next")

    def _get_json(self, path: str, **request: Any) -> Any:
        try:
            return self._http.get_json(path, **request)
        except _NotFound:
            raise Misconfigured(f"reading surveymonkey {path}: the survey does not exist") from None

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify an event and request its response. Also raises ``Retry`` or ``Fatal``."""
        config = self.config
        if not config.client_id or config.client_secret is None:
            raise Forged("checking the signature: client_id and client_secret are not set")
        key = f"{config.client_id}&{config.client_secret.get_secret_value()}"
        signature = request.headers.get("sm-signature")
        require_hmac(signature, request.body, SecretStr(key), digest="sha1")
        event = json_object(request.body)
        kind, response = event.get("event_type"), event.get("object_id")
        resources = event.get("resources")
        survey = resources.get("survey_id") if isinstance(resources, dict) else None
        if not isinstance(kind, str) or not _is_id(response) or not _is_id(survey):
            raise Malformed("reading the event: it has no event_type, object_id or survey_id")
        if str(survey) not in config.surveys:
            return []
        if kind == "response_deleted":
            return self._deletion_items(str(survey), str(response), event.get("event_datetime"))
        if kind not in _NEW_EVENTS:
            return []
        path = f"/v3/surveys/{survey}/responses/{response}/details"
        try:
            return self._items(str(survey), self._http.get_json(path))
        except _NotFound:
            return []

    def _deletion_items(self, survey: str, response: str, at: Any) -> list[Item]:
        """Return deletes of all possible answers: the event has the response's id only."""
        answers = read_answers(self._questions(survey, frozenset()), {})
        submission = Submission(id=response, at=at, answers=answers, deleted=True, redated=True)
        return self.items(submission)

    def _items(self, survey: str, response: Any) -> list[Item]:
        if not isinstance(response, dict):
            return []
        native_id = get_text(response, "id")
        if response.get("response_status") != "completed":
            return [self.skipped_item("it is not completed", origin=native_id)]
        if get_text(response, "collection_mode") in _PREVIEWS:
            return [self.skipped_item("it is a preview", origin=native_id)]
        variables = response.get("custom_variables")
        hidden = dict(variables) if isinstance(variables, dict) else {}
        recipient = str(response.get("recipient_id") or "")
        answers = self._answers(survey, response)
        removed = count_removed(self._questions_by_survey[survey], response)
        return self.items(
            Submission(
                id=native_id,
                at=response.get("date_created"),
                revision=modified_ms(response),
                edited=was_edited(response),
                answers=answers,
                hidden={**hidden, "custom_value": response.get("custom_value")},
                respondent="" if recipient == "0" else recipient,
                left_out={REMOVED_QUESTION: removed} if removed else {},
            )
        )

    def _answers(self, survey: str, response: Any) -> list[FormAnswer]:
        answered = {
            str(question.get("id"))
            for page in get_objects(response, "pages")
            for question in get_objects(page, "questions")
        }
        return read_answers(self._questions(survey, frozenset(answered)), response)

    def _questions(self, survey: str, answered: frozenset[str]) -> dict[str, Question]:
        """Return a survey's questions; they are read again if an unknown one was answered."""
        questions = self._questions_by_survey.get(survey)
        if questions is None or answered - questions.keys():
            current = read_questions(self._get_json(f"/v3/surveys/{survey}/details"))
            removed = dict.fromkeys(answered - current.keys(), _REMOVED)
            questions = {**removed, **(questions or {}), **current}
            self._questions_by_survey[survey] = questions
        return questions


_REMOVED: Final = Question("", "", REMOVED, "", "", {}, {}, {}, {})


def _classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; the headers of limits have their own names."""
    if response.status == 404:
        return _NotFound()
    if response.status == 429:
        wait = retry_after_seconds(response.headers, limits=_RATE_LIMIT_HEADERS)
        if wait is not None:
            return Retry(f"requesting {response.request_line}: status 429", wait=wait)
    return classify_response(response)


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and str(value).isdecimal()
