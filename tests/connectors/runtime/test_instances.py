"""The settings file: what it names is what runs, and what is wrong is said in one sentence."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.runtime.instances import Instance, build_instances
from connectors.sdk.errors import Misconfigured
from pipeline.settings_file import SettingsFileError, read_connector_sections, resolve_secret

WHOLE = """
[trustpilot.north]
business_unit = "46d6a890000064000500e0c3"
api_key = { env = "TP_KEY" }
api_secret = { file = "SECRET_FILE" }
site = "North"
every = "2h"
silent_after = "off"

[trustpilot.south]
business_unit = "46d6a890000064000500e0c4"
api_key = "k"
api_secret = "s"
enabled = false
"""


def read(tmp_path: Path, text: str, **environment: str) -> list[Instance]:
    (tmp_path / "secret").write_text("from a file\n")
    path = tmp_path / "feedback.toml"
    path.write_text(text.replace("SECRET_FILE", str(tmp_path / "secret")))
    resolve = partial(resolve_secret, resolve=environment.get)
    return build_instances(read_connector_sections(path), resolve, f"reading {path}")


def test_instances_have_their_settings_schedule_and_secrets(tmp_path: Path) -> None:
    north, south = read(tmp_path, WHOLE, TP_KEY="from the environment")
    assert [north.label, south.label] == ["trustpilot.north", "trustpilot.south"]
    assert north.config.api_key.get_secret_value() == "from the environment"
    assert north.config.api_secret.get_secret_value() == "from a file"
    assert (north.config.site, north.schedule.every) == ("North", timedelta(hours=2))
    assert north.schedule.silent_after is None
    assert (south.schedule.enabled, south.schedule.every) == (False, timedelta(minutes=15))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[trustpilott.x]\n", "there is no section [trustpilott]; did you mean [trustpilot]?"),
        ("[trustpilot]\nsite = 'x'\n", "sections are named [trustpilot.NAME]; choose any NAME"),
        (WHOLE, "[trustpilot.north] api_key: the environment variable TP_KEY is not set"),
        ("[trustpilot.x]\nsite = ''\n", "[trustpilot.x] site: String should have at least 1"),
        ("[trustpilot.x]\nbusines_unit = 'x'\n", "did you mean business_unit?"),
        ("[trustpilot.x]\nevery = 'soon'\n", "it must be a number with s, m, h, d or w"),
        ("[trustpilot.'a b']\n", "a name has letters, digits, dots, _ and -"),
        ("[trustpilot.x\n", "reading "),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    good = "" if "business_unit" in text else "business_unit='b'\napi_key='k'\napi_secret='s'\n"
    with pytest.raises((Misconfigured, SettingsFileError)) as raised:
        read(tmp_path, text + (good if text.startswith("[trustpilot.x]") else ""))
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError, match="No such file"):
        read_connector_sections(tmp_path / "nowhere.toml")


MAILBOX = """
[email.complaints]
host = "mail.example.org"
user = "complaints@example.org"
"""
ONE_WAY = 'password = "x"\n'
ANOTHER_WAY = 'token_url = "https://login.example.org"\nclient_id = "a"\nrefresh_token = "b"\n'


@pytest.mark.parametrize(
    ("settings", "goes_on"),
    [
        (ANOTHER_WAY, True),
        (ONE_WAY + 'site = "North"\n', True),
        (ONE_WAY + 'folder = "B"\n', False),
    ],
)
def test_a_cursor_stays_with_what_is_read_and_not_with_who_reads(
    tmp_path: Path, settings: str, goes_on: bool
) -> None:
    before, after = (
        read(tmp_path, MAILBOX + each)[0].build(b"").instance_key for each in (ONE_WAY, settings)
    )
    assert (before == after) == goes_on
