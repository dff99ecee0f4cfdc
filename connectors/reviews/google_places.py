"""``google_places``: the few reviews that Google shows of any place on Google Maps.

Speaks the Places API (New),
https://developers.google.com/maps/documentation/places/web-service/reference/rest/v1/places: at
most five reviews per place, sorted by relevance. What may be stored and must be shown with it is in
https://developers.google.com/maps/documentation/places/web-service/policies.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
)

from connectors.sdk import (
    BadRecord,
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    ItemMemory,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    Unauthorized,
    classify_response,
    get_object,
    get_text,
    read_places,
    require_object,
    share_memory,
    unix_ms,
)
from schemas.feedback import Family, Feedback, Name
from schemas.measures import Stars

_FIELDS: Final = "id,displayName,googleMapsUri,reviews"
_MAX_REMEMBERED: Final = 100
"""Reviews remembered per place: five are shown at a time."""
_NAME: Final = re.compile(r"places/([^/]+)/reviews/(.+)", re.DOTALL)
_ANONYMOUS: Final = re.compile(r"\bgoogle", re.IGNORECASE)
"""A closed account is "A Google user" in the language of the request, and no author."""
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)

_PlaceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,500}$")]


class GooglePlacesConfig(SourceConfig):
    """Some places."""

    places: Annotated[
        dict[_PlaceId, Name | Literal[""]],
        Field(
            min_length=1,
            max_length=500,
            description="Site of each place, by place id; if it is empty, the place's own name.",
        ),
    ]
    api_key: Annotated[SecretStr, Field(description="API key of the Google Cloud project.")]
    base_url: str = Field(
        default="https://places.googleapis.com", description="Address of the API."
    )

    @field_validator("site")
    @classmethod
    def _reject_site(cls, site: str | None) -> str | None:
        if site is not None:
            raise ValueError("each place has its own in `places`")
        return site


class _Author(BaseModel):
    displayName: str | None = None  # noqa: N815 - the service's name
    uri: str | None = None


class _Month(BaseModel):
    year: int
    month: Annotated[int, Field(ge=1, le=12)]


class _Review(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1)]
    rating: Annotated[float, Field(ge=1, le=5)] | None = None
    authorAttribution: _Author | None = None  # noqa: N815
    publishTime: AwareDatetime | None = None  # noqa: N815
    googleMapsUri: str | None = None  # noqa: N815
    visitDate: _Month | None = None  # noqa: N815

    @property
    def author(self) -> str:
        """Address of the author's profile, which outlives a change of name, or the name."""
        if self.authorAttribution is None:
            return ""
        name = self.authorAttribution.displayName or ""
        return self.authorAttribution.uri or ("" if _ANONYMOUS.search(name) else name)


class _PlacedReview(BaseModel):
    place: _PlaceId
    name: str | None = None
    uri: str | None = None
    words: str | None = None
    language: str | None = None
    review: _Review


class GooglePlaces(Polled[GooglePlacesConfig]):
    """Reads the reviews that each place shows, and remembers them."""

    name = "google_places"
    title = "Google Places"
    family = Family.REVIEW
    requirements = (
        "a Google Cloud project with billing and the Places API (New), an API key that is "
        "restricted to it, and the ids of the places. Google's policies limit how long the content "
        "of places may be stored and ask that Google Maps and the author are named where a review "
        "is shown: read the terms that apply to you first. For locations that are yours, "
        "`google_business` returns all reviews, and lets you reply."
    )
    limitations = (
        "At most 5 reviews per place, which Google chooses by relevance and not by date, so a new "
        "one may never be shown; no history and no replies. Edits are found while a review is "
        "shown; deletes are not reported. One request per place and run, billed as Place Details "
        "Enterprise + Atmosphere. Names of authors become pseudonyms: `url` leads to the review "
        "on Google Maps, which names the author."
    )
    cursor_description = "for each place, hashes of the reviews that it has shown"
    capabilities = frozenset({Capability.EDITS, Capability.SAMPLED})
    example = """\
places = { ChIJj61dQgK6j4AR4GeTYWZsKWw = "Eastgate", ChIJN1t_tDeuEmsRUsoyG83frY4 = "" }
api_key = { env = "GOOGLE_PLACES_KEY" }
every = "1d"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        return self.http(
            config.base_url,
            headers={
                "X-Goog-Api-Key": config.api_key.get_secret_value(),
                "X-Goog-FieldMask": _FIELDS,
            },
            per_second=5,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what each place shows and has not shown before."""
        stored: dict[str, Any] = {} if cursor is None else orjson.loads(cursor)
        cursors = {place: stored[place] for place in self.config.places if place in stored}
        yield from read_places(
            (place, self._read_place(place, cursors)) for place in self.config.places
        )

    def _read_place(self, place: str, cursors: dict[str, Any]) -> Iterator[Page]:
        before = cursors.get(place)
        size = min(_MAX_REMEMBERED, share_memory(len(self.config.places)))
        memory = ItemMemory(size) if before is None else ItemMemory.load(before, size)
        answer = _require_place(self._http.get_json(f"/v1/places/{place}"), place)
        items = []
        for review in answer.get("reviews", []):
            name, checksum = _identify(review), _checksum(review)
            if not memory.knows(checksum, name):
                items.append(self._item(place, answer, review))
                memory.add(checksum, name)
        notes = [] if memory.times else [f"{place}: no reviews are shown"]
        if items or notes or before is None:
            cursors[place] = memory.dump()
            reached = orjson.dumps(cursors).decode()
            yield Page(items, reached, is_history=before is None, notes=notes)

    def _item(self, place: str, answer: dict[str, Any], review: Any) -> Item:
        data = {
            "place": place,
            "name": get_text(get_object(answer, "displayName"), "text") or None,
            "uri": get_text(answer, "googleMapsUri") or None,
            "review": review,
        }
        return self.item(data, origin=get_text(review, "name"), payload=orjson.dumps(data))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review, in the author's own words."""
        data = item.data
        if isinstance(data, dict):
            data = {**data, **_choose_words(data.get("review"))}
        placed = self.validate(_PlacedReview, data, words=("words",))
        review, created = placed.review, placed.review.publishTime
        text = (placed.words or "").strip()
        if not text and review.rating is None:
            raise Skip()
        match = _NAME.fullmatch(review.name)
        if match is None:
            raise BadRecord(f"parsing {self.name}: name: it is not that of a review")
        return self.record(
            item,
            native_id=f"{match[1]}/{match[2]}",
            created_at=created,
            revision=unix_ms(created) if created else None,
            redated=True,
            text=text,
            language=placed.language if text else None,
            stars=None if review.rating is None else Stars(value=review.rating),
            author=review.author,
            site=self.config.places.get(placed.place) or placed.name,
            url=_web_address(review.googleMapsUri) or _web_address(placed.uri),
            attributes=_attributes(review),
        )


def _choose_words(review: Any) -> dict[str, Any]:
    """Return the text as it was written, or else Google's translation, and its language."""
    texts = [get_object(review, name) for name in ("originalText", "text")]
    readable = [each for each in texts if str(each.get("text") or "").strip()]
    # Anything but a string is chosen last: it is refused, and not left out.
    readable.sort(key=lambda each: not isinstance(each["text"], str))
    words = readable[0] if readable else {}
    return {"words": words.get("text"), "language": words.get("languageCode")}


class _NoSuchPlace(Fatal):
    """The place id is unknown, or no longer in use."""


def _classify(response: HttpResponse) -> Exception | None:
    problem = classify_response(response)
    if response.status == 404:
        return _NoSuchPlace(
            f"{problem}: there is no such place; ids of places change, and may be looked up again"
        )
    if response.status == 400 and "API_KEY_INVALID" in _error_reasons(response):
        return Unauthorized(f"{problem}: the API key is refused")
    return problem


def _error_reasons(response: HttpResponse) -> list[str]:
    """Return the reasons of an error in the form of google.rpc.ErrorInfo."""
    try:
        details = response.json()["error"]["details"]
        return [str(detail.get("reason")) for detail in details if isinstance(detail, dict)]
    except (Retry, LookupError, TypeError):
        return []


def _require_place(answer: Any, place: str) -> dict[str, Any]:
    """Return a place; one without reviews has no list of them. Raises ``Retry``."""
    where = f"google_places {place}"
    document = require_object(answer, where)
    if not isinstance(document.get("reviews", []), list) or not {"id", "reviews"} & {*document}:
        raise Retry(f"reading {where}: the response is not a place")
    return document


def _identify(review: Any) -> str:
    """Return the name of a review, or else its content."""
    return get_text(review, "name") or orjson.dumps(review).decode()


def _checksum(review: Any) -> int:
    """Return a number that is another one once the review was edited.

    The memory holds it in place of a time: whether an edit has a new one is not documented.
    """
    words = [get_object(review, part) for part in ("originalText", "text")]
    parts = [get_text(review, "publishTime"), get_text(review, "rating"), words]
    return zlib.crc32(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS))


def _web_address(address: str | None) -> str | None:
    return address if address and _WEB.match(address) else None


def _attributes(review: _Review) -> dict[str, str]:
    attributes = {"attribution": "Google Maps"}
    if review.visitDate is not None:
        attributes["visited"] = f"{review.visitDate.year:04}-{review.visitDate.month:02}"
    return attributes
