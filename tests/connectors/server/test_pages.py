"""The page of a form, as a browser without JavaScript asks for it."""

from __future__ import annotations

import re
import stat
from dataclasses import fields
from pathlib import Path

import orjson
import pytest

from connectors.forms.form.config import Language
from connectors.server.html import FormView, render_form
from connectors.server.translations import TRANSLATIONS, negotiate_language
from connectors.server.webhook_handler import ServeConfig
from pipeline.settings import Settings
from schemas.kafka_topics import FORMS
from tests.connectors.server.conftest import Serve, form, records_on
from tests.support.kafka import read_all

TEXT = "The nurses were lovely."


def submission_id(page: str) -> str:
    match = re.search(r'name="submission_id" value="([0-9a-f]{32})"', page)
    assert match
    return match[1]


def test_a_page_sent_twice_is_one_record_of_each_answer(serve: Serve, settings: Settings) -> None:
    live = serve(form("page", questions=["What was good?", "And what not?"], score="fft"))
    form_data = {
        "submission_id": submission_id(live.get("/form/page").text),
        "score": "2",
        "text_1": TEXT + "\r\nThank you.",
        "text_2": "Parking.",
    }
    for _ in range(2):
        answer = live.post("/form/page", data=form_data)
        assert (answer.status_code, answer.headers["location"]) == (303, "page/thanks?lang=en")
    thanks = live.get("/form/page/thanks?lang=en")
    assert (thanks.status_code, "Thank you" in thanks.text) == (200, True)
    records = {record.question: record for record in records_on(settings, "form", "page/")}
    assert len({record.native_id for record in records_on(settings, "form", "page/")}) == 2
    assert [
        (record.text, record.question, record.fft and record.fft.value)
        for record in (records["What was good?"], records["And what not?"])
    ] == [(TEXT + "\nThank you.", "What was good?", 2), ("Parking.", "And what not?", None)]


def test_the_address_presets_what_the_form_knows(serve: Serve, settings: Settings) -> None:
    live = serve(form("preset", sites=["East & West"], services=["Ward"], places=["discharge"]))
    query = "site=East+%26+West&service=Unheard+of&place=discharge"
    page = live.get(f"/form/preset?{query}").text
    assert '<option value="East &amp; West" selected>' in page
    assert "Unheard" not in page
    answer = live.post(f"/form/preset?{query}", data={"text_1": TEXT, "site": "East & West"})
    assert answer.headers["location"] == "preset/thanks?site=East+%26+West&place=discharge&lang=en"
    (record,) = records_on(settings, "form", "preset/")
    assert (record.site, record.service, record.attributes) == (
        "East & West",
        None,
        {"place": "discharge"},
    )


def test_choices_are_offered_kept_and_attributes(serve: Serve, settings: Settings) -> None:
    visit = {"question": "Why?", "choices": ["Surgery", "<b>", "Check-up"], "several": True}
    ward = {"question": "Which?", "choices": ["Day", "Night"]}
    live = serve(form("choose", choices={"visit": visit, "shift": ward}))
    page = live.get("/form/choose").text
    assert page.count('type="checkbox"') == 3 and page.count('name="choice_shift"') == 2
    assert "<b>" not in page
    chosen = {"choice_visit": ["1", "3", "9"], "choice_shift": ["2"]}
    again = live.post("/form/choose", data={**chosen, "submission_id": "a" * 32})
    assert again.status_code == 422 and again.text.count(" checked") == 3
    assert live.post("/form/choose", data={**chosen, "text_1": TEXT}).status_code == 303
    (record,) = records_on(settings, "form", "choose/")
    assert record.attributes == {"visit": "Surgery, Check-up", "shift": "Night"}


@pytest.mark.parametrize("body", [b"text_1=caf%E9+%ED%A0%BD", b"text_1=caf\xe9 \xed\xa0\xbd"])
def test_broken_letters_cost_no_comment(serve: Serve, settings: Settings, body: bytes) -> None:
    live = serve(form("broken"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert live.post("/form/broken", content=body, headers=headers).status_code == 303
    texts = {record.text for record in records_on(settings, "form", "broken/")}
    assert {text.replace("\ufffd", "") for text in texts} == {"caf "}


def test_a_page_may_be_sent_in_parts(serve: Serve, settings: Settings) -> None:
    live = serve(form("parts"))
    fields = {"text_1": (None, TEXT), "score": (None, "2"), "photo": ("a.png", b"not kept")}
    assert live.post("/form/parts", files=fields).status_code == 303
    (record,) = records_on(settings, "form", "parts/")
    assert (record.text, record.stars and record.stars.value) == (TEXT, 2)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert live.post("/form/parts", content=b"text_1=a", headers=broken).status_code == 400


def test_an_answer_that_says_nothing_is_thanked_for_and_not_kept(
    serve: Serve, settings: Settings
) -> None:
    live = serve(form("nothing", questions=["What was good?", "What could be better?"]))
    answers = {"text_1": TEXT, "text_2": "N/A"}
    assert live.post("/form/nothing", data=answers).status_code == 303
    assert [each.text for each in records_on(settings, "form", "nothing/")] == [TEXT]


def test_a_filled_honeypot_marks_a_submission_and_costs_nothing(
    serve: Serve, settings: Settings
) -> None:
    live = serve(form("bot"))
    answer = live.post("/form/bot", data={"text_1": TEXT, "website": "spam.example"})
    assert answer.status_code == 303
    (record,) = records_on(settings, "form", "bot/")
    assert (record.text, record.attributes) == (TEXT, {"suspect": "yes"})


def test_contact_details_reach_their_file_and_nothing_else(
    serve: Serve, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    contacts = tmp_path / "contacts.jsonl"
    live = serve(form("contact", contacts_file=str(contacts)))
    form_data = {"text_1": TEXT, "contact_me": "yes", "contact": "mrs.miller@example.org"}
    assert live.post("/form/contact", data=form_data).status_code == 303
    (record,) = records_on(settings, "form", "contact/")
    assert record.attributes == {"contact_requested": "yes"}
    (line,) = contacts.read_text().splitlines()
    kept = orjson.loads(line)
    assert (kept["event_id"], kept["contact"]) == (record.event_id, "mrs.miller@example.org")
    assert stat.S_IMODE(contacts.stat().st_mode) == 0o600
    assert not any(b"miller" in message.value for message in read_all(settings, FORMS))
    assert "miller" not in caplog.text


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({}, "score", TRANSLATIONS["en"].nothing_given),
        ({"score": "9"}, "score", TRANSLATIONS["en"].nothing_given),
        ({"text_1": "x" * 10_001}, "text_1", TRANSLATIONS["en"].too_long.format(most=10_000)),
        ({"text_1": TEXT, "contact_me": "yes"}, "contact", TRANSLATIONS["en"].contact_missing),
        ({"text_1": TEXT, "contact": "me"}, "contact_me", TRANSLATIONS["en"].contact_unasked),
    ],
)
def test_what_is_missing_is_said_and_what_was_written_kept(
    serve: Serve, tmp_path: Path, given: dict[str, str], field: str, message: str
) -> None:
    live = serve(form("mend", contacts_file=str(tmp_path / "contacts")))
    answer = live.post("/form/mend", data={"submission_id": "a" * 32, **given})
    assert answer.status_code == 422
    assert f'<a href="#{field}">{message}</a>' in answer.text
    assert f'id="{field}"' in answer.text
    assert "<title>Error: Feedback</title>" in answer.text
    assert submission_id(answer.text) == "a" * 32
    assert given.get("text_1", "") in answer.text


def test_a_page_over_its_rate_keeps_what_was_written(serve: Serve) -> None:
    live = serve(form("busy"), config=ServeConfig(form_rate=0.01))
    answers = [live.post("/form/busy", data={"text_1": TEXT}) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert TEXT in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 1


def test_a_page_may_do_nothing_but_be_shown_and_sent(serve: Serve) -> None:
    live = serve(form("strict"), form("framed", allowed_origins=["https://trust.example"]))
    answer = live.get("/form/strict")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert not re.search(r"<script|https?://| on[a-z]+=| style=", answer.text)
    framed = live.get("/form/framed").headers
    assert "frame-ancestors https://trust.example" in framed["content-security-policy"]
    assert "x-frame-options" not in framed


def test_what_is_written_and_configured_is_no_markup(serve: Serve) -> None:
    nasty = '"><script>alert(1)</script>'
    live = serve(form("nasty", title=nasty, sites=[nasty], questions=[nasty]))
    form_data = {"text_1": nasty, "submission_id": nasty, "score": nasty, "contact": nasty}
    for answer in (
        live.get("/form/nasty", params={"site": nasty, "lang": nasty}),
        live.post("/form/nasty", data={**form_data, "text_1": nasty + "x" * 10_001}),
    ):
        assert "<script" not in answer.text


def test_the_page_speaks_the_language_that_is_asked_for(serve: Serve) -> None:
    title = {"en": "How was it?", "de": "Wie war es?"}
    live = serve(form("tongues", title=title, intro="Welcome.", languages=["en", "de", "fr"]))
    german = live.get("/form/tongues", headers={"Accept-Language": "de-CH,en;q=0.5"}).text
    assert '<html lang="de">' in german and "<h1>Wie war es?</h1>" in german
    assert '<p lang="en">Welcome.</p>' in german
    french = live.get("/form/tongues?lang=fr", headers={"Accept-Language": "de"}).text
    assert '<html lang="fr">' in french and '<h1 lang="en">How was it?</h1>' in french


def test_a_script_from_right_to_left_turns_the_page_and_not_the_owners_texts() -> None:
    source = form(
        "turned", title={"en": "How was it?", "ur": "کیسا رہا؟"}, languages=["en", "ur", "ar"]
    )
    arabic = render_form(FormView(source, "ar", "a" * 32))
    assert '<html lang="ar" dir="rtl">' in arabic
    assert '<h1 lang="en" dir="ltr">How was it?</h1>' in arabic
    assert '<html lang="en">' in render_form(FormView(source, "en", "a" * 32))
    assert "<h1>کیسا رہا؟</h1>" in render_form(FormView(source, "ur", "a" * 32))


@pytest.mark.parametrize("language", sorted(TRANSLATIONS))
def test_every_language_has_every_text(language: Language) -> None:
    words = TRANSLATIONS[language]
    assert (len(words.stars), len(words.fft), "{most}" in words.too_long) == (5, 6, True)
    assert all(getattr(words, field.name) for field in fields(words))
    source = form("words", languages=[language], contacts_file="contacts", score="fft")
    page = render_form(FormView(source, language, "a" * 32))
    assert words.send in page and words.fft[0] in page


def test_the_owner_words_the_consent_and_the_browser_may_fill_in_the_address() -> None:
    source = form("consent", contacts_file="contacts", consent="Eastgate may ring me once.")
    page = render_form(FormView(source, "en", "a" * 32))
    assert "<span>Eastgate may ring me once.</span>" in page
    assert TRANSLATIONS["en"].contact_me not in page
    assert 'autocomplete="email"' in page


@pytest.mark.parametrize(
    ("requested", "header", "language"),
    [
        (None, None, "de"),
        (None, "fr;q=0.3, en;q=0.8, es", "en"),
        (None, "en;q=0", "de"),
        (None, "en;q=nonsense,*", "de"),
        ("en", "de", "en"),
        ("xx", "en", "en"),
    ],
)
def test_languages_are_negotiated(requested: str | None, header: str | None, language: str) -> None:
    assert negotiate_language(requested, header, ["de", "en"]) == language


def test_a_form_without_a_page_and_an_unknown_one_are_not_found(serve: Serve) -> None:
    live = serve(form("silent", page=False))
    for path in ("/form/silent", "/form/other", "/form/silent/thanks"):
        answer = live.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            404,
            "text/html; charset=utf-8",
        )
    assert live.post("/form/silent", json={}).status_code == 404
