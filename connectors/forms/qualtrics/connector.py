"""``qualtrics``: responses to a Qualtrics survey, exported as files.

Speaks the Survey Response Export API, version 3, https://api.qualtrics.com.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr

from connectors.forms.qualtrics.columns import answers_of, embedded, language
from connectors.sdk import (
    ChangesSince,
    Fatal,
    FormSource,
    FormSourceConfig,
    Http,
    Item,
    Misconfigured,
    Page,
    Polled,
    Retry,
    Submission,
    get_object,
    get_objects,
    parse_iso_ms,
)

_DAY_MS: Final = 24 * 60 * 60 * 1_000
_SETTLED_MS: Final = 60_000
_FIRST_POLL_S: Final = 0.2
_SLOWEST_POLL_S: Final = 5.0
_PATIENCE_S: Final = 900.0
_MOST_BYTES: Final = 500_000_000
_UNREAL: Final = ("preview", "test", "spam")


class QualtricsConfig(FormSourceConfig):
    """One survey."""

    survey: Annotated[str, Field(pattern=r"^SV_[0-9A-Za-z]+$", description="Id of the survey.")]
    datacenter: Annotated[
        str, Field(pattern=r"^[0-9A-Za-z.-]+$", description="Id of the data center, such as fra1.")
    ]
    api_token: Annotated[SecretStr, Field(description="API token of a user of the survey.")]
    window_days: int = Field(
        default=90, ge=1, description="Days of responses that one file of the first run holds."
    )
    base_url: str | None = Field(
        default=None, description="Address of the API; none: that of the data center."
    )


class Qualtrics(FormSource[QualtricsConfig], Polled[QualtricsConfig]):
    """Has the responses exported that were recorded since the last time."""

    name = "qualtrics"
    title = "Qualtrics"
    requirements = (
        "an API token, and the id of the data center: both are in the account settings under "
        "Qualtrics IDs, where the brand administrator allows the API."
    )
    limitations = (
        "Each run exports a file, which may take minutes. Edits and deletes are not told of. "
        "Previews, tests and spam are left out, and answers to questions that are no longer in "
        "the survey."
    )
    cursor_description = "the newest `recordedDate` that was seen, less a minute"
    example = """\
survey = "SV_eajskCRbMSRKkRf"
datacenter = "fra1"
api_token = { env = "QUALTRICS_TOKEN" }
site = "Eastgate"
service_field = "ward"
scores = { QID3 = { measure = "csat", worst = 1, best = 5 } }
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        base_url = config.base_url or f"https://{config.datacenter}.qualtrics.com"
        headers = {"X-API-TOKEN": config.api_token.get_secret_value()}
        return self.http(base_url, headers=headers, per_second=8)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the responses that were recorded since the cursor's moment, window by window."""
        changes = ChangesSince.resume(cursor, now=self.context.now())
        survey = self._result("GET", f"/API/v3/surveys/{self.config.survey}")
        if not get_object(survey, "questions"):
            raise Misconfigured(f"reading qualtrics {self.config.survey}: it has no questions")
        for start, end in self._windows(changes, survey):
            responses = self._exported(start, end)
            news = changes.new_items(
                (_recorded(one), str(one.get("responseId")), one) for one in responses
            )
            items = [item for one in news for item in self._items(one, survey)]
            yield Page(items, changes.complete(start if end is None else end))

    def _windows(
        self, changes: ChangesSince, survey: dict[str, Any]
    ) -> Iterator[tuple[int | None, int | None]]:
        """Spans from a moment to another, exclusive, in milliseconds; None: without an end.

        A whole survey can be more than fits into a file.
        """
        start = changes.moment
        edge = parse_iso_ms(survey.get("creationDate")) if start is None else start
        step = self.config.window_days * _DAY_MS
        while edge is not None and edge + step <= changes.started - _SETTLED_MS:
            edge = (edge + step) // 1_000 * 1_000
            yield start, edge
            start = edge
        yield start, None

    def _exported(self, start: int | None, end: int | None) -> list[dict[str, Any]]:
        """Start an export, wait for it, and read its file."""
        wanted: dict[str, Any] = {"format": "json", "compress": True}
        for name, at in (("startDate", start), ("endDate", end)):
            if at is not None:
                wanted[name] = datetime.fromtimestamp(at // 1_000, UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                )
        path = f"/API/v3/surveys/{self.config.survey}/export-responses"
        number = self._result("POST", path, json=wanted).get("progressId")
        file = self._awaited(f"{path}/{number}")
        body = self._http.request("GET", f"{path}/{file}/file").body
        return get_objects(_unpacked(body), "responses")

    def _awaited(self, path: str) -> str:
        pause, waited = _FIRST_POLL_S, 0.0
        while waited < _PATIENCE_S:
            progress = self._result("GET", path)
            if progress.get("status") == "complete" and progress.get("fileId"):
                return str(progress["fileId"])
            if progress.get("status") == "failed":
                raise Retry("exporting from qualtrics: the export has failed", wait=60)
            self.context.sleep(pause)
            waited += pause
            pause = min(2 * pause, _SLOWEST_POLL_S)
        raise Retry(f"exporting from qualtrics: no file after {waited:.0f} seconds", wait=60)

    def _result(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        result = get_object(self._http.json(method, path, **request), "result")
        if not result:
            raise Retry("reading qualtrics: the answer has no result")
        return result

    def _items(self, response: dict[str, Any], survey: dict[str, Any]) -> list[Item]:
        native_id = str(response.get("responseId"))
        kind = str(get_object(response, "labels").get("status") or "")
        if any(word in kind.casefold() for word in _UNREAL):
            return [self.skipped_item(f"it is of the type {kind}", origin=native_id)]
        noted = embedded(response)
        title = survey.get("name")
        return self.items(
            Submission(
                id=native_id,
                at=noted.get("endDate") or noted.get("recordedDate"),
                revision=_recorded(response),
                answers=list(
                    answers_of(response, get_object(survey, "questions"), self.numeric_questions)
                ),
                hidden=noted,
                respondent=str(
                    noted.get("recipientEmail") or noted.get("externalDataReference") or ""
                ).casefold(),
                language=language(noted.get("userLanguage")),
                attributes={"form": title} if isinstance(title, str) else {},
            )
        )


def _unpacked(body: bytes) -> Any:
    """The JSON of a zip with one file."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            (file,) = packed.infolist()
            if file.file_size > _MOST_BYTES:
                raise Fatal("reading qualtrics: the export is too large, lower window_days")
            return orjson.loads(packed.read(file))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError):
        raise Retry("reading qualtrics: the export is no whole zip with a JSON file") from None


def _recorded(response: dict[str, Any]) -> int | None:
    return parse_iso_ms(get_object(response, "values").get("recordedDate"))
