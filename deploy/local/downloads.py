"""Files of the pinned table, downloaded by their Maven coordinates and verified.

Imported only when something has to be downloaded: what it stands on is slow to import.
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

from deploy.local.artifacts import Distribution, PinnedFile, cached_path, is_whole
from deploy.local.errors import EngineError
from deploy.local.model import ByteProgress

PARALLEL_DOWNLOADS = 4
TRIES = 3
TIMEOUT_SECONDS = 30
_REPORT_EVERY_BYTES = 256 * 1024


def fetch(cache_dir: Path, pinned: Distribution, on_bytes: ByteProgress) -> list[Path]:
    """Return the verified files of a distribution, downloading what is missing or damaged.

    Args:
        cache_dir: kept between runs; all of jgo's files stay below it.
        pinned: what to fetch.
        on_bytes: called with bytes done and bytes in all, from several threads.

    Raises:
        EngineError: no network, not published, or twice the wrong sum.
    """
    counter = _Counter(pinned.size, on_bytes)
    # Another process may be downloading into the same cache: the second waits and finds it done.
    with (
        FileLock(cache_dir / f"{pinned.engine}.lock"),
        ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool,
    ):
        futures = [pool.submit(_fetch_one, cache_dir, file, counter) for file in pinned.files]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Counter:
    """Adds up the bytes of parallel downloads and reports now and then."""

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
    if is_whole(path, file):
        counter.add(file.size)
        return path
    for _ in range(2):
        # A download that was cut off leaves its part under the final name.
        path.unlink(missing_ok=True)
        _download(cache_dir, file, counter)
        if is_whole(path, file):
            return path
        counter.add(-path.stat().st_size)
    path.unlink()
    raise EngineError(
        f"downloading {file.coordinates}: what arrived twice does not have the pinned SHA-256 "
        f"{file.sha256}, so it was thrown away; try again, or look at what stands between this "
        "machine and the package registry"
    )


def _download(cache_dir: Path, file: PinnedFile, counter: _Counter) -> None:
    """Download once, trying again after errors of the network."""
    for attempt in range(1, TRIES + 1):
        received = _Received(counter)
        resolver = PythonResolver(progress_callback=received.file)
        context = MavenContext(
            resolver=resolver, repo_cache=cache_dir / "maven", timeout=TIMEOUT_SECONDS
        )
        component = context.project(file.group, file.name).at_version(file.version)
        artifact = component.artifact(packaging=file.packaging)
        try:
            artifact.resolve()
        except requests.RequestException as error:
            received.forget()
            cached_path(cache_dir, file).unlink(missing_ok=True)
            if attempt == TRIES:
                raise EngineError(_unreachable(file, error)) from error
            time.sleep(attempt)
        except OSError as error:
            raise EngineError(
                f"downloading {file.coordinates}: {error.strerror or error}"
            ) from error
        except RuntimeError as error:
            raise EngineError(
                f"downloading {file.coordinates}: the package registry does not hand it out; "
                "try again later"
            ) from error
        else:
            received.settle(file.size)
            return


def _unreachable(file: PinnedFile, error: requests.RequestException) -> str:
    return (
        f"downloading {file.coordinates}: the package registry can't be reached "
        f"({type(error).__name__}); what was downloaded is kept, so connect to the network "
        "(or set HTTPS_PROXY) and try again"
    )


class _Received:
    """The bytes of one try, so that a failed try can be taken back from the sum."""

    def __init__(self, counter: _Counter) -> None:
        self._counter, self._count = counter, 0

    @contextlib.contextmanager
    def file(self, _name: str, _total: int) -> Iterator[Callable[[int], None]]:
        yield self._add

    def _add(self, count: int) -> None:
        self._count += count
        self._counter.add(count)

    def forget(self) -> None:
        self._counter.add(-self._count)

    def settle(self, size: int) -> None:
        """Count what was not reported, as when the server did not say the size beforehand."""
        self._counter.add(size - self._count)
