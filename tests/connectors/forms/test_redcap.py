"""``redcap``: which field becomes what, and what is odd about this service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.forms.redcap.connector import REDCap
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Misconfigured
from schemas.feedback import Feedback
from tests.support.fake_service import NOW, moment, serve_fake
from tests.support.fakes import attributes_without_submission, build_source
from tests.support.services.redcap import (
    FIELDS,
    FORM,
    OTHER_TOKEN,
    TOKEN,
    FakeREDCap,
    field,
    native_id,
    row,
)


def source(fake: FakeREDCap, url: str, **settings: Any) -> REDCap:
    values = fake.settings
    fake.settings = lambda url: values(url) | settings  # type: ignore[method-assign]
    made = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(made, REDCap)
    return made


def read_pages(fake: FakeREDCap, cursor: str | None = None, **settings: Any) -> list[Page]:
    with serve_fake(fake) as service:
        return list(source(fake, service.url, **settings).fetch(cursor))


def records(fake: FakeREDCap, **settings: Any) -> list[Feedback]:
    with serve_fake(fake) as service:
        reader = source(fake, service.url, **settings)
        return [reader.parse(item) for page in reader.fetch(None) for item in page.items]


def with_one(*fields: dict[str, str], **values: Any) -> FakeREDCap:
    """Return a service with one record, whose survey has these fields too."""
    fake = FakeREDCap()
    fake.rows[TOKEN] = [row(8, **values)]
    fake.fields = [*FIELDS, *fields]
    return fake


def texts(fake: FakeREDCap, **settings: Any) -> dict[str, str]:
    """Return the comments by their fields."""
    return {record.native_id.partition(":")[2]: record.text for record in records(fake, **settings)}


def test_a_comment_carries_its_question_its_time_and_the_survey() -> None:
    (record,) = records(with_one(), service_field="ward", site="Eastgate")
    assert record.native_id == native_id(8)
    assert record.question == "What could we do better?"
    assert record.created_at == moment(8)
    assert (record.site, record.service) == ("Eastgate", "Ward 4")
    assert attributes_without_submission(record) == {"form": "After your visit"}
    assert record.author is not None and "Bloggs" not in record.to_payload().decode()


def test_identifiers_are_never_asked_for() -> None:
    fake = with_one()
    kept = ["Name on the card", "full_name"]
    (record,) = records(fake, comments=["better", "full_name"], keep=kept)
    assert attributes_without_submission(record) == {"form": "After your visit"}
    exports = [form for form in fake.asked if form["content"] == "record"]
    assert exports and not any("full_name" in form.values() for form in exports)


@pytest.mark.parametrize("tag", ["@HIDDEN", "@HIDDEN-SURVEY @DEFAULT='4'", "@PASSWORDMASK"])
def test_what_people_do_not_see_is_no_answer(tag: str) -> None:
    link = field("from_link", "notes", "Set by the link", field_annotation=tag)
    fake = with_one(link, from_link="Ward 5 is where the link was shown.")
    assert texts(fake).keys() == {"better"}
    assert texts(fake, comments=["better", "from_link"]).keys() == {"better"}
    (record,) = records(fake, comments=[], service_field="from_link")
    assert record.service == "Ward 5 is where the link was shown."


@pytest.mark.parametrize("tag", ["@HIDDEN-FORM", "@HIDDEN-PDF", "@HIDDEN-APP", "@READONLY"])
def test_other_tags_hide_nothing_from_people(tag: str) -> None:
    seen = field("seen", "notes", "And what else?", field_annotation=tag)
    assert texts(with_one(seen, seen="The night was calm."))["seen"] == "The night was calm."


@pytest.mark.parametrize(
    ("validation", "value"),
    [("email", "jo@example.com"), ("date_dmy", "2026-11-16"), ("number", "3"), ("zipcode", "1")],
)
def test_a_validated_text_is_no_comment(validation: str, value: str) -> None:
    checked = field("checked", "text", "What is better?", validation=validation)
    (record,) = records(with_one(checked, checked=value))
    assert record.text != value
    assert record.attributes.get("contact") == ("yes" if validation == "email" else None)


def test_a_line_is_a_comment_if_its_question_asks_for_one() -> None:
    fake = with_one(
        field("praise", "text", "What was good?"),
        field("bed", "text", "Bed"),
        praise="The night nurse.",
        bed="4b",
    )
    assert texts(fake)["praise"] == "The night nurse."
    assert "bed" not in texts(fake)


def test_codes_are_scores_or_wordings() -> None:
    (record,) = records(with_one(), scores={"recommend": "nps"})
    assert record.nps is not None and record.nps.value == 8
    (kept,) = records(with_one(), keep=["recommend"])
    assert kept.attributes["Recommend?"] == "Likely"
    asked = field("again", "yesno", "Would you come again?")
    (answered,) = records(with_one(asked, again="0"), keep=["again"])
    assert answered.attributes["Would you come again?"] == "No"


def test_a_checkbox_has_a_column_for_each_choice() -> None:
    used = field(
        "used",
        "checkbox",
        "What did you use?",
        select_choices_or_calculations="1, The lift | B, The bus, line 4 | -9, Nothing",
    )
    columns = {"used___1": "1", "used___b": "1", "used____9": "0"}
    (record,) = records(with_one(used, **columns), keep=["used"])
    assert record.attributes["What did you use?"] == "The lift, The bus, line 4"


def test_a_slider_says_what_its_ends_are() -> None:
    slider = field(
        "overall",
        "slider",
        "How satisfied are you?",
        select_choices_or_calculations="Very dissatisfied | | Very satisfied",
    )
    (record,) = records(with_one(slider, overall="75"))
    assert record.csat is not None
    assert (record.csat.value, record.csat.worst, record.csat.best) == (75, 0, 100)


def test_notes_of_staff_are_not_read() -> None:
    assert "Patient was restless." not in texts(with_one()).values()
    fake = with_one()
    del fake.rows[TOKEN][0][f"{FORM}_timestamp"]
    with pytest.raises(Misconfigured, match="none of the instruments is a survey"):
        read_pages(fake)


def test_repeated_surveys_and_events_are_responses_of_their_own() -> None:
    fake = FakeREDCap()
    base = row(8, redcap_event_name="birth_arm_1", redcap_repeat_instrument="")
    again = {
        "redcap_event_name": "birth_arm_1",
        "redcap_repeat_instrument": FORM,
        "ward": "",
        "better": "Later it was better.",
    }
    fake.rows[TOKEN] = [
        base,
        row(8, **again, redcap_repeat_instance=2),
        row(8, **again | {"redcap_event_name": "after_arm_1"}, redcap_repeat_instance=1),
    ]
    found = records(fake, service_field="ward")
    prefix = native_id(8).partition(f"/{FORM}")[0]
    assert [record.native_id for record in found] == [
        f"{prefix}/birth_arm_1/{FORM}:better",
        f"{prefix}/birth_arm_1/{FORM}/2:better",
        f"{prefix}/after_arm_1/{FORM}/1:better",
    ]
    assert {record.service for record in found} == {"Ward 4"}


@pytest.mark.parametrize("at", ["", "[not completed]"])
def test_a_survey_arrives_once_it_is_complete(at: str) -> None:
    fake = FakeREDCap()
    fake.rows[TOKEN][20] = row(20, **{f"{FORM}_timestamp": at})
    pages = read_pages(fake)
    assert len([item for page in pages for item in page.items]) == 34
    fake.rows[TOKEN][20] = row(20, **{f"{FORM}_timestamp": f"{moment(50):%Y-%m-%d %H:%M:%S}"})
    fake.changed["21"] = moment(50)
    later = read_pages(fake, pages[-1].cursor)
    assert [item.data["id"] for page in later for item in page.items] == [native_id(20)]


def test_times_are_those_of_the_servers_zone() -> None:
    fake = with_one(**{f"{FORM}_timestamp": "2026-07-01 10:00"})
    (record,) = records(fake, timezone="Europe/Berlin")
    assert record.created_at == datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("hours", [-11, -5, 0, 5, 13])
def test_a_wrong_time_zone_loses_nothing(hours: int) -> None:
    fake = FakeREDCap()
    fake.zone = timedelta(hours=hours)
    fake.rows[TOKEN] = [
        row(n, **{f"{FORM}_timestamp": f"{moment(n) + fake.zone:%Y-%m-%d %H:%M:%S}"})
        for n in range(35)
    ]
    pages = read_pages(fake)
    assert len({item.data["id"] for page in pages for item in page.items}) == 35
    newest = moment(62)
    at = f"{newest + fake.zone:%Y-%m-%d %H:%M:%S}"
    fake.rows[TOKEN].append(row(62, **{f"{FORM}_timestamp": at}))
    fake.changed["63"] = newest
    later = read_pages(fake, pages[-1].cursor)
    assert native_id(62) in [item.data["id"] for page in later for item in page.items]


def test_a_project_that_fails_blocks_no_other_and_loses_nothing() -> None:
    fake = FakeREDCap()
    fake.rows[OTHER_TOKEN] = [row(3)]
    fake.refuses = TOKEN
    settings = {
        "tokens": {"visits": TOKEN, "births": OTHER_TOKEN},
        "project_sites": {"births": "Westgate"},
    }
    pages: list[Page] = []
    with serve_fake(fake) as service:
        reader = source(fake, service.url, **settings)
        with pytest.raises(Fatal) as raised:
            pages.extend(reader.fetch(None))
        (record,) = (reader.parse(item) for page in pages for item in page.items)
    assert list(raised.value.failed_places) == ["visits"]
    assert TOKEN not in str(raised.value)
    assert (record.site, record.native_id) == ("Westgate", native_id(3, project=42))
    fake.refuses = ""
    later = read_pages(fake, pages[-1].cursor)
    assert len([item for page in later for item in page.items]) == 35
    assert all(page.is_history for page in later if page.items)


def test_only_instruments_that_settings_name_are_read() -> None:
    fake = with_one(field("other", "notes", "And elsewhere?", form_name="elsewhere"))
    fake.forms["elsewhere"] = "Elsewhere"
    fake.rows[TOKEN][0] |= {"other": "It rained.", "elsewhere_timestamp": "2026-11-16 10:00:00"}
    assert texts(fake).keys() == {"better", "other"}
    fake.asked.clear()
    assert texts(fake, instruments=["elsewhere"]) == {"other": "It rained."}
    asked_for = {value for form in fake.asked for name, value in form.items() if "[" in name}
    assert asked_for == {"record_id", "other"}
    with pytest.raises(Misconfigured, match="no instrument 'nowhere'"):
        read_pages(fake, instruments=["nowhere"])


def test_ids_of_records_that_name_people_are_keyed() -> None:
    fake = with_one()
    fake.fields = [FIELDS[0] | {"identifier": "y"}, *FIELDS[1:]]
    (record,) = records(fake)
    assert record.native_id not in fake.texts
    assert record.native_id.endswith(f"/{FORM}:better")
