"""The demo's comments as a connector, so that they take the way that every other source takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, Field

from connectors.sdk.base import Connector, Item, Page
from deploy.demo.comments import make_comments
from schemas.feedback import Family, Feedback

SOURCE = "demo"
_PAGE = 500


class DemoConfig(BaseModel):
    """How many comments, and of which days."""

    count: int = Field(default=2_400, ge=1, description="How many comments.")
    seed: int = Field(default=7, description="The same seed makes the same comments.")
    days: int = Field(default=60, ge=1, description="Over how many days they are spread.")
    until: AwareDatetime = Field(description="The day (UTC) before whose beginning they end.")


class DemoConnector(Connector):
    """Invented comments of several sites, families and languages."""

    name: ClassVar[str] = SOURCE
    Config: ClassVar[type[BaseModel]] = DemoConfig

    def __init__(self, config: DemoConfig) -> None:
        self._config = config

    @property
    def family(self) -> Family:
        """The family of most; each comment has its own."""
        return Family.FORM

    @property
    def instance_key(self) -> None:
        """None: making them again costs less than remembering where one was."""
        return None

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """All comments, 500 a page; there is no cursor to follow."""
        made = list(
            make_comments(
                self._config.count,
                seed=self._config.seed,
                until=self._config.until,
                days=self._config.days,
            )
        )
        for start in range(0, len(made), _PAGE):
            items = [_item(record) for record in made[start : start + _PAGE]]
            yield Page(items, cursor=str(start + len(items)))

    def parse(self, item: Item) -> Feedback:
        """The comment, which was made as a record."""
        record: Feedback = item.data
        return record


def _item(record: Feedback) -> Item:
    return Item(record, f"{SOURCE}:{record.native_id}", b"", record.collected_at)
