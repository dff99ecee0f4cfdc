"""Engine processes, found again by their records."""

import os
from pathlib import Path

import psutil

from deploy.local import processes

SCRIPT = """\
#!/bin/sh
# Executes itself again, as start scripts do once or twice.
[ "$1" -gt 0 ] || exec tail -f "$0"
exec "$0" "$(($1 - 1))"
"""


def test_a_start_script_that_becomes_another_program_is_found_at_every_moment(
    tmp_path: Path,
) -> None:
    script = tmp_path / "engine"
    script.write_text(SCRIPT, "utf-8")
    script.chmod(0o755)
    pid = processes.spawn(
        [str(script), "100"],
        environment={"PATH": os.defpath},
        folder=tmp_path,
        log=tmp_path / "engine.log",
        account=None,
    )
    record = tmp_path / "engine.json"
    processes.save_record(record, pid, str(tmp_path), port=0, version="1")
    saved = processes.load_record(record)
    attempts = 1
    while (process := processes.find_process(saved)) and process.name() != "tail":
        attempts += 1
    processes.stop("the script", psutil.Process(pid))
    assert process is not None, f"not found at attempt {attempts}"
    assert processes.find_process(saved) is None
