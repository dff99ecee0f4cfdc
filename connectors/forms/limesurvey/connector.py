"""``limesurvey``: complete responses to the surveys of a LimeSurvey server.

Speaks RemoteControl 2 as JSON-RPC, https://manual.limesurvey.org/RemoteControl_2_API.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import orjson
from pydantic import Field, HttpUrl, SecretStr, StringConstraints

from connectors.forms.limesurvey.progress import Progress, split_ids
from connectors.forms.limesurvey.questions import (
    LINES,
    LONG_TEXTS,
    WITH_OPTIONS,
    Question,
    find_question,
    read_answers,
    read_attributes,
    read_options,
    read_questions,
)
from connectors.forms.limesurvey.remote import RemoteControl
from connectors.sdk import (
    FIRST_SEEN,
    FormSource,
    FormSourceConfig,
    Item,
    Page,
    Polled,
    Submission,
    get_text,
    read_places,
    unix_ms,
)
from schemas.feedback import EARLIEST_YEAR, Name
from schemas.field_types import Zone, parse_zone

_MAX_IDS: Final = 10_000
"""Ids of all surveys that a cursor remembers."""
_MIN_WINDOW: Final = 50
_UNKNOWN_REVISION: Final = 1
"""Lower than any that has a time."""

SurveyId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,9}$")]


class LimeSurveyConfig(FormSourceConfig):
    """Surveys of one server."""

    url: HttpUrl = Field(
        description="Address of RemoteControl 2, such as "
        "`https://survey.eastgate.example/index.php/admin/remotecontrol`."
    )
    username: str = Field(min_length=1, description="User who may read the surveys.")
    password: SecretStr = Field(description="Password of the user.")
    surveys: tuple[SurveyId, ...] = Field(min_length=1, description="Ids of the surveys.")
    survey_sites: dict[SurveyId, Name] = Field(
        default_factory=dict, description="Site of each survey that is about another than `site`."
    )
    language: str | None = Field(
        default=None, description="Language of the wordings; default: that of the survey."
    )
    timezone: Zone = Field(
        default="UTC", description="Time zone of the server, which its times do not name."
    )
    server: Name | None = Field(
        default=None,
        description="Name of the server in the ids of records; default: its host and path.",
    )
    recheck: int = Field(
        default=1_000,
        ge=1,
        le=_MAX_IDS,
        description="Responses before the newest among which those are looked for that were begun "
        "earlier and completed later; for all surveys together at most 10,000.",
    )
    per_page: int = Field(default=200, ge=1, le=2_000, description="Responses per request.")


class LimeSurvey(FormSource[LimeSurveyConfig], Polled[LimeSurveyConfig]):
    """Exports the responses that were completed since the last run, survey by survey."""

    name = "limesurvey"
    title = "LimeSurvey"
    requirements = (
        "RemoteControl 2 as JSON-RPC, which an administrator switches on in the global settings "
        "under Interfaces, and a user with the permissions to read the survey and to export its "
        "responses."
    )
    limitations = (
        "Edits and deletes are not reported. Responses that are not complete are left out until "
        "they are. Without the survey's setting Date stamp the server tells no times: a response "
        "has that of its first reading. Hidden questions are not answered by people; settings may "
        "name them as places or in `keep`. Codes of arrays and lists become scores only if "
        "`scores` names their questions."
    )
    cursor_description = "for each survey, the ids below the newest that were read"
    example = """\
url = "https://survey.eastgate.example/index.php/admin/remotecontrol"
username = "feedback"
password = { env = "LIMESURVEY_PASSWORD" }
surveys = ["471108", "471109"]
survey_sites = { "471109" = "Westgate" }
site = "Eastgate"
timezone = "Europe/London"
scores = { recommend = "nps" }
"""

    @cached_property
    def _remote(self) -> RemoteControl:
        config = self.config
        address = urlsplit(str(config.url))
        http = self.http(f"{address.scheme}://{address.netloc}", per_second=10)
        return RemoteControl(http, str(config.url), config.username, config.password)

    @cached_property
    def _server(self) -> str:
        address = urlsplit(str(self.config.url))
        return self.config.server or f"{address.hostname}{address.path}".rstrip("/")

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what was completed since the cursor, survey by survey."""
        previous: dict[str, Any] = {} if cursor is None else orjson.loads(cursor)
        cursors = {survey: previous[survey] for survey in self.config.surveys if survey in previous}
        with self._remote.session():
            yield from read_places(
                (survey, self._read_survey(survey, cursors)) for survey in self.config.surveys
            )

    def _read_survey(self, survey: str, cursors: dict[str, Any]) -> Iterator[Page]:
        window = min(self.config.recheck, _MAX_IDS // len(self.config.surveys))
        progress = Progress.load(cursors.get(survey), max(window, _MIN_WINDOW))
        unread = progress.find_unread(self._remote.list_ids(survey, progress.floor))
        is_first = progress.is_first
        parts = list(split_ids(unread, self.config.per_page))
        if not parts and not is_first:
            return
        questions = self._load_questions(survey) if parts else {}
        for number, ids in enumerate(parts or [[]], 1):
            rows = self._remote.export(survey, ids[0], ids[-1]) if ids else []
            items = self._items_of_rows(rows, {*ids}, survey, questions)
            progress.add(ids)
            progress.is_first = is_first and number < len(parts)
            cursors[survey] = progress.dump()
            yield Page(items, orjson.dumps(cursors).decode(), is_history=is_first)

    def _load_questions(self, survey: str) -> dict[str, Question]:
        """Return a survey's questions, with the options and attributes that matter."""
        language = self.config.language
        questions = read_questions(self._remote.list_questions(survey, language))
        for code, question in questions.items():
            if question.type in WITH_OPTIONS:
                options = self._remote.get_properties(question.id, ["answeroptions"], language)
                questions[code] = replace(question, options=read_options(options))
            elif question.type in LINES | LONG_TEXTS:
                properties = self._remote.get_properties(question.id, ["attributes"], language)
                is_number, is_hidden = read_attributes(properties)
                questions[code] = replace(
                    question,
                    is_validated=question.is_validated or is_number,
                    is_hidden=is_hidden,
                )
        return questions

    def _items_of_rows(
        self,
        rows: list[dict[str, Any]],
        ids: set[int],
        survey: str,
        questions: dict[str, Question],
    ) -> list[Item]:
        """Return the items of the responses with these ids, and of rows without an id."""
        items: list[Item] = []
        for row in rows:
            native_id = get_text(row, "id")
            if not native_id.isdecimal():
                items.append(self.item(row, origin=f"{survey}/unknown"))
            elif int(native_id) in ids:
                items += self._response_items(row, native_id, survey, questions)
        return items

    def _response_items(
        self, row: dict[str, Any], native_id: str, survey: str, questions: dict[str, Question]
    ) -> list[Item]:
        at = self._parse_time(row.get("submitdate"))
        dated = {} if at else {"date": FIRST_SEEN}
        items = self.items(
            Submission(
                id=f"{self._server}/{survey}/{native_id}",
                at=at or self.context.now(),
                revision=unix_ms(at) if at else _UNKNOWN_REVISION,
                redated=at is None,
                answers=list(read_answers(row, questions, self.numeric_questions)),
                hidden={name: value for name, value in row.items() if _is_hidden(name, questions)},
                respondent=get_text(row, "token"),
                language=get_text(row, "startlanguage") or None,
                attributes={"survey": survey, **dated},
            )
        )
        site = self.config.survey_sites.get(survey)
        for item in items:
            if site is not None:
                item.data.setdefault("site", site)
        return items

    def _parse_time(self, text: Any) -> datetime | None:
        """Return a time; None for the year 1980, which stands for an unknown one."""
        try:
            at = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            return None
        if at.year < EARLIEST_YEAR:
            return None
        return at if at.tzinfo else at.replace(tzinfo=parse_zone(self.config.timezone))


def _is_hidden(column: str, questions: dict[str, Question]) -> bool:
    """Return True for a column of metadata or of a question that people do not see."""
    question, _, _ = find_question(column, questions)
    return question is None or question.is_hidden
