"""``fhir``: questionnaire responses on a FHIR server, such as an electronic health record's.

Speaks FHIR R4: searches for QuestionnaireResponse, https://hl7.org/fhir/R4/search.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, Self
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic import Field, SecretStr, model_validator

from connectors.forms.fhir.questionnaire import complete_date, read_answers
from connectors.sdk import (
    Bearer,
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
    parse_iso_ms,
)

_COLLECTED: Final = frozenset({"completed", "amended"})
_RETRACTED: Final = "entered-in-error"


class FhirConfig(FormSourceConfig):
    """One server, and optionally one questionnaire."""

    base_url: str = Field(pattern=r"^https?://", description="Base address of the server.")
    server: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Name of the server in ids, since resource ids are unique per server only; "
        "default: its host and path.",
    )
    questionnaire: str | None = Field(
        default=None, description="Canonical address of the questionnaire; default: all."
    )
    token: SecretStr | None = Field(default=None, description="A token that does not change.")
    token_url: str | None = Field(
        default=None,
        description="Address that issues access tokens (OAuth 2.0 client credentials).",
    )
    client_id: str | None = Field(default=None, description="Id of the OAuth 2.0 client.")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    scope: str = Field(
        default="system/QuestionnaireResponse.read", description="Scope of the token."
    )
    per_page: int = Field(default=100, ge=1, le=1_000, description="Responses per request.")

    @model_validator(mode="after")
    def _require_one_login(self) -> Self:
        client = (self.token_url, self.client_id, self.client_secret)
        if any(client) and (not all(client) or self.token is not None):
            raise ValueError(
                "set either token, or token_url with client_id and client_secret, or none of these"
            )
        return self


class Fhir(FormSource[FhirConfig], Polled[FhirConfig]):
    """Reads what changed since the last run."""

    name = "fhir"
    title = "FHIR R4"
    requirements = (
        "a FHIR R4 server with searches of QuestionnaireResponse by _lastUpdated, and a token, or "
        "an OAuth 2.0 client with a secret, that may read them."
    )
    limitations = (
        "Responses in progress or stopped are left out. A response that is entered-in-error is "
        "deleted; one that is deleted on the server is not reported. Name the questions with "
        "scores in `scores`, by linkId."
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
            items = [item for response in new for item in self._items(response)]
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

    def _items(self, resource: dict[str, Any]) -> list[Item]:
        status, native_id = resource.get("status"), f"{self._server}/{resource.get('id')}"
        if status != _RETRACTED and status not in _COLLECTED:
            return [self.skipped_item(f"its status is {status}", origin=native_id)]
        changed = get_object(resource, "meta").get("lastUpdated")
        canonical = resource.get("questionnaire")
        return self.items(
            Submission(
                id=native_id,
                at=complete_date(resource.get("authored")) or changed,
                revision=_changed_ms(resource),
                answers=self._answers(resource),
                edited=status == "amended",
                deleted=status == _RETRACTED,
                redated=True,  # ``authored`` is the time of the last change
                respondent=_person(get_object(resource, "subject")),
                language=resource.get("language"),
                attributes={"questionnaire": canonical} if isinstance(canonical, str) else {},
            )
        )

    def _answers(self, resource: dict[str, Any]) -> list[FormAnswer]:
        return list(read_answers(resource, self.numeric_questions))


def _changed_ms(resource: dict[str, Any]) -> int | None:
    return parse_iso_ms(get_object(resource, "meta").get("lastUpdated"))


def _person(subject: dict[str, Any]) -> str:
    if isinstance(reference := subject.get("reference"), str):
        return reference
    identifier = get_object(subject, "identifier")
    return "|".join(str(identifier[name]) for name in ("system", "value") if name in identifier)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
