"""``fhir``: questionnaire responses on a FHIR server, such as an electronic health record's.

Speaks FHIR R4: searches for QuestionnaireResponse, https://hl7.org/fhir/R4/search.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from connectors.forms.fhir.config import FhirConfig
from connectors.forms.fhir.definition import Definition, Question, read_definition
from connectors.forms.fhir.questionnaire import complete_date, list_absent, read_answers
from connectors.sdk import (
    AnswerType,
    Bearer,
    Capability,
    ChangesSince,
    Fatal,
    FormAnswer,
    FormSource,
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
)

_COLLECTED: Final = frozenset({"completed", "amended"})
_LINES: Final = frozenset({AnswerType.TEXT, AnswerType.SHORT})
_RETRACTED: Final = "entered-in-error"
_UNNAMED: Final = "it is not of `questionnaire`, and no setting names one of its questions"
_UNNAMED_TEXT: Final = "an answer is not to one of the questions in `comments` or `scores`"
_MAX_SEEN: Final = 1_000
_RELATIVE: Final = re.compile(r"Questionnaire/[A-Za-z0-9.-]{1,64}")


class Fhir(FormSource[FhirConfig], Polled[FhirConfig]):
    """Reads what changed since the last run."""

    name = "fhir"
    title = "FHIR R4"
    requirements = (
        "a FHIR R4 server with searches of QuestionnaireResponse by _lastUpdated, and a token, or "
        "an OAuth 2.0 client with a secret, that may read them."
    )
    limitations = (
        "Only the questionnaire that is named is read, or the questions that are named. Responses "
        "in progress or stopped are left out. A response that is entered-in-error is deleted; one "
        "that is deleted on the server is not reported. Name the questions with scores in "
        "`scores`, by linkId. Wordings and weights that responses leave out are read from the "
        "Questionnaire, if the token may (scope system/Questionnaire.read)."
    )
    cursor_description = "the newest `meta.lastUpdated` that was read, less six hours"
    capabilities = frozenset({Capability.EDITS, Capability.DELETES})
    example = """\
base_url = "https://fhir.eastgate.example/r4"
questionnaire = "https://eastgate.example/Questionnaire/after-your-visit"
token_url = "https://login.eastgate.example/token"
client_id = "feedback"
client_secret = { env = "FHIR_CLIENT_SECRET" }
site = "Eastgate"
scores = { "overall" = { measure = "csat", worst = 1, best = 5 } }
"""

    @cached_property
    def _http(self) -> Http:
        headers = {"Accept": "application/fhir+json"}
        return self.http(self.config.base_url, headers=headers, auth=self._auth(), per_second=10)

    def _auth(self) -> httpx.Auth | None:
        config = self.config
        if config.token is not None:
            return Bearer(config.token)
        if not (config.token_url and config.client_id and config.client_secret):
            return None
        grant = {"grant_type": "client_credentials", "scope": config.scope}
        basic = (config.client_id, config.client_secret.get_secret_value())
        return OAuth2(config.token_url, grant, basic=basic)

    @cached_property
    def _server(self) -> str:
        address = urlsplit(self.config.base_url)
        return self.config.server or f"{address.hostname}{address.path}".rstrip("/")

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the responses that changed since the cursor's time."""
        config = self.config
        if not (config.questionnaire or config.comments or config.scores):
            raise Misconfigured(
                "reading fhir: set questionnaire, or name questions in comments or scores"
            )
        changes = ChangesSince.resume(cursor, now=self.context.now())
        while True:
            bundle = changes.request(lambda page: self._get_bundle(changes.since_iso, page))
            resources = [get_object(entry, "resource") for entry in get_objects(bundle, "entry")]
            responses = [
                resource
                for resource in resources
                if resource.get("resourceType") == "QuestionnaireResponse"
            ]
            new = changes.new_items(
                (_changed_ms(response), str(response.get("id")), response) for response in responses
            )
            items = [item for response in new for item in self._load_items(response)]
            page = self._next_page(bundle)
            yield Page(items, changes.advance(page))
            if page is None:
                return

    def _get_bundle(self, since: str | None, page: str | None) -> dict[str, Any]:
        config = self.config
        if page is not None:
            bundle = self._http.get_json(self._resolve(page))
        else:
            params = {"_sort": "_lastUpdated", "_count": str(config.per_page)}
            if since is not None:
                params["_lastUpdated"] = f"ge{since}"
            if config.questionnaire:
                params["questionnaire"] = config.questionnaire
            bundle = self._http.get_json("/QuestionnaireResponse", params=params)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise Retry(f"reading fhir {self._server}: the response is not a Bundle")
        return bundle

    def _next_page(self, bundle: dict[str, Any]) -> str | None:
        links = get_objects(bundle, "link")
        urls = (link.get("url") for link in links if link.get("relation") == "next")
        url = next((url for url in urls if isinstance(url, str) and url), None)
        return None if url is None else self._resolve(url)

    def _resolve(self, link: str) -> str:
        """Return the address of a link. Raises ``Misconfigured`` if it is on another server."""
        url = urljoin(self.config.base_url.rstrip("/") + "/", link)
        if _origin(url) != _origin(self.config.base_url):
            raise Misconfigured(
                f"reading fhir {self._server}: its next page is on another server than base_url"
            )
        return url

    def _load_items(self, resource: dict[str, Any]) -> list[Item]:
        self._load_definition(resource)
        return self._items(resource)

    def _items(self, resource: dict[str, Any]) -> list[Item]:
        status, native_id = resource.get("status"), f"{self._server}/{resource.get('id')}"
        if status != _RETRACTED and status not in _COLLECTED:
            return [self.skipped_item(f"its status is {status}", origin=native_id)]
        answers, left_out = self._answers(resource)
        if not answers and left_out:
            return [self.skipped_item(_UNNAMED, origin=native_id)]
        meta = get_object(resource, "meta")
        canonical = resource.get("questionnaire")
        return self.items(
            Submission(
                id=native_id,
                at=complete_date(resource.get("authored")) or meta.get("lastUpdated"),
                revision=_changed_ms(resource),
                answers=answers,
                edited=_was_edited(resource),
                deleted=status == _RETRACTED,
                redated=True,  # ``authored`` is the time of the last change
                respondent=_person(get_object(resource, "subject")),
                language=resource.get("language"),
                attributes={"questionnaire": canonical} if isinstance(canonical, str) else {},
                left_out={_UNNAMED_TEXT: left_out} if left_out else {},
            )
        )

    def _answers(self, resource: dict[str, Any]) -> tuple[list[FormAnswer], int]:
        """Return the answers that may be read, and the number of the others."""
        definition = self._definition(resource)
        answers = list(read_answers(resource, self.numeric_questions, definition))
        canonical = get_text(resource, "questionnaire")
        seen = self._seen.setdefault(canonical, {})
        for answer in answers:
            if answer.kind in _LINES and len(seen) < _MAX_SEEN:
                seen[answer.field] = answer
        if _was_edited(resource) or resource.get("status") == _RETRACTED:
            answers += list_absent(definition, answers)
            answers += list_absent(self._named_comments, answers)
            present = {answer.field for answer in answers}
            answers += [
                replace(answer, value="") for name, answer in seen.items() if name not in present
            ]
        if self._is_named(canonical):
            return answers, 0
        named = [answer for answer in answers if self.roles.is_named(*answer.names)]
        return named, len(answers) - len(named)

    def _is_named(self, canonical: str) -> bool:
        """Return True if settings name a questionnaire, with its version or without."""
        named = self.config.questionnaire
        if not named or not canonical:
            return False
        canonical = canonical.partition("#")[0]
        if "|" not in named:
            canonical = canonical.partition("|")[0]
        return canonical == named or named.endswith(f"/{canonical}")

    @cached_property
    def _named_comments(self) -> Definition:
        return {name: Question(is_text=True) for name in self.config.comments}

    @cached_property
    def _seen(self) -> dict[str, dict[str, FormAnswer]]:
        """Texts of this process by questionnaire and id: an edit may leave them out."""
        return {}

    @cached_property
    def _definitions(self) -> dict[str, Definition]:
        return {}

    def _definition(self, resource: dict[str, Any]) -> Definition:
        canonical = get_text(resource, "questionnaire")
        for contained in get_objects(resource, "contained"):
            if canonical == f"#{contained.get('id')}" or _is_definition(contained, canonical):
                return read_definition(contained)
        return self._definitions.get(canonical, {})

    def _load_definition(self, resource: dict[str, Any]) -> None:
        """Read a response's Questionnaire once, if the server has it and the token may read it."""
        canonical = get_text(resource, "questionnaire")
        read = self._definitions
        if not canonical or canonical[0] == "#" or canonical in read or len(read) >= _MAX_SEEN:
            return
        url, _, version = canonical.partition("|")
        try:
            if _RELATIVE.fullmatch(url):
                document = self._http.get_json(f"/{url}")
            else:
                params = {"url": url, **({"version": version} if version else {})}
                document = self._http.get_json("/Questionnaire", params=params)
        except Fatal:
            document = None
        self._definitions[canonical] = _find_definition(document)


def _is_definition(resource: dict[str, Any], canonical: str) -> bool:
    """Return True for the Questionnaire of that canonical address, whatever its version."""
    url = canonical.partition("|")[0]
    return (
        resource.get("resourceType") == "Questionnaire"
        and bool(url)
        and (resource.get("url") == url)
    )


def _find_definition(document: Any) -> Definition:
    """Return the Questionnaire that a document is, or that a Bundle holds."""
    below = [get_object(entry, "resource") for entry in get_objects(document, "entry")]
    for resource in [document, *below]:
        if get_text(resource, "resourceType") == "Questionnaire":
            return read_definition(resource)
    return {}


def _changed_ms(resource: dict[str, Any]) -> int | None:
    return parse_iso_ms(get_object(resource, "meta").get("lastUpdated"))


def _was_edited(resource: dict[str, Any]) -> bool:
    """Return True if there may have been an earlier version; some servers number them."""
    version = get_text(get_object(resource, "meta"), "versionId")
    return resource.get("status") == "amended" or (
        version.isdecimal() and version not in ("0", "1")
    )


def _person(subject: dict[str, Any]) -> str:
    if isinstance(reference := subject.get("reference"), str):
        return reference
    identifier = get_object(subject, "identifier")
    return "|".join(str(identifier[name]) for name in ("system", "value") if name in identifier)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
