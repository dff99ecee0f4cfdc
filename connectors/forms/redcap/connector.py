"""``redcap``: completed surveys of REDCap projects.

Speaks the REDCap API, which each server documents at ``/api/help/``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
from pydantic import Field, HttpUrl, SecretStr, StringConstraints

from connectors.forms.redcap.fields import ProjectField, read_answers, read_fields
from connectors.forms.redcap.project import Project, Response
from connectors.sdk import (
    ChangesSince,
    FormSource,
    FormSourceConfig,
    Http,
    Item,
    Misconfigured,
    Page,
    Polled,
    Retry,
    Submission,
    from_unix,
    get_text,
    read_places,
    require_object,
    require_objects,
    unix_ms,
)
from connectors.sdk.pseudonyms import pseudonym
from schemas.feedback import Name
from schemas.field_types import Zone, parse_zone
from schemas.record import deterministic_id

_DAY_MS: Final = 24 * 60 * 60 * 1_000
_SETTLING_MS: Final = 26 * 60 * 60 * 1_000
"""No window ends later before now: a wrong time zone in the settings must not lose anything."""
_HASH_DIGITS: Final = 16

PlaceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]


class REDCapConfig(FormSourceConfig):
    """Projects of one server."""

    url: HttpUrl = Field(
        description="Address of the API, such as `https://redcap.eastgate.example/api/`."
    )
    tokens: dict[PlaceName, SecretStr] = Field(
        min_length=1,
        description="API token of each project, by a name of your choice: "
        '`{ visits = { env = "REDCAP_VISITS" } }`.',
    )
    project_sites: dict[PlaceName, Name] = Field(
        default_factory=dict,
        description="Site of each project that is about another than `site`, by its name in "
        "`tokens`.",
    )
    instruments: tuple[str, ...] = Field(
        default=(),
        description="Instruments to read, by their names; default: all surveys, for which the "
        "fields of all instruments are asked for.",
    )
    timezone: Zone = Field(
        default="UTC", description="Time zone of the server, which its times do not name."
    )
    server: Name | None = Field(
        default=None,
        description="Name of the server in the ids of records; default: its host and path.",
    )
    window_days: int = Field(
        default=30, ge=1, description="Days of responses per request in the first run."
    )


class REDCap(FormSource[REDCapConfig], Polled[REDCapConfig]):
    """Exports the surveys that were completed since the last run, project by project."""

    name = "redcap"
    title = "REDCap"
    requirements = (
        "a token of each project, which its user requests in the project under API, with the right "
        "to export. The right without tagged identifiers suffices, and is the better one."
    )
    limitations = (
        "Only surveys are read: instruments without a time of completion are entries of staff. "
        "Fields that are tagged as identifiers are never asked for, and fields with @HIDDEN, "
        "@HIDDEN-SURVEY or @PASSWORDMASK are left out; settings may name the latter as places or "
        "in `keep`. Edits and deletes are not reported, and surveys that are not complete are left "
        "out until they are."
    )
    cursor_description = "for each project, the newest time of completion, less six hours"
    example = """\
url = "https://redcap.eastgate.example/api/"
tokens = { visits = { env = "REDCAP_VISITS" }, births = { env = "REDCAP_BIRTHS" } }
project_sites = { births = "Westgate" }
site = "Eastgate"
service_field = "ward"
timezone = "Europe/London"
scores = { recommend = "nps" }
"""

    @cached_property
    def _http(self) -> Http:
        address = urlsplit(str(self.config.url))
        return self.http(f"{address.scheme}://{address.netloc}", per_second=5)

    @cached_property
    def _server(self) -> str:
        address = urlsplit(str(self.config.url))
        return self.config.server or f"{address.hostname}{address.path}".rstrip("/")

    @cached_property
    def _zone(self) -> ZoneInfo:
        return parse_zone(self.config.timezone)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what was completed since the cursor, project by project."""
        previous: dict[str, Any] = {} if cursor is None else orjson.loads(cursor)
        cursors = {place: previous[place] for place in self.config.tokens if place in previous}
        yield from read_places(
            (place, self._read_project(place, cursors)) for place in self.config.tokens
        )

    def _read_project(self, place: str, cursors: dict[str, Any]) -> Iterator[Page]:
        state = cursors.get(place, {"changes": None, "first": True})
        changes = ChangesSince.resume(state["changes"], now=self.context.now())
        project = self._load_project(place)
        for start, end in self._windows(changes, project):
            rows = self._export(project, start, end)
            responses = list(project.list_responses(rows, self._zone))
            new = changes.new_items(
                (unix_ms(response.at), self._native_id(project, response), response)
                for response in responses
            )
            odd = [row for row in rows if not project.record_id(row)]
            items = [self.item(row, origin=f"{place}/unknown") for row in odd]
            for response in new:
                items += self._response_items(project, response)
            text = changes.complete(start if end is None else end)
            cursors[place] = {"changes": text, "first": state["first"] and end is not None}
            yield Page(items, orjson.dumps(cursors).decode(), is_history=state["first"])

    def _windows(
        self, changes: ChangesSince, project: Project
    ) -> Iterator[tuple[int | None, int | None]]:
        """Yield start and end of each export (Unix times, ms); None: unbounded.

        The responses of a whole project may be too many for one response of the server.
        """
        start = edge = changes.moment
        if edge is None:
            edge = self._parse_ms(project.created_at)
        step = self.config.window_days * _DAY_MS
        while edge is not None and edge + step <= changes.started - _SETTLING_MS:
            edge += step
            yield start, edge
            start = edge
        yield start, None

    def _load_project(self, place: str) -> Project:
        """Return a project, without the fields that may not be asked for."""
        where = f"redcap {place}"
        about = require_object(self._request(place, "project"), where)
        if not get_text(about, "project_id"):
            raise Retry(f"reading {where}: the response has no project_id")
        labels = {
            name: get_text(row, "instrument_label")
            for row in self._list(place, "instrument")
            if (name := get_text(row, "instrument_name"))
        }
        if unknown := [name for name in self.config.instruments if name not in labels]:
            raise Misconfigured(f"reading {where}: it has no instrument {unknown[0]!r}")
        metadata = self._list(place, "metadata")
        first = next((row for row in metadata if get_text(row, "field_name")), {})
        record_field = get_text(first, "field_name")
        return Project(
            place=place,
            id=get_text(about, "project_id"),
            created_at=get_text(about, "creation_time"),
            record_field=record_field,
            identifies_people=get_text(first, "identifier").lower() == "y",
            fields={
                name: each
                for name, each in read_fields(metadata).items()
                if name != record_field and self._may_need(each)
            },
            labels=labels,
            instruments=self.config.instruments,
        )

    def _may_need(self, each: ProjectField) -> bool:
        """Return True for a field of an instrument that is read, or that settings name."""
        instruments = self.config.instruments
        is_read = not each.is_hidden and (not instruments or each.form in instruments)
        return is_read or self.roles.is_named(each.name, each.label)

    def _export(self, project: Project, start: int | None, end: int | None) -> list[dict[str, Any]]:
        """Return the rows of the records that were changed in a window."""
        names = [project.record_field, *project.fields]
        options = {f"fields[{number}]": name for number, name in enumerate(names)}
        # Both ends are excluded, so that windows overlap by a second.
        begin = None if start is None else start - 1_000
        for name, at in (("dateRangeBegin", begin), ("dateRangeEnd", end)):
            if at is not None:
                local = from_unix(at // 1_000).astimezone(self._zone)
                options[name] = local.strftime("%Y-%m-%d %H:%M:%S")
        return self._list(
            project.place,
            "record",
            type="flat",
            rawOrLabel="raw",
            exportSurveyFields="true",
            exportDataAccessGroups="true",
            **options,
        )

    def _list(self, place: str, content: str, **options: str) -> list[dict[str, Any]]:
        document = self._request(place, content, **options)
        return require_objects({content: document}, content, f"redcap {place}")

    def _request(self, place: str, content: str, **options: str) -> Any:
        token = self.config.tokens[place].get_secret_value()
        form = {"token": token, "content": content, "format": "json", "returnFormat": "json"}
        path = urlsplit(str(self.config.url)).path
        return self._http.json("POST", path, data={**form, **options})

    def _native_id(self, project: Project, response: Response) -> str:
        """Return the id of a response; a record's own id may be a number of a patient."""
        record = f"{self._server}/{project.id}/{response.record}"
        keyed = pseudonym(self.context.author_key, record) if project.identifies_people else None
        hashed = (keyed or deterministic_id(record))[:_HASH_DIGITS]
        return "/".join([self._server, project.id, hashed, *response.parts])

    def _response_items(self, project: Project, response: Response) -> Sequence[Item]:
        fields = [each for each in project.fields.values() if each.form == response.form]
        title = project.labels.get(response.form)
        items = self.items(
            Submission(
                id=self._native_id(project, response),
                at=response.at,
                revision=unix_ms(response.at),
                answers=list(read_answers(response.row, fields, self.numeric_questions)),
                hidden=project.list_hidden(response),
                respondent=response.respondent.casefold(),
                attributes={"form": title} if title else {},
            )
        )
        site = self.config.project_sites.get(project.place)
        return _with_site(items, site)

    def _parse_ms(self, text: str) -> int | None:
        """Return a time of the server as Unix time (ms), or None if it cannot be read."""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return None
        return unix_ms(at if at.tzinfo else at.replace(tzinfo=self._zone))


def _with_site(items: Sequence[Item], site: str | None) -> Sequence[Item]:
    """Return items that are about a site, unless their answers name another."""
    for item in items:
        data: Mapping[str, Any] = item.data
        if site is not None and isinstance(data, dict):
            data.setdefault("site", site)
    return items
