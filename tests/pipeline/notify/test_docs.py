"""docs/notifications.md is true: its example loads, its tables are those of the settings."""

from __future__ import annotations

import re
import tomllib

import pytest
from pydantic import BaseModel

from pipeline.notify.route_settings import RouteSettings
from pipeline.notify.routes import build_routes
from pipeline.watch.alert_settings import AlertSettings
from tests.pipeline.notify.receivers import SECRET
from tests.support.pipeline import ROOT
from tests.support.settings_tables import setting_rows

PAGE = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
SECRETS = {
    "WARD_LEADS_MAIL": "mailtos://user:password@example.org?to=leads@example.org",
    "BOARD_MAIL": "mailtos://user:password@example.org?to=board@example.org",
    "SLACK_URL": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#feedback",
    "TEAMS_URL": "workflow://prod-1.example.org:443/643e69f83c8944/abc-sig/",
    "TICKETING_SECRET": SECRET,
}


def test_the_example_loads() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    routes = build_routes(tomllib.loads(example), SECRETS.get)
    assert [target.name for route in routes for target in route.targets] == [
        "ward-leads",
        "on-call/1",
        "on-call/2",
        "ticketing",
        "board",
    ]


@pytest.mark.parametrize(
    ("name", "model"), [("settings", RouteSettings), ("alerts", AlertSettings)]
)
def test_the_tables_are_current(name: str, model: type[BaseModel]) -> None:
    (table,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    assert table.splitlines()[2:] == setting_rows(model)
