"""THE configuration, and the only reader of the environment: ``FEEDBACK_…``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """How every Kafka client of the project connects."""

    bootstrap_servers: str
    """``host:port``, separated by commas."""


class Settings(BaseSettings):
    """Every setting, with its default; the environment's ``FEEDBACK_<NAME>`` overrides it."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_", extra="ignore", frozen=True)

    local_home: Path | None = Field(
        default=None, description="Folder of the local engines' data and logs."
    )
    local_cache: Path | None = Field(
        default=None, description="Folder of what the local engines download."
    )
    local_kafka_port: int = Field(default=9092, description="Port of the local Kafka.")
    local_kafka_controller_port: int | None = Field(
        default=None, description="Port of the local Kafka's controller; a free one if not given."
    )
    local_elasticsearch_port: int = Field(
        default=9200, description="Port of the local Elasticsearch."
    )
    local_user: str | None = Field(
        default=None, description="Account of the local engines when started as root."
    )
    kafka_bootstrap_servers: str = Field(
        default_factory=lambda data: f"127.0.0.1:{data['local_kafka_port']}",
        description="Kafka brokers, host:port, separated by commas; default: the local one.",
    )
    kafka_replication_factor: int = Field(
        default=-1, description="Replicas of the Kafka topics that setup creates; -1: the broker's."
    )
    elasticsearch_url: str = Field(
        default_factory=lambda data: f"http://127.0.0.1:{data['local_elasticsearch_port']}",
        description="Elasticsearch 9 nodes, separated by commas; default: the local one.",
    )
    elasticsearch_api_key: SecretStr | None = Field(
        default=None, description="API key, as Elasticsearch encodes it."
    )
    elasticsearch_ca_certs: Path | None = Field(
        default=None, description="Certificates that sign the server's, if not public ones."
    )
    author_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the HMAC that turns authors into pseudonyms. Without one, authors "
        "are left out.",
    )
    config: Path = Field(
        default=Path("feedback.toml"),
        description="File of the connectors' instances, for `feedback serve` and others.",
    )
    enrich_batch: int = Field(
        default=2_000,
        ge=1,
        le=20_000,
        description="Most records that the enrich role fetches at once.",
    )
    index_batch: int = Field(
        default=2_000,
        ge=1,
        le=20_000,
        description="Most documents in one bulk request, and most records fetched at once.",
    )
    index_bulk_bytes: int = Field(
        default=8_000_000, ge=100_000, description="Most bytes in one bulk request."
    )
    taxonomy: Path | None = Field(
        default=None, description="Taxonomy file (TOML); default: healthcare, in the package."
    )
    model: Path | None = Field(
        default=None,
        description="Folder that `feedback train` wrote; default: the model in the package, for "
        "the taxonomy it was trained for.",
    )
    urgency: Path | None = Field(
        default=None,
        description="Rules of what cannot wait (TOML); default: healthcare, in the package.",
    )
    phone_regions: str = Field(
        default="GB,US",
        description="Countries whose telephone numbers are hidden without a +, two letters each, "
        "separated by commas.",
    )
    redact_names: str | None = Field(
        default=None,
        description="spaCy model (name or folder) that finds names to hide; needs the extra ner. "
        "Default: names are not looked for.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="Lines for people or JSON; auto: people on a terminal."
    )

    @property
    def kafka(self) -> KafkaConnection:
        """How to connect to Kafka."""
        return KafkaConnection(self.kafka_bootstrap_servers)


def environment_value(name: str) -> str | None:
    """A variable that the connectors' file points at: ``token = { env = "TOKEN" }``."""
    return os.environ.get(name)
