"""``google_forms``: responses to a Google Form.

Speaks the Google Forms API, version 1, https://developers.google.com/workspace/forms/api.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr

from connectors.sdk import (
    REMOVED_QUESTION,
    AnswerType,
    Capability,
    ChangesSince,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    Http,
    Item,
    Misconfigured,
    OAuth2,
    Page,
    Polled,
    Retry,
    Submission,
    get_object,
    get_objects,
    get_text,
    parse_iso_ms,
    require_objects,
)

_MAX_PER_PAGE: Final = 5_000
_STARS: Final = "STAR"
_KNOWN: Final = frozenset({"dateQuestion", "timeQuestion", "fileUploadQuestion"})


class GoogleFormsConfig(FormSourceConfig):
    """One form."""

    form: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]+$",
            description="Id of the form, from the address of its editor.",
        ),
    ]
    client_id: Annotated[str, Field(min_length=1, description="Id of the OAuth 2.0 client.")]
    client_secret: Annotated[SecretStr, Field(description="Secret of the OAuth 2.0 client.")]
    refresh_token: Annotated[
        SecretStr, Field(description="Refresh token of a user who may edit the form.")
    ]
    per_page: int = Field(
        default=1_000, ge=1, le=_MAX_PER_PAGE, description="Responses per request."
    )
    base_url: str = Field(default="https://forms.googleapis.com", description="Address of the API.")
    token_url: str = Field(
        default="https://oauth2.googleapis.com/token",
        description="Address that issues access tokens.",
    )


@dataclass(frozen=True, slots=True)
class _Question:
    id: str
    wording: str
    kind: AnswerType
    worst: float | None = None
    best: float | None = None
    ends: tuple[str, str] = ("", "")
    item: str = ""
    options: frozenset[str] | None = None
    """Its choices, if another one may be typed."""


class GoogleForms(FormSource[GoogleFormsConfig], Polled[GoogleFormsConfig]):
    """Reads what was submitted, or edited, since the last run."""

    name = "google_forms"
    title = "Google Forms"
    requirements = (
        "a Google Cloud project with the Google Forms API, an OAuth 2.0 client of it, and a "
        "refresh token with the scopes forms.body.readonly and forms.responses.readonly of a user "
        "who may edit the form."
    )
    limitations = (
        "180 requests per minute for responses. Edited responses are returned again; deletes are "
        "not reported. Answers to questions that were removed from the form are left out."
    )
    cursor_description = "the newest `lastSubmittedTime` that was read, less six hours"
    capabilities = frozenset({Capability.EDITS})
    example = """\
form = "1FAIpQLSd0x4bV2m9kEastgate"
client_id = "0815.apps.googleusercontent.com"
client_secret = { env = "GOOGLE_CLIENT_SECRET" }
refresh_token = { env = "GOOGLE_REFRESH_TOKEN" }
site = "Eastgate"
scores = { "How likely are you to recommend us?" = "nps" }
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        grant = {
            "grant_type": "refresh_token",
            "client_id": config.client_id,
            "client_secret": config.client_secret.get_secret_value(),
            "refresh_token": config.refresh_token.get_secret_value(),
        }
        auth = OAuth2(config.token_url, grant)
        return self.http(config.base_url, auth=auth, per_second=3)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the responses since the cursor's time, in any order."""
        changes = ChangesSince.resume(cursor, now=self.context.now())
        form = self._get_object(f"/v1/forms/{self.config.form}", {})
        questions = _questions(form)
        if not questions:
            raise Misconfigured(f"reading google_forms {self.config.form}: it has no questions")
        title = str(get_object(form, "info").get("title") or "")
        while True:
            answer = changes.request(lambda page: self._list_page(changes.since_iso, page))
            # The list is absent if it is empty; other pages without one are errors.
            is_empty = answer.keys() <= {"nextPageToken"}
            responses = [] if is_empty else require_objects(answer, "responses", self.name)
            new = changes.new_items(
                (_changed_ms(response), str(response.get("responseId")), response)
                for response in responses
            )
            items = [item for response in new for item in self._items(response, questions, title)]
            page = answer.get("nextPageToken") or None
            yield Page(items, changes.advance(page))
            if page is None:
                return

    def _list_page(self, since: str | None, page: str | None) -> dict[str, Any]:
        params: dict[str, Any] = {"pageSize": self.config.per_page}
        if since is not None:
            params["filter"] = f"timestamp >= {since}"
        if page is not None:
            params["pageToken"] = page
        return self._get_object(f"/v1/forms/{self.config.form}/responses", params)

    def _get_object(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        document = self._http.get_json(path, params=params)
        if not isinstance(document, dict):
            raise Retry("reading google_forms: the response is not a JSON object")
        return document

    def _items(
        self, response: dict[str, Any], questions: list[_Question], title: str
    ) -> list[Item]:
        created, changed = response.get("createTime"), _changed_ms(response)
        edited = created is not None and changed != parse_iso_ms(created)
        given = get_object(response, "answers")
        asked = {question.id for question in questions}
        removed = sum("textAnswers" in given[name] for name in given.keys() - asked)
        answers = [_answer(question, given.get(question.id)) for question in questions]
        return self.items(
            Submission(
                id=f"{self.config.form}/{response.get('responseId')}",
                at=created,
                revision=changed,
                edited=edited,
                answers=answers,
                respondent=str(response.get("respondentEmail") or "").casefold(),
                attributes={"form": title} if title else {},
                left_out={REMOVED_QUESTION: removed} if removed else {},
            )
        )


def _questions(form: dict[str, Any]) -> list[_Question]:
    """Return a form's questions; those of a grid begin with its title."""
    questions = []
    for item in get_objects(form, "items"):
        title = get_text(item, "title") or get_text(item, "description")
        number = get_text(item, "itemId")
        single = get_object(get_object(item, "questionItem"), "question")
        rows = get_objects(get_object(item, "questionGroupItem"), "questions")
        for question in [single, *rows] if single else rows:
            row = str(get_object(question, "rowQuestion").get("title") or "")
            wording = ": ".join(part for part in (title, row) if part)
            kind, worst, best = _answer_type(question)
            scale = get_object(question, "scaleQuestion")
            questions.append(
                _Question(
                    str(question.get("questionId")),
                    wording,
                    kind,
                    worst,
                    best,
                    (get_text(scale, "lowLabel"), get_text(scale, "highLabel")),
                    number,
                    _options(question),
                )
            )
    return questions


def _answer_type(question: dict[str, Any]) -> tuple[AnswerType, float | None, float | None]:
    if "textQuestion" in question:
        is_long = get_object(question, "textQuestion").get("paragraph")
        return AnswerType.TEXT if is_long else AnswerType.SHORT, None, None
    if "scaleQuestion" in question:
        scale = get_object(question, "scaleQuestion")
        return AnswerType.SCALE, _number(scale.get("low")) or 0, _number(scale.get("high"))
    if "ratingQuestion" in question:
        rating = get_object(question, "ratingQuestion")
        kind = AnswerType.STARS if rating.get("iconType") == _STARS else AnswerType.SCALE
        return kind, 1, _number(rating.get("ratingScaleLevel"))
    choices = get_objects(get_object(question, "choiceQuestion"), "options")
    if len(choices) == 1 and not choices[0].get("isOther"):
        return AnswerType.BOX, None, None
    if "choiceQuestion" in question or "rowQuestion" in question:
        return AnswerType.CHOICE, None, None
    is_known = not _KNOWN.isdisjoint(question)
    return AnswerType.PERSONAL if is_known else AnswerType.SHORT, None, None


def _options(question: dict[str, Any]) -> frozenset[str] | None:
    options = get_objects(get_object(question, "choiceQuestion"), "options")
    if not any(option.get("isOther") for option in options):
        return None
    return frozenset(get_text(option, "value") for option in options)


def _answer(question: _Question, answer: Any) -> FormAnswer:
    """Return an answer; a text that is absent is ""."""
    texts = get_objects(get_object(answer, "textAnswers"), "answers")
    values = [get_text(text, "value") for text in texts]
    files = get_objects(get_object(answer, "fileUploadAnswers"), "answers")
    value: Any = "\n".join(values) or ["file"] * len(files) or ""
    other = None
    if question.kind in (AnswerType.CHOICE, AnswerType.BOX):
        options = question.options
        value = [text for text in values if options is None or text in options]
        if options is not None:
            other = ", ".join(text for text in values if text not in options)
    return FormAnswer(
        question.id,
        question.wording,
        question.kind,
        value,
        question.worst,
        question.best,
        (question.item,),
        question.ends,
        other,
    )


def _changed_ms(response: dict[str, Any]) -> int | None:
    return parse_iso_ms(response.get("lastSubmittedTime") or response.get("createTime"))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
