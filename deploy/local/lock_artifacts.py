"""Write the table of artifacts: ``python -m deploy.local.lock_artifacts KAFKA ELASTICSEARCH``.

The arguments are versions. This is the only module that resolves dependencies; the tests of the
local engines try the result.
"""

import hashlib
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from jgo.maven import Artifact, MavenContext

KAFKA = "org.apache.kafka:kafka_2.13"
LOGGING = "org.slf4j:slf4j-simple"
ELASTICSEARCH = ("org.elasticsearch.distribution.integ-test-zip", "elasticsearch")


def lock_artifacts(kafka_version: str, elasticsearch_version: str) -> dict[str, Any]:
    """Resolve both engines, download every file and return the table."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        zip_file = context.project(*ELASTICSEARCH).at_version(elasticsearch_version)
        archive = zip_file.artifact(packaging="zip")
        return {
            "kafka": _entry(kafka_version, _kafka_jars(context, kafka_version)),
            "elasticsearch": _entry(elasticsearch_version, [archive]),
        }


def _kafka_jars(context: MavenContext, version: str) -> list[Artifact]:
    kafka = context.create_dependency(f"{KAFKA}:{version}")
    _, jars = context.resolver.resolve([kafka])
    artifacts = [kafka.artifact, *(jar.artifact for jar in jars)]
    api = next(each for each in artifacts if each.artifactId == "slf4j-api")
    logging = context.create_dependency(f"{LOGGING}:{api.version}").artifact
    return sorted([*artifacts, logging], key=str)


def _entry(version: str, artifacts: list[Artifact]) -> dict[str, Any]:
    paths = [artifact.resolve() for artifact in artifacts]
    return {
        "version": version,
        "unpacked_bytes": sum(map(_unpacked_bytes, paths)),
        "files": [_row(each, path) for each, path in zip(artifacts, paths, strict=True)],
    }


def _unpacked_bytes(path: Path) -> int:
    if path.suffix != ".zip":
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _row(artifact: Artifact, path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "group": artifact.groupId,
        "name": artifact.artifactId,
        "version": artifact.version,
        "packaging": artifact.packaging,
        "size": path.stat().st_size,
        "sha256": sha256,
    }


if __name__ == "__main__":
    table = json.dumps(lock_artifacts(*sys.argv[1:3]), indent=1) + "\n"
    Path(__file__).with_name("artifacts.json").write_text(table, "utf-8")
