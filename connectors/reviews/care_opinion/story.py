"""Stories of Care Opinion, with their health services and tags."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from connectors.sdk import Moment, NativeId
from schemas.measures import Csat

_OUT_OF: Final = re.compile(r"\bof\s+(\d{1,3})\b")
_USUAL_BEST: Final = 5.0


def _to_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Text = Annotated[str, BeforeValidator(_to_text)]


class HealthService(BaseModel):
    """A ward, hospital or practice, depending on ``type``."""

    nacs: _Text = ""
    name: str | None = None
    type: str | None = None
    organisation: str | None = None
    site: str | None = None
    """Name of the hospital that it belongs to; added by the connector."""

    @property
    def ward(self) -> str | None:
        """Its name if it is part of a larger one."""
        return self.name if (self.type or "").casefold() == "service" else None

    @property
    def hospital(self) -> str | None:
        """The name of the hospital or practice."""
        return self.site or (self.name if self.ward is None else None)


class Tag(BaseModel):
    """A tag by the author or a moderator."""

    name: str = ""
    group: str | None = None
    polarity: float | None = None

    @property
    def is_good(self) -> bool | None:
        """True for what was good, False for what could be better, None if it does not say."""
        if self.polarity:
            return self.polarity > 0
        group = (self.group or "").casefold()
        if "improve" in group:
            return False
        return True if "good" in group else None


class Rating(BaseModel):
    """The author's answer to one question."""

    questionText: str = ""  # noqa: N815 - the service's name
    score: float | None = None
    scoreText: str = ""  # noqa: N815

    @property
    def best(self) -> float:
        """The best score, which is in the answer's text: "2 of 5"."""
        match = _OUT_OF.search(self.scoreText)
        return float(match[1]) if match else _USUAL_BEST

    @property
    def share(self) -> float | None:
        """The score from 0 (worst) to 1 (best), or None if it is not on the scale."""
        if self.score is None or self.best <= 1 or not 1 <= self.score <= self.best:
            return None
        return (self.score - 1) / (self.best - 1)

    @property
    def text(self) -> str:
        """Question and answer."""
        answer = self.scoreText or ("" if self.score is None else f"{self.score:g}")
        return f"{self.questionText.strip()} {answer}".strip()


class ServiceRatings(BaseModel):
    """The ratings of one health service."""

    ratings: list[Rating] = []


class Story(BaseModel):
    """A story in the API's terms."""

    id: NativeId
    title: str | None = None
    body: str | None = None
    # According to the documentation all times are in UTC; they name no zone.
    dateOfSubmission: Moment | None = None  # noqa: N815 - the service's name
    dateOfPublication: Moment | None = None  # noqa: N815
    criticality: _Text | None = None
    progress: _Text | None = None
    authorRole: _Text | None = None  # noqa: N815
    authorAgeGroup: _Text | None = None  # noqa: N815


class StoryDetails(BaseModel):
    """A story with its health services and tags."""

    story: Story
    services: list[HealthService] = Field(default_factory=list)
    tags: list[Tag] = Field(default_factory=list)
    ratings: list[ServiceRatings] = Field(default_factory=list)

    @property
    def csat(self) -> Csat | None:
        """The mean of the ratings, from 1 to 5."""
        shares = [
            rating.share
            for service in self.ratings
            for rating in service.ratings
            if rating.share is not None
        ]
        if not shares:
            return None
        return Csat(value=round(1 + 4 * sum(shares) / len(shares), 2))

    def _join_tags(self, is_good: bool) -> str:
        return "; ".join(tag.name for tag in self.tags if tag.name and tag.is_good is is_good)

    @property
    def text(self) -> str:
        """Title and body."""
        return "\n".join(part.strip() for part in (self.story.title, self.story.body) if part)

    @property
    def main_service(self) -> HealthService:
        """The first health service of the story."""
        return self.services[0] if self.services else HealthService()

    @property
    def attributes(self) -> dict[str, str]:
        """Details that are worth a search."""
        names = [service.name or service.nacs for service in self.services]
        attributes = {
            "criticality": self.story.criticality,
            "progress": self.story.progress,
            "author_role": self.story.authorRole,
            "services": "; ".join(names) if len(names) > 1 else None,
            "age_group": self.story.authorAgeGroup,
            "tags": "; ".join(tag.name for tag in self.tags if tag.name),
            "good": self._join_tags(True),
            "could_be_better": self._join_tags(False),
            "ratings": "; ".join(
                rating.text for service in self.ratings for rating in service.ratings
            ),
        }
        return {name: value for name, value in attributes.items() if value}
