"""The generated parts of the documentation: the settings and the Kafka topics as Markdown.

``python -m pipeline.reference`` rewrites them; a test fails if they are stale.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from pipeline.settings import PREFIX, Settings
from schemas.kafka_topics import DAY_MS, KAFKA_TOPICS, KafkaTopic

_ROOT: Final = Path(__file__).parent.parent
_BLOCK: Final = re.compile(r"(<!-- kafka topics -->\n).*(<!-- /kafka topics -->)", re.DOTALL)


def settings_page() -> str:
    """Return ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. Secrets are never shown or logged.",
        "`feedback config show` prints those in force, and the sections of `feedback.toml`.",
        "",
        f"Any other variable that begins with `{PREFIX}` is an error, so that a misspelt one does",
        "not go unnoticed. Exceptions are those that `feedback.toml` refers to, such as",
        '`token = { env = "…" }`, and those that Kubernetes sets for a service.',
        "",
        "| variable | default | description |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _default(field: Any) -> str:
    if field.default_factory is not None:
        return "the local engine"
    value = field.default
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return f"`{value}`" if value not in (None, "") else "none"


def kafka_topics_table() -> str:
    """Return the table of Kafka topics, as Markdown."""
    lines = ["| Kafka topic | record | key | kept | who reads |", "|---|---|---|---|---|"]
    for topic in KAFKA_TOPICS:
        restricted = ", restricted" if topic.restricted else ""
        lines.append(
            f"| `{topic.name}` | `{topic.record.__name__}` | {topic.key} | {_retention(topic)} "
            f"| {topic.readers}{restricted} |"
        )
    return "\n".join(lines) + "\n"


def _retention(topic: KafkaTopic) -> str:
    if topic.compacted:
        return "latest per key"
    return "forever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} days"


def with_current_table(page: str) -> str:
    """Return ``docs/subscribing.md`` with the current table of Kafka topics."""
    return _BLOCK.sub(lambda match: match[1] + kafka_topics_table() + match[2], page)


def main() -> None:
    """Write both into a checkout."""
    docs = _ROOT / "docs"
    (docs / "settings.md").write_text(settings_page(), encoding="utf-8")
    page = docs / "subscribing.md"
    page.write_text(with_current_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
