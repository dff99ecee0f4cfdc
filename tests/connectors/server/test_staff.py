"""The page on which staff enter what was given on paper, by phone or in person."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connectors.forms.form.connector import Form
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.source import Context
from connectors.server.staff_post import StaffView, render_staff
from connectors.server.translations import TRANSLATIONS
from connectors.server.webhook_handler import ServeConfig
from pipeline.settings import Settings
from schemas.kafka_topics import FORMS
from tests.connectors.server.conftest import Live, Serve, form, records_on
from tests.support.kafka import read_all

PASSWORD = "sesame-of-the-ward-office"  # noqa: S105
AUTH = httpx.BasicAuth("office", PASSWORD)
CARD = {"given_on": "2026-03-02", "channel": "1", "consent": "2", "text_1": "Cold food."}


def open_page(live: Live, name: str, query: str = "") -> dict[str, str]:
    """Return the hidden fields of a page."""
    page = live.get(f"/form/{name}/staff{query}", auth=AUTH)
    assert page.status_code == 200
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page.text))


def enter(live: Live, name: str, query: str = "", **given: Any) -> httpx.Response:
    hidden = open_page(live, name)
    return live.post(f"/form/{name}/staff{query}", data={**hidden, **CARD, **given}, auth=AUTH)


def test_what_staff_enter_says_so_and_has_the_day_it_was_given(
    serve: Serve, settings: Settings
) -> None:
    source = Form(
        Form.Config.model_validate(
            {
                "staff_password": PASSWORD,
                "score": "fft",
                "sites": ["Eastgate"],
                "places": ["discharge"],
            }
        ),
        Context("cards", b"key"),
    )
    live = serve(source)
    begun = datetime.now(UTC)
    answer = enter(live, "cards", score="4", site="Eastgate", place="discharge", noted_by="JB ")
    assert answer.status_code == 303
    (record,) = records_on(settings, "form", "cards/")
    assert (record.text, record.site, record.fft and record.fft.value) == (
        "Cold food.",
        "Eastgate",
        4,
    )
    assert record.created_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert begun <= record.collected_at <= datetime.now(UTC)
    assert record.author is None
    assert record.attributes == {
        "place": "discharge",
        "entered_by": "staff",
        "channel": "paper_card",
        "consent": "not_asked",
        "noted_by": f"n{pseudonym(b'key', 'staff:jb')}"[:16],
    }


def test_without_a_key_no_name_is_asked_for_or_kept(serve: Serve, settings: Settings) -> None:
    live = serve(form("nameless", staff_password=PASSWORD))
    assert "noted_by" not in live.get("/form/nameless/staff", auth=AUTH).text
    assert enter(live, "nameless", noted_by="Jo Bloggs").status_code == 303
    (record,) = records_on(settings, "form", "nameless/")
    assert "noted_by" not in record.attributes
    assert not any(b"Bloggs" in message.value for message in read_all(settings, FORMS))


@pytest.mark.parametrize(
    "credentials", [None, ("office", "wrong"), ("", ""), ("office", PASSWORD + "x")]
)
def test_the_page_is_never_public(serve: Serve, credentials: tuple[str, str] | None) -> None:
    live = serve(form("locked", staff_password=PASSWORD))
    auth = None if credentials is None else httpx.BasicAuth(*credentials)
    for answer in (
        live.get("/form/locked/staff", auth=auth),
        live.post("/form/locked/staff", data=CARD, auth=auth),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "<form" not in answer.text


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YQ==", f"Bearer {PASSWORD}"])
def test_other_credentials_open_nothing(serve: Serve, header: str) -> None:
    live = serve(form("odd", staff_password=PASSWORD))
    answer = live.get("/form/odd/staff", headers={"Authorization": header})
    assert answer.status_code == 401


def test_without_a_password_there_is_no_page(serve: Serve) -> None:
    live = serve(form("none", api_token=PASSWORD))
    for answer in (
        live.get("/form/none/staff", auth=AUTH),
        live.post("/form/none/staff", data=CARD, auth=AUTH),
    ):
        assert answer.status_code == 404


def test_passwords_cannot_be_tried_out(serve: Serve) -> None:
    live = serve(form("tries", staff_password=PASSWORD), config=ServeConfig(form_rate=0.01))
    wrong = httpx.BasicAuth("office", "wrong")
    statuses = [live.get("/form/tries/staff", auth=wrong).status_code for _ in range(31)]
    assert statuses == [401] * 30 + [429]
    assert live.get("/form/tries/staff", auth=AUTH).status_code == 200


@pytest.mark.parametrize("proof", ["", "0" * 64])
def test_a_form_of_another_site_is_refused(serve: Serve, proof: str) -> None:
    live = serve(form("cross", staff_password=PASSWORD))
    sent = {**CARD, "submission_id": "a" * 32, "proof": proof}
    assert live.post("/form/cross/staff", data=sent, auth=AUTH).status_code == 403


def test_a_proof_is_of_one_form(serve: Serve) -> None:
    live = serve(form("first", staff_password=PASSWORD), form("second", staff_password=PASSWORD))
    sent = {**open_page(live, "first"), **CARD}
    assert live.post("/form/second/staff", data=sent, auth=AUTH).status_code == 403


TOMORROW_EVERYWHERE = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"given_on": ""}, "given_on"),
        ({"given_on": "02/03/2026"}, "given_on"),
        ({"given_on": "1899-01-01"}, "given_on"),
        ({"given_on": TOMORROW_EVERYWHERE}, "given_on"),
        ({"channel": ""}, "channel"),
        ({"channel": "9"}, "channel"),
        ({"text_1": ""}, "score"),
        ({"text_1": "x" * 10_001}, "text_1"),
        ({"consent": ""}, "consent"),
        ({"consent": "3"}, "consent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_what_is_missing_is_said_and_nothing_recorded(
    serve: Serve, settings: Settings, given: dict[str, str], field: str
) -> None:
    live = serve(form("gaps", staff_password=PASSWORD))
    answer = enter(live, "gaps", **given)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text and f'id="{field}"' in answer.text
    assert given.get("text_1", CARD["text_1"]) in answer.text
    assert records_on(settings, "form", "gaps/") == []


def test_what_is_entered_twice_is_corrected(serve: Serve, settings: Settings) -> None:
    live = serve(form("corrected", staff_password=PASSWORD))
    sent = {**open_page(live, "corrected"), **CARD}
    for given in ({}, {"text_1": "Cold tea.", "given_on": "2026-02-28"}):
        assert live.post("/form/corrected/staff", data=sent | given, auth=AUTH).status_code == 303
    first, second = sorted(
        records_on(settings, "form", "corrected/"), key=lambda record: record.revision
    )
    assert first.event_id == second.event_id
    assert (second.text, second.redated, second.created_at.month) == ("Cold tea.", True, 2)


def test_the_next_card_begins_with_what_the_pile_shares(serve: Serve) -> None:
    live = serve(form("pile", staff_password=PASSWORD, services=["Ward 4"], languages=["en", "de"]))
    answer = enter(live, "pile", "?lang=de", service="Ward 4", channel="4")
    assert answer.headers["location"] == (
        "staff?saved=1&given_on=2026-03-02&channel=4&service=Ward+4&lang=de"
    )
    page = live.get(f"/form/pile/{answer.headers['location']}", auth=AUTH).text
    assert TRANSLATIONS["de"].staff.saved in page
    assert 'value="2026-03-02"' in page and '<option value="Ward 4" selected>' in page
    assert re.findall(r'id="(channel-4)"[^>]* checked', page) == ["channel-4"]
    assert CARD["text_1"] not in page and 'name="consent" value="2" checked' not in page


def test_the_page_stays_out_of_frames_and_caches(serve: Serve) -> None:
    live = serve(form("framed", staff_password=PASSWORD, allowed_origins=["https://trust.example"]))
    headers = live.get("/form/framed/staff", auth=AUTH).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_a_contact_goes_to_its_file(serve: Serve, settings: Settings, tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.jsonl"
    live = serve(form("call", staff_password=PASSWORD, contacts_file=str(contacts)))
    assert enter(live, "call", contact_me="yes", contact="07700 900123").status_code == 303
    (record,) = records_on(settings, "form", "call/")
    assert orjson.loads(contacts.read_text())["event_id"] == record.event_id
    assert record.attributes["contact_requested"] == "yes"


def test_every_field_has_a_label_in_every_language() -> None:
    source = Form(
        Form.Config.model_validate({"places": ["Ward"], "languages": sorted(TRANSLATIONS)}),
        Context("labels", b"key"),
    )
    for language, words in TRANSLATIONS.items():
        page = render_staff(StaffView(source, language, "a" * 32))
        ids = re.findall(r'<(?:input(?! type="hidden")|textarea|select)[^>]* id="([^"]*)"', page)
        assert set(ids) <= set(re.findall(r'<label[^>]* for="([^"]*)"', page))
        assert len(ids) == len(set(ids)) == 4 + 3 + 5 + 4
        assert page.count("<legend") == page.count("<fieldset") == 3
        assert (len(words.staff.channels), len(words.staff.consents)) == (4, 3)
