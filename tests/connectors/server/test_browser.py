"""The form in a real browser, by the keyboard alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.settings import Settings
from tests.connectors.server.conftest import Serve, form, records_on
from tests.support.programs import require

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "sesame-of-the-ward-office"  # noqa: S105
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    chromium = require("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=list(_QUIET))
        context = browser.new_context(
            java_script_enabled=True, locale="en-GB", viewport={"width": 400, "height": 900}
        )
        yield context.new_page()
        browser.close()


def focused_element(page: Page) -> str:
    element: str = page.evaluate("document.activeElement.id || document.activeElement.tagName")
    return element


def tab_to(page: Page, element: str) -> None:
    """Press Tab until an element has the focus; each stop on the way can be seen."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if focused_element(page) == element:
            return
    raise AssertionError(f"the keyboard does not reach {element}")


def outline(page: Page) -> Any:
    return page.evaluate(
        """() => { const e = document.activeElement, c = e.closest('.choice') || e;
                   return [getComputedStyle(e).outlineStyle, getComputedStyle(c).outlineStyle] }"""
    )


def test_a_form_is_filled_in_mended_and_sent_by_the_keyboard(
    page: Page, serve: Serve, settings: Settings, tmp_path: Path
) -> None:
    live = serve(
        form(
            "keys",
            title="How was your visit?",
            sites=["Eastgate", "Westgate"],
            contacts_file=str(tmp_path / "contacts"),
        )
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live.url}/form/keys?site=Westgate")

    tab_to(page, "BUTTON")
    page.keyboard.press("Enter")
    page.wait_for_selector(".problems")
    assert page.title() == "Error: How was your visit?"
    assert page.evaluate("document.activeElement.className") == "problems"

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert focused_element(page) == "score"
    assert "solid" in outline(page)
    page.keyboard.press("ArrowDown")
    assert page.is_checked("#score-4")

    tab_to(page, "text_1")
    assert "solid" in outline(page)
    page.keyboard.type("Lovely nurses, by the keyboard.")
    tab_to(page, "site")
    assert page.input_value("#site") == "Westgate"
    tab_to(page, "contact_me")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("me@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/form/keys/thanks*")
    assert page.inner_text("h1") == "Thank you"

    (record,) = records_on(settings, "form", "keys/")
    assert record.stars is not None
    assert (record.text, record.stars.value, record.site) == (
        "Lovely nurses, by the keyboard.",
        4,
        "Westgate",
    )
    # The browser reports the status 422 of the page to be mended, and nothing else.
    assert [text for text in complaints if "422" not in text] == []


@pytest.mark.parametrize(
    ("address", "pixels"), [("names", 24), ("names?kiosk=1", 44), ("names/staff", 24)]
)
def test_every_field_has_a_name_and_room_for_a_finger(
    page: Page, serve: Serve, tmp_path: Path, address: str, pixels: int
) -> None:
    live = serve(
        form(
            "names",
            score="nps",
            sites=["Eastgate"],
            services=["Ward"],
            languages=["en", "de"],
            contacts_file=str(tmp_path / "contacts"),
            staff_password=PASSWORD,
        )
    )
    credentials = b64encode(f":{PASSWORD}".encode()).decode()
    page.set_extra_http_headers({"Authorization": f"Basic {credentials}"})
    page.goto(f"{live.url}/form/{address}")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]),select,textarea')]
                 .filter(e => !e.labels.length || !e.labels[0].innerText.trim()).map(e => e.id)"""
    )
    assert unnamed == []
    small = page.evaluate(
        """pixels => [
             ...document.querySelectorAll('.choice,select,textarea,button,#contact,#given_on,a')
           ].filter(e => { const r = e.getBoundingClientRect();
                           return r.width < pixels || r.height < pixels }).map(e => e.outerHTML)""",
        pixels,
    )
    assert small == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_text_has_contrast(page: Page, serve: Serve) -> None:
    live = serve(form("contrast"))
    page.goto(f"{live.url}/form/contrast")
    page.keyboard.press("Tab")
    page.click("button")
    page.wait_for_selector(".problems")
    worst = page.evaluate(_CONTRAST)
    assert worst >= 4.5


_CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => {
    v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)') return c } return 'rgb(255, 255, 255)' };
  let worst = 21;
  for (const e of document.querySelectorAll('main *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    worst = Math.min(worst, (a + 0.05) / (b + 0.05)) }
  return worst }"""


def test_a_tablet_shows_nothing_of_the_person_before(page: Page, serve: Serve) -> None:
    live = serve(form("tablet", kiosk=True, kiosk_return_s=3))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    address = f"{live.url}/form/tablet"
    page.goto(address)
    page.fill("#text_1", "x" * 10_001)
    page.click("button")
    page.wait_for_selector(".problems")
    page.fill("#text_1", "The ward was calm at night.")
    page.check("#score")
    page.click("button")
    page.wait_for_url("**/form/tablet/thanks*")
    page.go_back()
    page.wait_for_selector("#text_1")
    assert (page.input_value("#text_1"), page.is_checked("#score")) == ("", False)
    page.go_forward()
    page.wait_for_url(address)
    assert (page.input_value("#text_1"), page.is_checked("#score")) == ("", False)
    assert [text for text in complaints if "422" not in text] == []


def test_a_tablet_that_is_left_alone_forgets(page: Page, serve: Serve) -> None:
    live = serve(form("left", kiosk=True, kiosk_idle_s=20))
    page.clock.install()
    page.goto(f"{live.url}/form/left")
    page.fill("#text_1", "My name is")
    page.clock.run_for(19_000)
    assert page.input_value("#text_1") == "My name is"
    page.mouse.click(5, 5)
    page.clock.run_for(19_000)
    assert page.input_value("#text_1") == "My name is"
    with page.expect_navigation():
        page.clock.run_for(2_000)
    assert page.input_value("#text_1") == ""
