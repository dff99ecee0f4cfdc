"""Rules that open cases, and their due times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.runtime.registry import sources
from connectors.sdk.answering import Answering
from pipeline.cases.conditions import COMPLAINTS, Conditions, RuleConditions
from pipeline.cases.options import build_cases_settings
from pipeline.cases.rules import ANSWERABLE, DEFAULTS, Due, Rules
from pipeline.settings_file import SettingsFileError
from pipeline.stages.classify_topics import Taxonomy
from pipeline.working_hours import read_working_hours
from schemas.case import derive_case_id
from schemas.feedback import Priority

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)  # a Friday
HOURS = {"office": {"zone": "Europe/London", "times": "08:00-18:00"}}
FIELDS: dict[str, Any] = {
    "event_id": "ab" * 16,
    "source": "form",
    "family": "form",
    "operation": "upsert",
    "created_at": "2026-11-20T15:00:00Z",
    "text": "whatever",
    "topics": ["waiting_times"],
    "interactions": [],
    "sentiment": {"label": "neutral", "level": "neutral"},
    "site": "Eastgate General",
}
COMPLAINT = {
    "interactions": ["complaints_and_feedback"],
    "sentiment": {"label": "negative", "level": "very_negative"},
}
TWO_STARS = {"value": 2.0, "worst": 1.0, "best": 5.0}
REVIEW = {"source": "google_play", "family": "review"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        (COMPLAINT, "complaint"),
        ({**COMPLAINT, "sentiment": {"label": "positive"}}, None),
        ({"text": "This is a formal complaint."}, "complaint"),
        ({"text": "I am writing to complain about the desk."}, "complaint"),
        ({"text": "Please tell me how to make a complaint."}, "complaint"),
        ({"text": "No complaints, and nothing to complain about."}, None),
        ({"urgent": True, "urgent_reasons": ["self_harm"]}, "urgent"),
        ({**COMPLAINT, "urgent_reasons": ["self_harm"]}, "urgent"),
        ({"urgent": True, "urgent_reasons": ["contact_request"]}, None),
        ({"maybe_urgent": True, "maybe_urgent_reasons": ["self_harm"]}, None),
        ({"urgent_reasons": ["contact_request"], "stars": TWO_STARS}, "contact_request"),
        ({"maybe_urgent_reasons": ["contact_request"], "stars": TWO_STARS}, None),
        (
            {
                "maybe_urgent_reasons": ["contact_request"],
                "stars": TWO_STARS,
                "translation": {"text": "Please call me"},
            },
            "contact_request",
        ),
        ({"text": "Skarga", "translation": {"text": "I wish to complain"}}, "complaint"),
        ({"urgent_reasons": ["contact_request", "self_harm"]}, "urgent"),
        ({"attributes": {"contact": "yes"}, "stars": TWO_STARS}, "contact_request"),
        ({"attributes": {"contact_requested": "yes"}, "stars": TWO_STARS}, "contact_request"),
        ({"attributes": {"contact": "no"}, "stars": TWO_STARS}, None),
        ({"attributes": {"contact": "yes"}, "stars": {**TWO_STARS, "value": 4.0}}, None),
        ({**REVIEW, "stars": TWO_STARS}, "review_reply"),
        ({**REVIEW, "stars": {**TWO_STARS, "value": 4.0}}, None),
        ({**REVIEW, "stars": TWO_STARS, "source": "app_store"}, None),
        (REVIEW, None),
        ({**COMPLAINT, "backfill": True}, None),
        ({**COMPLAINT, "operation": "delete"}, None),
    ],
)
def test_the_usual_rules(fields: dict[str, Any], expected: str | None) -> None:
    rule = Rules(DEFAULTS).rule_for({**FIELDS, **fields})
    assert (rule and rule.name) == expected


FFT_POOR = {"value": 4.0, "worst": 5.0, "best": 1.0}
OWN = {
    "sentiment": {"label": "negative"},
    "topics": ["waiting_times", "parking"],
    "topic_sentiments": [
        {"topic": "waiting_times", "label": "positive"},
        {"topic": "parking", "label": "negative"},
    ],
}
UNSURE = {"value": 6.0, "worst": 5.0, "best": 1.0}


@pytest.mark.parametrize(
    ("when", "fields", "expected"),
    [
        ({"sites": ("eastgate general",)}, {}, True),
        ({"sites": ("East*",)}, {}, True),
        ({"sites": ("West*", "East*")}, {}, True),
        ({"sites": ("East",)}, {}, False),
        ({"sites": ("E[a]st*",)}, {}, False),
        ({"services": ("*",)}, {}, False),
        ({"topics": ("waiting_times", "food")}, {}, True),
        ({"topics": ("food",)}, {}, False),
        ({"topics": ("waiting_times",), "sites": ("West",)}, {}, False),
        ({"negative_topics": ("park*",)}, OWN, True),
        ({"negative_topics": ("waiting_times",)}, OWN, False),
        ({"positive_topics": ("waiting_times", "food")}, OWN, True),
        ({"negative_topics": ("waiting_times",)}, {"sentiment": {"label": "negative"}}, True),
        ({"negative_topics": ("waiting_times",)}, {}, False),
        ({"mixed": True}, {"sentiment": {"label": "neutral", "mixed": True}}, True),
        ({"mixed": True}, {}, False),
        ({"maybe_urgent": True}, {"maybe_urgent": True}, True),
        ({"maybe_urgent": True}, {"urgent": True}, False),
        ({"maybe_urgent_reasons": ("self*",)}, {"maybe_urgent_reasons": ["self_harm"]}, True),
        ({"urgent_reasons": ("self*",)}, {"maybe_urgent_reasons": ["self_harm"]}, False),
        ({"levels": ("neutral",)}, {}, True),
        ({"urgent": False}, {}, True),
        ({"max_score": 0.25}, {"fft": FFT_POOR}, True),
        ({"max_score": 0.2}, {"fft": FFT_POOR}, False),
        ({"max_score": 1.0}, {"fft": UNSURE}, False),
        ({"max_score": 0.25}, {"stars": {**TWO_STARS, "value": 5.0}, "fft": FFT_POOR}, True),
        ({"contact": False}, {}, True),
        ({"organizations": ("x",)}, {"organization": "X"}, True),
    ],
)
def test_all_conditions_hold_and_of_each_any_value(
    when: dict[str, Any], fields: dict[str, Any], expected: bool
) -> None:
    assert Conditions(RuleConditions(**when)).hold({**FIELDS, **fields}) is expected


def build_rules(cases: dict[str, Any]) -> Rules:
    return build_cases_settings({"hours": HOURS, "cases": cases}, lambda name: "").rules


def test_the_sources_that_can_be_answered_are_those_that_answer() -> None:
    answering = {name for name, source in sources().items() if issubclass(source, Answering)}
    assert set(ANSWERABLE) == answering


def test_the_usual_rules_speak_of_what_the_taxonomy_has() -> None:
    assert COMPLAINTS in Taxonomy.load(None).interactions


def test_a_case_is_due_by_working_hours() -> None:
    event = build_rules({"hours": "office"}).open_event({**FIELDS, **COMPLAINT}, NOW)
    assert event is not None and event.opening is not None
    opening = event.opening
    assert event.case_id == derive_case_id(FIELDS["event_id"])
    assert opening.due_at == datetime(2026, 11, 25, 18, tzinfo=UTC)  # three working days after
    assert opening.resolve_by == datetime(2026, 12, 25, 18, tzinfo=UTC)
    urgent = build_rules({"hours": "office"}).open_event({**FIELDS, "urgent_reasons": ["x"]}, NOW)
    assert urgent is not None and urgent.opening is not None
    assert urgent.opening.due_at == datetime(2026, 11, 23, 10, tzinfo=UTC)  # 2 h, and 2 on Monday


def test_without_working_hours_every_hour_counts() -> None:
    assert Due(days=3).deadline(NOW, None) == NOW + timedelta(days=3)
    assert Due(time=timedelta(hours=4)).deadline(NOW, None) == NOW + timedelta(hours=4)
    hours = read_working_hours({"hours": HOURS})["office"]
    assert Due(days=1).deadline(NOW, hours) == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_the_file_adds_changes_and_drops_rules() -> None:
    rules = build_rules(
        {
            "rules": {
                "maternity": {
                    "when": {"services": ["Maternity*"]}, "type": "complaint",
                    "owner": "Head of midwifery", "due": "4h", "priority": "high",
                },
                "complaint": {"owner": "PALS", "due": "1d"},
                "review_reply": {"enabled": False},
            },
            "answerable": ["yelp"],
        }
    )  # fmt: skip
    described = [(rule.name, rule.type, rule.owner, rule.due) for rule in rules.rules]
    assert described == [
        ("maternity", "complaint", "Head of midwifery", Due(time=timedelta(hours=4))),
        ("urgent", "urgent", None, Due(time=timedelta(hours=4))),
        ("complaint", "complaint", "PALS", Due(days=1)),
        ("contact_request", "contact_request", None, Due(days=2)),
    ]
    rule = rules.rule_for({**FIELDS, **COMPLAINT, "service": "Maternity triage"})
    assert rule is not None and (rule.name, rule.priority) == ("maternity", Priority.HIGH)


def test_feedback_given_before_opens_no_case() -> None:
    rules = build_rules({"since": "2026-11-20T15:30:00Z"})
    assert rules.rule_for({**FIELDS, **COMPLAINT}) is None
    assert rules.rule_for({**FIELDS, **COMPLAINT, "created_at": "2026-11-20T15:30:00Z"}) is not None


def test_without_the_section_no_case_is_opened() -> None:
    assert build_cases_settings({"hours": HOURS}, lambda name: "").rules.rules == ()


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (
            {"hour": "office"},
            "reading [cases]: hour: there is no such setting; did you mean hours?",
        ),
        ({"hours": "night"}, "reading [cases]: hours: [hours.night] does not exist; "
         "defined: office"),
        (
            {"rules": {"x": {"when": {"sites": ["A"]}, "due": "3 weeks"}}},
            "reading [cases]: rules.x.due: it must be a number with s, m, h or d, such as 4h or 3d",
        ),
        (
            {"rules": {"x": {"owner": "A"}}},
            "reading [cases.rules.x]: when: it needs a condition, such as "
            '{ sites = ["North"] }',
        ),
        (
            {"rules": {"X Y": {"when": {"sites": ["A"]}}}},
            "reading [cases.rules.X Y]: type: it is missing, such as complaint",
        ),
        (
            {"rules": {"x": {"when": {"site": ["A"]}}}},
            "reading [cases]: rules.x.when.site: there is no such setting; did you mean sites?",
        ),
        (
            {"trackers": {"x": {"kind": "fax"}}},
            "reading [cases.trackers.x]: kind: it must be webhook, jira or zendesk",
        ),
        (
            {"trackers": {"x": {"kind": "webhook", "url": "https://a.example", "secret": "s"}}},
            "reading [cases.trackers.x]: a webhook's secret begins with whsec_",
        ),
        (
            {"trackers": {"x": {"kind": "zendesk", "base_url": "http://a.example", "email": "a",
                               "api_token": "t"}}},
            "reading [cases.trackers.x]: the address must be https",
        ),
        (
            {"trackers": {"x": {"kind": "zendesk", "base_url": "https://a.example", "email": "a",
                               "api_token": {"env": "NONE"}}}},
            "reading [cases.trackers.x] api_token: the environment variable NONE is not set",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_with_its_place(cases: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingsFileError) as raised:
        build_cases_settings({"hours": HOURS, "cases": cases}, lambda name: None)
    assert str(raised.value) == expected
