"""The form on a tablet that people share: nothing of one person is left to the next."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from urllib.parse import urljoin

import pytest

from connectors.server.html import FormView, render_form, render_thanks
from connectors.server.webhook_handler import ServeConfig
from pipeline.settings import Settings
from tests.connectors.server.conftest import Serve, form, records_on

TEXT = "The ward was calm at night."


def refreshes(page: str) -> list[tuple[int, str]]:
    """Return the seconds and addresses to which a page goes by itself."""
    found = re.findall(r'<meta http-equiv="refresh" content="(\d+);url=([^"]*)">', page)
    return [(int(seconds), url.replace("&amp;", "&")) for seconds, url in found]


@pytest.mark.parametrize(("settings_", "query"), [({"kiosk": True}, ""), ({}, "?kiosk=1")])
def test_the_page_of_thanks_returns_to_an_empty_form(
    serve: Serve, settings_: dict[str, bool], query: str
) -> None:
    live = serve(form("ward", **settings_))
    answer = live.post(f"/form/ward{query}", data={"text_1": TEXT})
    assert answer.status_code == 303
    thanks_url = urljoin(f"{live.url}/form/ward", answer.headers["location"])
    thanks = live.get(thanks_url)
    ((seconds, url),) = refreshes(thanks.text)
    assert (seconds, "<script" in thanks.text) == (10, False)
    empty = live.get(urljoin(thanks_url, url))
    assert (empty.status_code, '<html lang="en" class="kiosk"' in empty.text) == (200, True)
    assert TEXT not in empty.text and " checked" not in empty.text
    for page in (thanks, empty):
        assert page.headers["cache-control"] == "no-store"


def test_other_tablets_and_phones_see_the_usual_form(serve: Serve) -> None:
    live = serve(form("usual"))
    page = live.get("/form/usual?kiosk=0")
    assert "kiosk" not in page.text.partition("<style>")[0]
    assert "script-src" not in page.headers["content-security-policy"]
    assert refreshes(live.get("/form/usual/thanks").text) == []


def test_a_kiosk_runs_its_own_script_only_and_leads_nowhere_else(serve: Serve) -> None:
    live = serve(
        form(
            "closed",
            kiosk=True,
            kiosk_idle_s=45,
            languages=["en", "de"],
            privacy_url="https://eastgate.example/privacy",
        )
    )
    page = live.get("/form/closed")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}'" in policy and "unsafe" not in policy
    assert 'data-idle-s="45"' in page.text
    links = re.findall(r'href="([^"]*)"', page.text.partition("<body>")[2])
    assert links == ["?lang=de", "closed"]
    assert "https://eastgate.example/privacy" in page.text


def test_a_kiosk_works_without_its_script(serve: Serve) -> None:
    live = serve(form("plain", kiosk=True))
    page = live.get("/form/plain").text
    (noscript,) = re.findall(r"<noscript>(.*?)</noscript>", page)
    assert refreshes(noscript) == [(900, "plain")]
    assert re.findall(r"<form[^>]*>", page) == [
        '<form method="post" novalidate autocomplete="off">'
    ]


def test_the_browser_remembers_nothing_that_is_typed() -> None:
    source = form("typed", contacts_file="contacts")
    page = render_form(FormView(source, "en", "a" * 32, is_kiosk=True))
    fields = re.findall(r'<(?:textarea|input type="text")[^>]*>', page)
    assert len(fields) == 3
    assert all('autocomplete="off"' in field for field in fields)


def test_the_next_person_begins_in_the_language_of_the_tablet() -> None:
    source = form("tongue", kiosk=True, languages=["en", "ar"])
    assert refreshes(render_thanks(source, "ar", {}, is_kiosk=True)) == [(10, "../tongue")]


def test_a_tablet_stays_at_its_ward(serve: Serve, settings: Settings) -> None:
    live = serve(form("stay", sites=["Eastgate", "Westgate"], services=["Ward 4", "Ward 5"]))
    query = "site=Eastgate&service=Ward+4&kiosk=1"
    page = live.get(f"/form/stay?{query}").text
    assert 'name="site"' not in page and 'name="service"' not in page
    sent = {"text_1": TEXT, "site": "Westgate", "service": "Ward 5"}
    answer = live.post(f"/form/stay?{query}", data=sent)
    assert answer.headers["location"] == f"stay/thanks?{query}&lang=en"
    (record,) = records_on(settings, "form", "stay/")
    assert (record.site, record.service) == ("Eastgate", "Ward 4")


def test_a_kiosk_keeps_the_place_that_settings_fix(serve: Serve, settings: Settings) -> None:
    live = serve(form("fixed", kiosk=True, site="Eastgate", sites=["Eastgate", "Westgate"]))
    assert 'name="site"' not in live.get("/form/fixed?site=Westgate").text
    answer = live.post("/form/fixed?site=Westgate", data={"text_1": TEXT, "site": "Westgate"})
    assert answer.status_code == 303
    (record,) = records_on(settings, "form", "fixed/")
    assert (record.site, record.attributes) == ("Eastgate", {"ignored": "site"})


def test_no_problem_leaves_a_tablet_without_its_form(serve: Serve) -> None:
    live = serve(form("stuck", kiosk=True), config=ServeConfig(max_bytes=2_000))
    for request, status in (({"json": {}}, 415), ({"data": {"text_1": "x" * 3_000}}, 413)):
        answer = live.post("/form/stuck", **request)
        assert (answer.status_code, "<form" in answer.text) == (status, True)


def test_what_was_entered_is_kept_until_it_can_be_sent(serve: Serve) -> None:
    live = serve(form("mend", kiosk=True))
    answer = live.post("/form/mend", data={"text_1": "x" * 10_001})
    assert (answer.status_code, "x" * 10_001 in answer.text) == (422, True)
    assert 'class="kiosk"' in answer.text and "<script>" in answer.text
