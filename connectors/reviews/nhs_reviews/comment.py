"""Comments of the NHS website, with their ratings and the organization's response."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from connectors.sdk import get_object, get_text, parse_iso_ms, unix_ms, with_zone
from schemas.feedback import EARLIEST_YEAR

_REMOVED: Final = "removed"
_OVERALL: Final = re.compile(r"overall|recommend|experience", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_NO_ID: Final = frozenset({"", "00000000-0000-0000-0000-000000000000"})
_ANONYMOUS: Final = frozenset({"", "anonymous", "anon", "name withheld"})
_WORST, _BEST = 1, 5


def _drop_unset(moment: datetime) -> datetime | None:
    """Return a time with a zone; the service's value for a time that is not set is the year 1."""
    return with_zone(moment) if moment.year >= EARLIEST_YEAR else None


# The documentation names no zone, and the service's times have none.
_Moment = Annotated[datetime, AfterValidator(_drop_unset)]


class Rating(BaseModel):
    """The answer to one question, from 1 to 5; 0 if there is none."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    question: str | None = None
    rating: float | None = None

    @property
    def stars(self) -> float | None:
        """The answer, if it is on the scale."""
        value = self.rating
        return value if value is not None and _WORST <= value <= _BEST else None

    @property
    def text(self) -> str:
        """Question and answer."""
        return f"{(self.question or '').strip()} {self.rating:g}".strip()


class Visit(BaseModel):
    """The month of a visit; 0 if it is unknown."""

    month: Annotated[int, Field(ge=0, le=12)]
    year: Annotated[int, Field(ge=0, le=9999)]

    @property
    def text(self) -> str | None:
        """Year and month."""
        return f"{self.year:04}-{self.month:02}" if self.month and self.year else None


class Comment(BaseModel):
    """A comment in the API's terms."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    commentId: Annotated[str, StringConstraints(min_length=1)]  # noqa: N815 - the service's name
    odsCode: str | None = None  # noqa: N815
    title: str | None = None
    commentText: str | None = None  # noqa: N815
    dateSubmitted: _Moment | None = None  # noqa: N815
    lastUpdated: _Moment | None = None  # noqa: N815
    department: str | None = None
    publisherID: str | None = None  # noqa: N815
    screenName: str | None = None  # noqa: N815
    commentOriginalURL: str | None = None  # noqa: N815
    status: str | None = None
    ratings: list[Rating] = Field(default_factory=list)
    visit: Visit | None = None


class ListedComment(BaseModel):
    """A comment with what the list says of it."""

    organization: str
    listed_as: str = ""
    """The status that was asked for."""
    removed: bool
    answered: bool = False
    comment: Comment

    @property
    def created_at(self) -> datetime | None:
        """When it was submitted, or else changed."""
        return self.comment.dateSubmitted or self.comment.lastUpdated

    @property
    def revision(self) -> int | None:
        """When it was changed (Unix time, ms).

        A removal need not have a new time: it counts as later than what was removed.
        """
        times = [at for at in (self.comment.dateSubmitted, self.comment.lastUpdated) if at]
        return unix_ms(max(times)) + self.removed if times else None

    @property
    def text(self) -> str:
        """Title and text; the service escapes some of them twice."""
        parts = (
            unescape(part or "").strip() for part in (self.comment.title, self.comment.commentText)
        )
        return "\n".join(part for part in parts if part)

    @property
    def stars(self) -> float | None:
        """The only rating, or else the only one of the visit as a whole."""
        rated = [rating for rating in self.comment.ratings if rating.stars is not None]
        if len(rated) > 1:
            rated = [rating for rating in rated if _OVERALL.search(rating.question or "")]
        return rated[0].stars if len(rated) == 1 else None

    @property
    def author(self) -> str:
        """The author's name on the screen, unless it is anonymous."""
        name = (self.comment.screenName or "").strip()
        return "" if name.casefold() in _ANONYMOUS else name

    @property
    def url(self) -> str | None:
        """The page of the comment, if it is one of the web."""
        address = self.comment.commentOriginalURL
        return address if address and _WEB.match(address) else None

    @property
    def attributes(self) -> dict[str, str]:
        """Details that are worth a search."""
        ratings = [rating for rating in self.comment.ratings if rating.stars is not None]
        attributes = {
            "answered": "yes" if self.answered else "no",
            "ods_code": self.comment.odsCode or self.organization,
            "publisher": self.comment.publisherID,
            "visited": self.comment.visit.text if self.comment.visit else None,
            "ratings": "; ".join(rating.text for rating in ratings) if len(ratings) > 1 else None,
        }
        return {name: value for name, value in attributes.items() if value}


def unwrap_entry(entry: Any) -> tuple[Any, dict[str, Any]]:
    """Return the comment and the response in an entry of a list, beside or within each other."""
    comment = get_object(entry, "comment") or entry
    return comment, get_object(entry, "response") or get_object(comment, "response")


def is_removed(comment: Any) -> bool:
    """Return True if a comment or response says that it was removed.

    The list that it is in does not decide: if the service were to ignore the status that is asked
    for, all comments would be in the list of removals.
    """
    return get_text(comment, "status").strip().casefold() == _REMOVED


def is_answered(comment: Any, response: dict[str, Any]) -> bool:
    """Return True if the organization has responded, and the response is still there."""
    if response:
        return not is_removed(response)
    return get_text(comment, "responseID") not in _NO_ID


def last_change_ms(comment: Any, response: dict[str, Any]) -> int | None:
    """Return when a comment or its response was changed last (Unix time, ms), if it is known."""
    names = ("dateSubmitted", "lastUpdated")
    times = [parse_iso_ms(get_text(each, name)) for each in (comment, response) for name in names]
    return max((at for at in times if at), default=None)
