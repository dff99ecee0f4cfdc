"""``feedback connectors new``: what it refuses before it writes anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.settings_file import RESERVED
from tests.support.cli import invoke_feedback


@pytest.mark.parametrize("name", [*sorted(RESERVED), "new", "show"])
def test_a_section_or_a_command_cannot_be_a_connector(name: str, tmp_path: Path) -> None:
    done = invoke_feedback(f"feedback connectors new {name} --family reviews", {}, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"creating {name}: the name is taken" in done.stderr


def test_only_a_checkout_is_written_to(tmp_path: Path) -> None:
    line = f"feedback connectors new feefo --family reviews --into {tmp_path}"
    done = invoke_feedback(line, {}, tmp_path)
    assert done.returncode == 2
    assert "is not in a checkout of this project" in " ".join(done.stderr.split())
    assert [*tmp_path.iterdir()] == []
