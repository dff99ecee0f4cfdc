"""The demo's comments as a connector, so that they are processed as any other source's."""

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
    """Number and days of the comments."""

    count: int = Field(default=2_400, ge=1, description="Number of comments.")
    seed: int = Field(default=7, description="The same seed gives the same comments.")
    days: int = Field(default=60, ge=1, description="Number of days that they cover.")
    until: AwareDatetime = Field(description="The comments end at the start of this day (UTC).")


class DemoConnector(Connector):
    """Invented comments of several sites, families and languages."""

    name: ClassVar[str] = SOURCE
    Config: ClassVar[type[BaseModel]] = DemoConfig

    def __init__(self, config: DemoConfig) -> None:
        self._config = config

    @property
    def family(self) -> Family:
        """The family of most comments; each record has its own."""
        return Family.FORM

    @property
    def instance_key(self) -> None:
        """None: generating the comments again is cheaper than storing a cursor."""
        return None

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Yield all comments, 500 per page; the cursor is ignored."""
        comments = list(
            make_comments(
                self._config.count,
                seed=self._config.seed,
                until=self._config.until,
                days=self._config.days,
            )
        )
        for start in range(0, len(comments), _PAGE):
            items = [_item(record) for record in comments[start : start + _PAGE]]
            yield Page(items, cursor=str(start + len(items)))

    def parse(self, item: Item) -> Feedback:
        """Return the item's data, which is a record already."""
        record: Feedback = item.data
        return record


def _item(record: Feedback) -> Item:
    return Item(record, f"{SOURCE}:{record.native_id}", b"", record.collected_at)
