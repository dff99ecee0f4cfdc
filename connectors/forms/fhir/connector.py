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

from connectors.forms.fhir.questionnaire import answers_of, whole_moment
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

_TAKEN: Final = frozenset({"completed", "amended"})
_TAKEN_BACK: Final = "entered-in-error"


class FhirConfig(FormSourceConfig):
    """One server, and perhaps one questionnaire of it."""

    base_url: str = Field(
        pattern=r"^https?://", description="Address of the server, up to its resources."
    )
    server: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="A name of the server, for the ids; none: its host and path. Ids of resources "
        "are unique on their server only.",
    )
    questionnaire: str | None = Field(
        default=None, description="Canonical address of the questionnaire; none: all."
    )
    token: SecretStr | None = Field(default=None, description="A token that does not change.")
    token_url: str | None = Field(
        default=None, description="Where access tokens come from (OAuth 2.0 client credentials)."
    )
    client_id: str | None = Field(default=None, description="Id of the OAuth 2.0 client.")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the OAuth 2.0 client."
    )
    scope: str = Field(
        default="system/QuestionnaireResponse.read", description="What the token is asked for."
    )
    per_page: int = Field(default=100, ge=1, le=1_000, description="Responses a request.")

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        client = (self.token_url, self.client_id, self.client_secret)
        if any(client) and (not all(client) or self.token is not None):
            raise ValueError("token, or token_url with client_id and client_secret, or none")
        return self


class Fhir(FormSource[FhirConfig], Polled[FhirConfig]):
    """Asks for what changed since the last time."""

    name = "fhir"
    title = "FHIR R4"
    requirements = (
        "a FHIR R4 server that finds QuestionnaireResponse by _lastUpdated, and a token, or an "
        "OAuth 2.0 client with a secret, that may read them."
    )
    limitations = (
        "Responses in progress or stopped are left out; one that is marked as entered in error is "
        "deleted here, one that is deleted on the server is not told of. Name the questions with a "
        "score in `scores`, by their linkId."
    )
    cursor_description = "the newest `meta.lastUpdated` that was seen, less a minute"
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
        """Read the responses that changed since the cursor's moment."""
        changes = ChangesSince.resume(cursor, now=self.context.now())
        while True:
            bundle = changes.request(lambda page: self._bundle(changes.since_iso, page))
            resources = [get_object(entry, "resource") for entry in get_objects(bundle, "entry")]
            found = [one for one in resources if one.get("resourceType") == "QuestionnaireResponse"]
            news = changes.new_items((_changed(one), str(one.get("id")), one) for one in found)
            items = [item for one in news for item in self._items(one)]
            page = self._next(bundle)
            yield Page(items, changes.advance(page))
            if page is None:
                return

    def _bundle(self, since: str | None, page: str | None) -> dict[str, Any]:
        config = self.config
        if page is not None:
            bundle = self._http.get_json(self._here(page))
        else:
            params = {"_sort": "_lastUpdated", "_count": str(config.per_page)}
            if since is not None:
                params["_lastUpdated"] = f"ge{since}"
            if config.questionnaire:
                params["questionnaire"] = config.questionnaire
            bundle = self._http.get_json("/QuestionnaireResponse", params=params)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise Retry(f"reading fhir {self._server}: the answer is no Bundle")
        return bundle

    def _next(self, bundle: dict[str, Any]) -> str | None:
        links = (
            one.get("url") for one in get_objects(bundle, "link") if one.get("relation") == "next"
        )
        found = next((link for link in links if isinstance(link, str) and link), None)
        return None if found is None else self._here(found)

    def _here(self, link: str) -> str:
        """A link of the server's; raises ``Misconfigured`` where the token would go elsewhere."""
        whole = urljoin(self.config.base_url.rstrip("/") + "/", link)
        if _origin(whole) != _origin(self.config.base_url):
            raise Misconfigured(
                f"reading fhir {self._server}: its next page is on another server than base_url"
            )
        return whole

    def _items(self, resource: dict[str, Any]) -> list[Item]:
        status, native_id = resource.get("status"), f"{self._server}/{resource.get('id')}"
        if status != _TAKEN_BACK and status not in _TAKEN:
            return [self.skipped_item(f"its status is {status}", origin=native_id)]
        changed = get_object(resource, "meta").get("lastUpdated")
        canonical = resource.get("questionnaire")
        return self.items(
            Submission(
                id=native_id,
                at=whole_moment(resource.get("authored")) or changed,
                revision=_changed(resource),
                answers=self._answers(resource),
                edited=status == "amended",
                deleted=status == _TAKEN_BACK,
                redated=True,  # authored is when the answers were last changed
                respondent=_person(get_object(resource, "subject")),
                language=resource.get("language"),
                attributes={"questionnaire": canonical} if isinstance(canonical, str) else {},
            )
        )

    def _answers(self, resource: dict[str, Any]) -> list[FormAnswer]:
        return list(answers_of(resource, self.numeric_questions))


def _changed(resource: dict[str, Any]) -> int | None:
    return parse_iso_ms(get_object(resource, "meta").get("lastUpdated"))


def _person(subject: dict[str, Any]) -> str:
    if isinstance(reference := subject.get("reference"), str):
        return reference
    identifier = get_object(subject, "identifier")
    return "|".join(str(identifier[name]) for name in ("system", "value") if name in identifier)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
