"""Download the pinned files by their Maven coordinates, and verify them.

Imported only if a file is missing: jgo and requests are slow to import.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from filelock import FileLock
from jgo.maven import MavenContext, PythonResolver

from deploy.local.artifacts import Distribution, PinnedFile, cached_path, is_intact
from deploy.local.errors import EngineError
from deploy.local.model import ByteProgress

MAX_PARALLEL_DOWNLOADS = 4
MAX_ATTEMPTS = 3
REQUEST_TIMEOUT_S = 30
_REPORT_EVERY_BYTES = 256 * 1024


def fetch(cache_dir: Path, pinned: Distribution, on_bytes: ByteProgress) -> list[Path]:
    """Return the verified files of a distribution, downloading what is missing or damaged.

    Args:
        cache_dir: kept between runs; contains all of jgo's files.
        pinned: the files to fetch.
        on_bytes: called with bytes done and in total, from several threads.

    Raises:
        EngineError: no network, not published, or twice the wrong SHA-256.
    """
    counter = _Counter(pinned.size, on_bytes)
    # Another process may be downloading into the same cache: this one waits, then finds the files.
    with (
        FileLock(cache_dir / f"{pinned.engine}.lock"),
        ThreadPoolExecutor(MAX_PARALLEL_DOWNLOADS) as pool,
    ):
        futures = [pool.submit(_fetch_one, cache_dir, file, counter) for file in pinned.files]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Counter:
    """Adds up the bytes of parallel downloads and reports every 256 KB."""

    def __init__(self, total: int, report: ByteProgress) -> None:
        self._total, self._report = total, report
        self._done = self._reported = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            due = abs(self._done - self._reported) >= _REPORT_EVERY_BYTES
            if due or self._done == self._total:
                self._reported = self._done
                self._report(self._done, self._total)


def _fetch_one(cache_dir: Path, file: PinnedFile, counter: _Counter) -> Path:
    path = cached_path(cache_dir, file)
    if is_intact(path, file):
        counter.add(file.size)
        return path
    for _ in range(2):
        # An interrupted download leaves an incomplete file under the final name.
        path.unlink(missing_ok=True)
        _download(cache_dir, file, counter)
        if is_intact(path, file):
            return path
        counter.add(-path.stat().st_size)
    path.unlink()
    raise EngineError(
        f"downloading {file.coordinates}: two downloads did not have the pinned SHA-256 "
        f"{file.sha256} and were deleted; try again, or check the proxies between this machine "
        "and the package registry"
    )


def _download(cache_dir: Path, file: PinnedFile, counter: _Counter) -> None:
    """Download a file, retrying after network errors."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        attempted = _Attempt(counter)
        resolver = PythonResolver(progress_callback=attempted.file)
        context = MavenContext(
            resolver=resolver, repo_cache=cache_dir / "maven", timeout=REQUEST_TIMEOUT_S
        )
        component = context.project(file.group, file.name).at_version(file.version)
        artifact = component.artifact(packaging=file.packaging)
        try:
            artifact.resolve()
        except requests.RequestException as error:
            attempted.discard()
            cached_path(cache_dir, file).unlink(missing_ok=True)
            if attempt == MAX_ATTEMPTS:
                raise EngineError(_unreachable(file, error)) from error
            time.sleep(attempt)
        except OSError as error:
            raise EngineError(
                f"downloading {file.coordinates}: {error.strerror or error}"
            ) from error
        except RuntimeError as error:
            raise EngineError(
                f"downloading {file.coordinates}: the package registry does not provide it; "
                "try again later"
            ) from error
        else:
            attempted.complete(file.size)
            return


def _unreachable(file: PinnedFile, error: requests.RequestException) -> str:
    return (
        f"downloading {file.coordinates}: the package registry is unreachable "
        f"({type(error).__name__}); finished downloads are kept, so connect to the network "
        "(or set HTTPS_PROXY) and try again"
    )


class _Attempt:
    """The bytes of one attempt, so that a failed attempt can be subtracted."""

    def __init__(self, counter: _Counter) -> None:
        self._counter, self._count = counter, 0

    @contextlib.contextmanager
    def file(self, _name: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield self._add

    def _add(self, count: int) -> None:
        self._count += count
        self._counter.add(count)

    def discard(self) -> None:
        self._counter.add(-self._count)

    def complete(self, size: int) -> None:
        """Count bytes that were not reported, as when the server did not announce the size."""
        self._counter.add(size - self._count)
