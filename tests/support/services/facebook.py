"""Facebook's pages: feeds with comments, and mentions."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from tests.support.fake_service import sentence
from tests.support.services._graph import USER, FakeGraph, iso

PAGES = {"111": "Eastgate", "222": "Westgate"}


class FakeFacebook(FakeGraph):
    name: ClassVar[str] = "facebook"
    time_field: ClassVar[str] = "created_time"
    nested: ClassVar = re.compile(
        r"comments\.filter\(stream\)\.order\(reverse_chronological\)\.limit\((\d+)\)"
    )
    place_paths: ClassVar = ("/111/feed", "/111/tagged", "/222/feed")

    def __init__(self) -> None:
        super().__init__()
        for page in PAGES:
            self.lists |= {f"{page}/feed": [], f"{page}/tagged": []}
            for number in range(0, 20, 2):
                own = self.add_post(page, number, own=True)
                self.add_post(page, number + 1)
                for later in range(1, number // 2 + 2):
                    self.add_comment(own, number + later)
                self.add_post(page, number, name="tagged")
            self.answer(page, own, self.lists[f"{own['id']}/comments"][0], 30)

    def settings(self, url: str) -> dict[str, Any]:
        return {**super().settings(url), "pages": PAGES}

    def token_for(self, owner: str) -> str:
        page = next((page for page in PAGES if owner.startswith(page)), "")
        return f"EAApage-token-of-{page}"

    def add_post(
        self, page: str, number: int, *, own: bool = False, name: str = "feed"
    ) -> dict[str, Any]:
        """Add a post of the page, or of somebody else, whom the service does not name."""
        native_id = f"{page}_{self.next_id()}"
        post: dict[str, Any] = {
            "id": native_id,
            "message": sentence(self._count),
            "created_time": iso(number),
        }
        if own:
            post["from"] = {"id": page, "name": PAGES[page]}
        else:
            self.texts[native_id] = post["message"]
        self.lists[f"{page}/{name}"].append(post)
        self.lists[f"{native_id}/comments"] = []
        return post

    def add_comment(self, post: dict[str, Any], number: int, **more: Any) -> dict[str, Any]:
        """Add a comment on a post by somebody else."""
        native_id = f"{post['id']}_{self.next_id()}"
        comment = {
            "id": native_id,
            "message": sentence(self._count),
            "created_time": iso(number),
            "from": {"id": USER["id"], "name": USER["name"]},
            **more,
        }
        self.lists[f"{post['id']}/comments"].append(comment)
        self.texts[native_id] = comment["message"]
        return comment

    def answer(self, page: str, post: dict[str, Any], comment: dict[str, Any], number: int) -> None:
        """Let the page reply to a comment."""
        author = {"id": page, "name": PAGES[page]}
        reply = self.add_comment(post, number, **{"from": author, "parent": comment})
        del self.texts[reply["id"]]

    def add(self) -> None:
        for page in PAGES:
            number = self.next_number()
            oldest = self.lists[f"{page}/feed"][0]
            self.add_comment(oldest, number)
            self.add_post(page, number)
            self.add_post(page, number, name="tagged")
