"""Instagram's professional accounts: media with comments and replies, and tags."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tests.support.fake_service import sentence
from tests.support.services._graph import USER, FakeGraph, iso

ACCOUNTS = {"17841400000000011": "Eastgate", "17841400000000022": "Westgate"}
NAMES = {"17841400000000011": "eastgate_hospital", "17841400000000022": "westgate_hospital"}


class FakeInstagram(FakeGraph):
    name: ClassVar[str] = "instagram"
    time_field: ClassVar[str] = "timestamp"
    nested: ClassVar = re.compile(r"comments\.limit\((\d+)\)\{.*replies\.limit\(50\)\{")
    place_paths: ClassVar = (
        "/17841400000000011/media",
        "/17841400000000011/tags",
        "/17841400000000022/media",
    )

    def __init__(self) -> None:
        super().__init__()
        for account, name in NAMES.items():
            self.lists |= {f"{account}/media": [], f"{account}/tags": []}
            for number in range(0, 26, 2):
                own = self.add_media(account, number, name)
                for later in range(1, number // 2 + 2):
                    self.add_comment(own, number + later)
                self.add_media(account, number, USER["username"], edge="tags")
            comment = self.lists[f"{own['id']}/comments"][0]
            self.reply(comment, 40, USER["username"])
            self.reply(comment, 41, name)

    def settings(self, url: str) -> dict[str, Any]:
        return {**super().settings(url), "accounts": ACCOUNTS}

    def add_media(
        self, account: str, number: int, author: str, edge: str = "media"
    ) -> dict[str, Any]:
        """Add a post of an account, or one that tags it."""
        native_id = self.next_id()
        media: dict[str, Any] = {
            "id": native_id,
            "caption": sentence(self._count),
            "timestamp": iso(number),
            "username": author,
            "permalink": f"https://www.instagram.com/p/C{native_id}/",
        }
        if edge == "tags":
            self.texts[native_id] = media["caption"]
        self.lists[f"{account}/{edge}"].append(media)
        self.lists[f"{native_id}/comments"] = []
        return media

    def add_comment(self, media: dict[str, Any], number: int) -> dict[str, Any]:
        """Add a comment on a post by somebody else."""
        comment = self._comment(number, USER["username"])
        self.lists[f"{media['id']}/comments"].append(comment)
        return comment

    def reply(self, comment: dict[str, Any], number: int, author: str) -> None:
        """Add a reply to a comment."""
        replies = comment.setdefault("replies", {"data": []})
        replies["data"].append(self._comment(number, author))

    def _comment(self, number: int, author: str) -> dict[str, Any]:
        native_id = self.next_id()
        comment: dict[str, Any] = {
            "id": native_id,
            "text": sentence(self._count),
            "timestamp": iso(number),
            "username": author,
            "from": {"id": "1784140" + native_id, "username": author},
        }
        if author == USER["username"]:
            self.texts[native_id] = comment["text"]
        return comment

    def add(self) -> None:
        for account in ACCOUNTS:
            number = self.next_number()
            self.add_comment(self.lists[f"{account}/media"][0], number)
            self.add_media(account, number, USER["username"], edge="tags")
