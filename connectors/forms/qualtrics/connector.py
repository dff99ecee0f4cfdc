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

from pydantic import Field, SecretStr

from connectors.forms.qualtrics.columns import (
    count_removed,
    embedded_data,
    language_tag,
    read_answers,
)
from connectors.sdk import (
    REMOVED_QUESTION,
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
    get_text,
    load_json,
    parse_iso_ms,
)

_DAY_MS: Final = 24 * 60 * 60 * 1_000
_SETTLING_MS: Final = 60_000
_FIRST_POLL_S: Final = 0.2
_MAX_POLL_S: Final = 5.0
_MAX_WAIT_S: Final = 900.0
_MAX_BYTES: Final = 500_000_000
_MAX_SMALL_BYTES: Final = 32_000_000
_MAX_RATIO: Final = 60
"""Of a file that unpacks to more: responses repeat their columns, bombs repeat nothing else."""
_EXCLUDED: Final = {
    **{word: word for word in ("preview", "test", "spam")},
    **dict.fromkeys(("vorschau", "vista previa", "aperçu", "prévisual", "anteprima"), "preview"),
    **dict.fromkeys(("voorbeeld", "podgląd", "pré-visual", "プレビュー", "预览"), "preview"),
}
"""Types by words of their labels, which are in the language of the account."""
_EXCLUDED_STATUS: Final = {
    "1": "preview",
    "2": "test",
    "8": "spam",
    "9": "spam in a preview",
    "12": "imported spam",
    "17": "offline preview",
    "40": "spam",
}
"""Types of responses by ``status``, which is the same in every language of an account."""


class QualtricsConfig(FormSourceConfig):
    """One survey."""

    survey: Annotated[str, Field(pattern=r"^SV_[0-9A-Za-z]+$", description="Id of the survey.")]
    datacenter: Annotated[
        str, Field(pattern=r"^[0-9A-Za-z.-]+$", description="Id of the data center, such as fra1.")
    ]
    api_token: Annotated[SecretStr, Field(description="API token of a user of the survey.")]
    window_days: int = Field(
        default=90, ge=1, description="Days of responses per exported file in the first run."
    )
    base_url: str | None = Field(
        default=None, description="Address of the API; default: that of the data center."
    )


class Qualtrics(FormSource[QualtricsConfig], Polled[QualtricsConfig]):
    """Exports the responses that were recorded since the last run."""

    name = "qualtrics"
    title = "Qualtrics"
    requirements = (
        "an API token and the id of the data center, both in the account settings under Qualtrics "
        "IDs, if the brand administrator permits the API."
    )
    limitations = (
        "Each run exports a file, which may take minutes. Edits and deletes are not reported. "
        "Previews, tests and spam are left out, and so are answers to questions that were removed "
        "from the survey."
    )
    cursor_description = "the newest `recordedDate` that was read, less six hours"
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
        """Read the responses that were recorded since the cursor's time, window by window."""
        changes = ChangesSince.resume(cursor, now=self.context.now())
        survey = self._get_result("GET", f"/API/v3/surveys/{self.config.survey}")
        if not get_object(survey, "questions"):
            raise Misconfigured(f"reading qualtrics {self.config.survey}: it has no questions")
        for start, end in self._windows(changes, survey):
            responses = self._export(start, end)
            new = changes.new_items(
                (_recorded_ms(response), str(response.get("responseId")), response)
                for response in responses
            )
            items = [item for response in new for item in self._items(response, survey)]
            yield Page(items, changes.complete(start if end is None else end))

    def _windows(
        self, changes: ChangesSince, survey: dict[str, Any]
    ) -> Iterator[tuple[int | None, int | None]]:
        """Yield start and exclusive end of each export (Unix times, ms); None: unbounded.

        The responses of a whole survey may be too many for one file.
        """
        start = changes.moment
        edge = parse_iso_ms(survey.get("creationDate")) if start is None else start
        step = self.config.window_days * _DAY_MS
        while edge is not None and edge + step <= changes.started - _SETTLING_MS:
            edge = (edge + step) // 1_000 * 1_000
            yield start, edge
            start = edge
        yield start, None

    def _export(self, start: int | None, end: int | None) -> list[dict[str, Any]]:
        """Start an export, wait for it, and return the responses in its file."""
        export: dict[str, Any] = {"format": "json", "compress": True}
        for name, at in (("startDate", start), ("endDate", end)):
            if at is not None:
                export[name] = datetime.fromtimestamp(at // 1_000, UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                )
        path = f"/API/v3/surveys/{self.config.survey}/export-responses"
        progress = self._get_result("POST", path, json=export).get("progressId")
        file = self._wait_for_file(f"{path}/{progress}")
        body = self._http.request("GET", f"{path}/{file}/file").body
        return get_objects(_unzip(body), "responses")

    def _wait_for_file(self, path: str) -> str:
        pause, waited = _FIRST_POLL_S, 0.0
        while waited < _MAX_WAIT_S:
            progress = self._get_result("GET", path)
            if progress.get("status") == "complete" and progress.get("fileId"):
                return str(progress["fileId"])
            if progress.get("status") == "failed":
                raise Retry("exporting from qualtrics: the export has failed", wait=60)
            self.context.sleep(pause)
            waited += pause
            pause = min(2 * pause, _MAX_POLL_S)
        raise Retry(f"exporting from qualtrics: no file after {waited:.0f} seconds", wait=60)

    def _get_result(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        result = get_object(self._http.json(method, path, **request), "result")
        if not result:
            raise Retry("reading qualtrics: the response has no result")
        return result

    def _items(self, response: dict[str, Any], survey: dict[str, Any]) -> list[Item]:
        native_id = str(response.get("responseId"))
        if kind := _excluded_type(response):
            return [self.skipped_item(f"it is of the type {kind}", origin=native_id)]
        metadata = embedded_data(response)
        title = survey.get("name")
        questions = get_object(survey, "questions")
        removed = count_removed(response, questions)
        return self.items(
            Submission(
                id=native_id,
                at=metadata.get("endDate") or metadata.get("recordedDate"),
                revision=_recorded_ms(response),
                answers=list(read_answers(response, questions, self.numeric_questions)),
                hidden=metadata,
                respondent=str(
                    metadata.get("recipientEmail") or metadata.get("externalDataReference") or ""
                ).casefold(),
                language=language_tag(metadata.get("userLanguage")),
                attributes={"form": title} if isinstance(title, str) else {},
                left_out={REMOVED_QUESTION: removed} if removed else {},
            )
        )


def _excluded_type(response: dict[str, Any]) -> str | None:
    """Return the type of a response that is a preview, a test or spam, otherwise None."""
    status = get_text(get_object(response, "values"), "status")
    if status in _EXCLUDED_STATUS:
        return _EXCLUDED_STATUS[status]
    words = (get_text(get_object(response, "labels"), "status") or status).casefold()
    return next((kind for word, kind in _EXCLUDED.items() if word in words), None)


def _unzip(body: bytes) -> Any:
    """Return the JSON document in a zip with one file."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            (file,) = packed.infolist()
            limit = min(_MAX_BYTES, max(_MAX_SMALL_BYTES, _MAX_RATIO * len(body)))
            if file.file_size > limit:
                raise Fatal("reading qualtrics: the export is too large, lower window_days")
            return load_json(packed.read(file))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError):
        raise Retry(
            "reading qualtrics: the export is not a complete zip with a JSON file"
        ) from None


def _recorded_ms(response: dict[str, Any]) -> int | None:
    return parse_iso_ms(get_object(response, "values").get("recordedDate"))
