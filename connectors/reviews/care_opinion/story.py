"""Stories of Care Opinion, with their health services and tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from connectors.sdk import with_zone


def _to_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# According to the documentation all times are in UTC; they name no zone.
_Moment = Annotated[datetime, AfterValidator(with_zone)]
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


class Story(BaseModel):
    """A story in the API's terms."""

    id: Annotated[_Text, Field(min_length=1)]
    title: str | None = None
    body: str | None = None
    dateOfSubmission: _Moment  # noqa: N815 - the service's name
    dateOfPublication: _Moment | None = None  # noqa: N815
    criticality: _Text | None = None
    progress: _Text | None = None
    authorRole: _Text | None = None  # noqa: N815


class StoryDetails(BaseModel):
    """A story with its health services and tags."""

    story: Story
    services: list[HealthService] = Field(default_factory=list)
    tags: list[Tag] = Field(default_factory=list)

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
            "tags": "; ".join(tag.name for tag in self.tags),
        }
        return {name: value for name, value in attributes.items() if value}
