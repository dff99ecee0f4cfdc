"""One pair of real engines for the session, on free ports, in its own home."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local import LocalEngines, Progress, Status, default_cache, down, up


@pytest.fixture(scope="session")
def open_tmp() -> Iterator[Path]:
    """A folder that the engines' unprivileged user can access, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="feedback-engines-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def config(open_tmp: Path) -> LocalEngines:
    return LocalEngines(
        home=open_tmp / "home", cache=default_cache(), kafka_port=None, elasticsearch_port=None
    )


@pytest.fixture(scope="session")
def started(config: LocalEngines) -> Iterator[tuple[list[Status], list[Progress]]]:
    """Results and progress reports of two starts at the same time."""
    progress: list[Progress] = []
    try:
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(up, config, on_progress=progress.append) for _ in range(2)]
            statuses = [run.result() for run in runs]
        yield statuses, progress
    finally:
        down(config)
