"""Downloads match their pinned size and SHA-256, or they are rejected."""

import gc
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import EngineError
from deploy.local.artifacts import Distribution, cached_path, distribution, is_intact
from deploy.local.downloads import fetch

SMALL = min(distribution("kafka").files, key=lambda file: file.size)
ONE = Distribution("one", "1", SMALL.size, (SMALL,))


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    path = cached_path(tmp_path, SMALL)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * SMALL.size)
    seen: list[tuple[int, int]] = []
    assert [path] == fetch(tmp_path, ONE, lambda done, total: seen.append((done, total)))
    assert is_intact(path, SMALL)
    assert (SMALL.size, SMALL.size) == seen[-1]


def test_a_file_cut_short_is_fetched_again(tmp_path: Path) -> None:
    path = cached_path(tmp_path, SMALL)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut")
    fetch(tmp_path, ONE, lambda done, total: None)
    assert is_intact(path, SMALL)


def test_another_sum_is_refused(tmp_path: Path) -> None:
    wrong = replace(SMALL, sha256="0" * 64)
    with pytest.raises(EngineError, match=f"downloading .*{SMALL.name}.*pinned SHA-256 000"):
        fetch(tmp_path, replace(ONE, files=(wrong,)), lambda done, total: None)
    assert not cached_path(tmp_path, wrong).exists()


def test_an_unknown_version_is_told(tmp_path: Path) -> None:
    absent = replace(SMALL, version="0.0.0-none")
    with pytest.raises(EngineError, match="the package registry does not provide it"):
        fetch(tmp_path, replace(ONE, files=(absent,)), lambda done, total: None)
    with warnings.catch_warnings():
        # jgo leaves the connection of the failed response to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_no_network_is_told_and_keeps_what_was_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(tmp_path, ONE, lambda done, total: None)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # no server listens there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    absent = replace(SMALL, version="0.0.0-none")
    both = replace(ONE, files=(SMALL, absent))
    with pytest.raises(EngineError, match=r"is unreachable .*finished downloads are kept"):
        fetch(tmp_path, both, lambda done, total: None)
    assert is_intact(cached_path(tmp_path, SMALL), SMALL)
