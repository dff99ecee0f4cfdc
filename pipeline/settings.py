"""The configuration, and the only reader of environment variables: ``FEEDBACK_…``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "FEEDBACK_"


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Connection settings of every Kafka client."""

    bootstrap_servers: str
    """``host:port``, separated by commas."""


class Settings(BaseSettings):
    """Every setting, with its default; the environment's ``FEEDBACK_<NAME>`` overrides it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    local_home: Path | None = Field(
        default=None, description="Folder of the local engines' data and logs."
    )
    local_cache: Path | None = Field(
        default=None, description="Folder for downloads of the local engines."
    )
    local_kafka_port: int = Field(default=9092, description="Port of the local Kafka.")
    local_kafka_controller_port: int | None = Field(
        default=None, description="Port of the local Kafka controller; default: a free one."
    )
    local_elasticsearch_port: int = Field(
        default=9200, description="Port of the local Elasticsearch."
    )
    local_user: str | None = Field(
        default=None, description="User that runs the local engines if started as root."
    )
    kafka_bootstrap_servers: str = Field(
        default_factory=lambda data: f"127.0.0.1:{data['local_kafka_port']}",
        description="Kafka brokers (host:port), comma-separated; default: the local one.",
    )
    kafka_replication_factor: int = Field(
        default=-1,
        description="Replication factor of the Kafka topics that setup creates; -1: the broker's.",
    )
    elasticsearch_url: str = Field(
        default_factory=lambda data: f"http://127.0.0.1:{data['local_elasticsearch_port']}",
        description="URLs of Elasticsearch 9 nodes, comma-separated; default: the local one.",
    )
    elasticsearch_api_key: SecretStr | None = Field(
        default=None, description="Elasticsearch API key, encoded."
    )
    elasticsearch_ca_certs: Path | None = Field(
        default=None, description="CA certificates of Elasticsearch (PEM file), if not public ones."
    )
    author_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the HMAC that turns authors into pseudonyms; without it, authors are "
        "dropped.",
    )
    config: Path = Field(
        default=Path("feedback.toml"),
        description="Settings file: sources, working hours, notifications, cases, alerts, "
        "translations.",
    )
    enrich_batch: int = Field(
        default=2_000,
        ge=1,
        le=20_000,
        description="Maximum number of records per batch of the enrich role.",
    )
    index_batch: int = Field(
        default=2_000,
        ge=1,
        le=20_000,
        description="Maximum number of records per batch and of documents per bulk request.",
    )
    index_bulk_bytes: int = Field(
        default=8_000_000, ge=100_000, description="Maximum size of a bulk request (bytes)."
    )
    taxonomy: Path | None = Field(
        default=None, description="Taxonomy file (TOML); default: the built-in healthcare taxonomy."
    )
    weak_topics: bool = Field(
        default=False,
        description="Give topics too that the model card shows to be right in few comments "
        "(F1 below 0.3).",
    )
    model: Path | None = Field(
        default=None,
        description="Folder of a model that `feedback train` wrote; default: the built-in model, "
        "for the taxonomy it was trained on.",
    )
    scorer: str | None = Field(
        default=None,
        description="Scorer of one's own, whose label replaces the model's: module:callable, or an "
        "entry point of the group feedback_pipeline.scorers. Default: the model's label.",
    )
    urgency: Path | None = Field(
        default=None,
        description="Urgency rules (TOML); default: the built-in healthcare rules.",
    )
    phone_regions: str = Field(
        default="GB,US",
        description="Countries whose phone numbers are redacted even without a +: two-letter "
        "codes, comma-separated.",
    )
    redact_names: str | None = Field(
        default=None,
        description="spaCy model (name or folder) for the redaction of names; needs the extra ner. "
        "Default: names are not detected.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Minimum log level."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="Log format; auto: console on a terminal, otherwise JSON."
    )

    @property
    def kafka(self) -> KafkaConnection:
        """The connection settings of Kafka."""
        return KafkaConnection(self.kafka_bootstrap_servers)


def environment_variables() -> Mapping[str, str]:
    """Return the variables that begin with ``FEEDBACK_``, in capitals: case does not matter."""
    return {
        name.upper(): value for name, value in os.environ.items() if name.upper().startswith(PREFIX)
    }


def environment_value(name: str) -> str | None:
    """Return a variable that the settings file refers to: ``token = { env = "TOKEN" }``."""
    return os.environ.get(name)
