"""``[alerts]`` of the settings file."""

import re
from pathlib import Path

import pytest

from pipeline.errors import CommandError, ExitStatus
from pipeline.watch.settings import WatchSettings, watch_settings
from tests.support.pipeline import ROOT
from tests.support.settings_tables import setting_rows


def write_settings(folder: Path, text: str) -> Path:
    path = folder / "feedback.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_or_a_section_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert watch_settings(Path("feedback.toml")) == WatchSettings()
    assert watch_settings(write_settings(tmp_path, "[rss.a]\nurls = ['x']\n")) == WatchSettings()


def test_what_is_set_reaches_the_detector(tmp_path: Path) -> None:
    text = "[alerts]\nfalse_alarms_a_day = 0.6\nwarm_up_days = 3\nremind_hours = 8\n"
    path = write_settings(tmp_path, text + "kibana = 'https://kibana.example.org'\n")
    options = watch_settings(path).options(3)
    assert (options.warm_up_days, options.remind_hours) == (3, 8)
    assert options.negative.false_alarms_a_day == pytest.approx(0.2)
    assert options.urgent.false_alarms_a_day == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("false_alarms_a_day = 0", "[alerts] false_alarms_a_day: Input should be greater than 0"),
        ("warm_up = 3", "[alerts] warm_up: there is no such setting; did you mean warm_up_days?"),
        ("watch = 'perhaps'", "[alerts] watch: Input should be a valid boolean"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = write_settings(tmp_path, f"[alerts]\n{text}\n")
    with pytest.raises(CommandError) as raised:
        watch_settings(path)
    assert str(raised.value).startswith(f"reading {path}: {sentence}")
    assert raised.value.status is ExitStatus.USAGE


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        watch_settings(tmp_path / "none.toml")


def test_a_section_that_is_no_table_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"\[alerts\]"):
        watch_settings(write_settings(tmp_path, "alerts = 3\n"))


def test_the_page_on_alerts_shows_them_as_they_are(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "alerting.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- settings -->\n(.*?)<!-- /settings -->", page, re.DOTALL)
    assert table.splitlines()[2:] == setting_rows(WatchSettings)
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert watch_settings(write_settings(tmp_path, example)).false_alarms_a_day == 0.5
