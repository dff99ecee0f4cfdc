"""Selection of routes and delivery times: a table of notices and routes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import CommandError
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.routes import Routes, build_routes, load_routes, select_routes
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError
from tests.pipeline.notify.receivers import SECRET
from tests.pipeline.notify.samples import a_notice

MONDAY_NOON = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 8, 2, 23, 0, tzinfo=UTC)
MONDAY_EIGHT = datetime(2026, 8, 3, 7, 0, tzinfo=UTC)  # 08:00 in London
CRITICAL = a_notice(urgency=Urgency.CRITICAL)
OFFICE = {"office": {"zone": "Europe/London", "days": "mon-fri", "times": "08:00-18:00"}}


def one_route(**settings: Any) -> Routes:
    values = {"webhook": "https://example.org/hook", "secret": SECRET, **settings}
    return build_routes({"notify": {"ops": values}, "hours": OFFICE}, lambda _: None)


@pytest.mark.parametrize(
    ("settings", "notice", "expected"),
    [
        ({}, a_notice(), True),
        ({"sites": "North"}, a_notice(), True),
        ({"sites": ["South", "north"]}, a_notice(), True),
        ({"sites": ["Nor*"]}, a_notice(), True),
        ({"sites": ["South"]}, a_notice(), False),
        ({"sites": ["North"]}, a_notice(site=None), False),
        ({"organizations": ["Trust"]}, a_notice(organization="Trust"), True),
        ({"organizations": ["Trust"]}, a_notice(), False),
        ({"topics": ["food", "waiting_time"]}, a_notice(), True),
        ({"topics": ["food"]}, a_notice(), False),
        ({"topics": ["food"]}, a_notice(topics=()), False),
        ({"sources": ["type*"]}, a_notice(), True),
        ({"sources": ["rss"]}, a_notice(), False),
        ({"types": ["alert.*"]}, a_notice(), True),
        ({"types": ["case.*", "alert.resolved"]}, a_notice(), False),
        ({"min_urgency": "warning"}, a_notice(), True),
        ({"min_urgency": "critical"}, a_notice(), False),
        ({"min_urgency": "critical"}, CRITICAL, True),
        ({"sites": ["North"], "topics": ["food"]}, a_notice(), False),
        ({"digest": "daily"}, a_notice(), False),
    ],
)
def test_a_route_takes_what_passes_all_its_filters(
    settings: dict[str, Any], notice: Notice, expected: bool
) -> None:
    assert bool(select_routes(notice, one_route(**settings), MONDAY_NOON)) == expected


@pytest.mark.parametrize(
    ("settings", "notice", "at", "when"),
    [
        ({"hours": "office"}, a_notice(), MONDAY_NOON, MONDAY_NOON),
        ({"hours": "office"}, a_notice(), SUNDAY_NIGHT, MONDAY_EIGHT),
        ({"hours": "office", "outside": "drop"}, a_notice(), SUNDAY_NIGHT, None),
        ({"hours": "office", "outside": "send"}, a_notice(), SUNDAY_NIGHT, SUNDAY_NIGHT),
        ({"hours": "office"}, CRITICAL, SUNDAY_NIGHT, SUNDAY_NIGHT),
        ({"hours": "office", "critical": "hold"}, CRITICAL, SUNDAY_NIGHT, MONDAY_EIGHT),
        ({"hours": "office", "outside": "drop"}, CRITICAL, SUNDAY_NIGHT, SUNDAY_NIGHT),
        ({}, a_notice(), SUNDAY_NIGHT, SUNDAY_NIGHT),
    ],
)
def test_hours_determine_the_delivery_time(
    settings: dict[str, Any], notice: Notice, at: datetime, when: datetime | None
) -> None:
    times = [choice.at for choice in select_routes(notice, one_route(**settings), at)]
    assert times == ([] if when is None else [when])


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        ({"kibanna": "x"}, "kibanna: there is no such setting; did you mean kibana?"),
        ({"max_age": 2}, "max_age: it must be a number with s, m, h, d or w, such as 15m"),
        ({"max_age": True}, "max_age: it must be a number with s, m, h, d or w, such as 15m"),
    ],
)
def test_a_slip_in_the_settings_of_alerts_is_one_sentence(
    alerts: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsFileError) as raised:
        build_routes({"alerts": alerts}, lambda _: None)
    assert str(raised.value) == f"reading [alerts] {sentence}"


def test_settings_of_the_detection_do_not_matter_to_the_notices() -> None:
    settings = build_routes({"alerts": {"warm_up_days": 3, "zone": "Europe/Paris"}}, lambda _: None)
    assert settings.alerts.zone == "Europe/Paris"


def test_each_address_of_a_route_is_a_target_of_its_own() -> None:
    urls = ["mailtos://u:p@example.org?to=a@example.org", "json://example.org/x"]
    (route,) = build_routes({"notify": {"ops": {"apprise": urls}}}, lambda _: None)
    assert [target.name for target in route.targets] == ["ops/1", "ops/2"]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"webhook": "https://e.org", "secret": SECRET, "min_urgenc": "info"},
            "reading [notify.ops] min_urgenc: there is no such setting; did you mean min_urgency?",
        ),
        ({}, "reading [notify.ops] a route has either apprise or webhook"),
        (
            {"webhook": "https://e.org", "apprise": "json://e.org", "secret": SECRET},
            "reading [notify.ops] a route has either apprise or webhook",
        ),
        (
            {"webhook": "https://e.org"},
            'reading [notify.ops] a webhook needs a secret = { env = "…" }',
        ),
        (
            {"webhook": "http://e.org", "secret": SECRET},
            "reading [notify.ops] a webhook is https, unless allow_private = true",
        ),
        (
            {"webhook": "https://e.org", "secret": "whsec_c2hvcnQ="},
            "reading [notify.ops] secret: a webhook's secret has 24 to 64 bytes in base64",
        ),
        (
            {"webhook": "https://e.org", "secret": {"env": "NOT_THERE"}},
            "reading [notify.ops] secret: the environment variable NOT_THERE is not set",
        ),
        (
            {"apprise": "nonsense://token-1"},
            "reading [notify.ops] apprise: not a complete address of a service that apprise "
            "supports",
        ),
        (
            {"apprise": "json://e.org", "hours": "night"},
            "reading [notify.ops] hours: [hours.night] does not exist; defined: office",
        ),
        (
            {"apprise": "json://e.org", "zone": "Moon"},
            "reading [notify.ops] zone: no such time zone; expected one like Europe/London",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_no_secret(
    table: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsFileError) as error:
        build_routes({"notify": {"ops": table}, "hours": OFFICE}, lambda _: None)
    assert str(error.value) == sentence


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("json://example.org/token-2\n")
    routes = build_routes(
        {
            "notify": {
                "hook": {"webhook": "https://e.org", "secret": {"env": "HOOK"}},
                "chat": {"apprise": [{"file": str(tmp_path / "url")}]},
            }
        },
        {"HOOK": SECRET}.get,
    )
    hook, chat = routes
    assert hook.settings.keys == (SECRET,)
    assert chat.targets[0].apprise == "json://example.org/token-2"
    assert SECRET not in repr(routes)
    assert "token-2" not in repr(routes)


def test_without_a_settings_file_there_are_no_routes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_routes(Settings()) == Routes()
    with pytest.raises(CommandError, match=r"reading other\.toml: No such file"):
        load_routes(Settings(config=Path("other.toml")))


def test_every_setting_is_described() -> None:
    from pipeline.notify.route_settings import RouteSettings
    from pipeline.watch.alert_settings import AlertSettings

    fields = [*RouteSettings.model_fields.values(), *AlertSettings.model_fields.values()]
    assert [field for field in fields if not field.description] == []
