"""The report's page: every text escaped, every number beside its plot."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipeline.reports.views.html import render_page
from pipeline.reports.views.markdown import render_markdown
from pipeline.scores.cases import case_scores
from schemas.score import Dimensions
from tests.pipeline.scores.test_case_scores import FEBRUARY, MARCH, NOW, case
from tests.support.reports import report

HOSTILE = "<script>alert(1)</script> & \"q\" 'x' {{ 7 * 7 }} \x1b[2J\u202e<img src=x onerror=y>"
CLEANED = HOSTILE.replace("\x1b", " ").replace("\u202e", " ")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.labels: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.labels += [value or "" for name, value in attrs if name == "aria-label"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def page() -> Page:
    scores = case_scores(
        [case(number, site=HOSTILE) for number in range(9)],
        period=MARCH, previous=FEBRUARY, scope=Dimensions(), by=("site",), computed_at=NOW,
    )  # fmt: skip
    text = render_page(report(HOSTILE, cases=scores))
    assert "\x1b" not in text
    assert "\u202e" not in text
    return Page(text)


def test_text_of_others_is_shown_and_nothing_of_it_is_markup(page: Page) -> None:
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert any(f"Scope: organization {CLEANED} ·" in text for text in page.texts)
    # A site, a topic, a goal and its owner, a source, a site of cases.
    assert sum(text == CLEANED for text in page.texts) >= 6
    assert any(text == f"{CLEANED} (3 times)" for text in page.texts)


def test_the_page_has_all_sections_in_order(page: Page) -> None:
    titles = [
        "Highlights", "Scores", "Goals", "NPS over time", "Negative comments over time",
        "Scorecard of themes", "What moves NPS", "By site", "Cases", "Sources", "How to read it",
    ]  # fmt: skip
    assert [text for text in page.texts if text in titles] == titles


def test_every_plot_is_read_out_and_every_table_has_headings(page: Page) -> None:
    assert page.tags.count("svg") == len(page.labels)
    assert all(page.labels)
    assert page.tags.count("figure") <= page.tags.count("table") == page.tags.count("thead")


def test_without_feedback_only_sources_and_definitions_are_shown() -> None:
    full = report()
    nothing = replace(full, overall=replace(full.overall, comments=0, comments_before=0))
    texts = Page(render_page(nothing)).texts
    assert "Sources" in texts
    assert "Scores" not in texts


def test_markdown_escapes_what_it_would_obey() -> None:
    text = render_markdown(report(f"[x](y) *b* | {HOSTILE}"))
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\[x\\](y) \\*b\\* \\|" in text
