"""What the connectors declare, as data and as the pages of the documentation.

``python -m connectors.runtime.catalogue`` writes ``docs/connectors.md``; a test fails when it is
stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from connectors.runtime.instances import Schedule
from connectors.runtime.registry import sources
from connectors.sdk.source import Answering, Polled, Source, SourceConfig, Streamed, Webhook
from schemas.feedback import Family

_PAGE: Final = Path(__file__).parents[2] / "docs" / "connectors.md"
_HEADINGS: Final = {
    Family.REVIEW: "Reviews",
    Family.SOCIAL: "Social media and feeds",
    Family.FORM: "Forms",
}
_ABLE: Final = (
    (Polled, "polled"),
    (Streamed, "streamed"),
    (Webhook, "webhook"),
    (Answering, "reply"),
)


def capability_names(source: type[Source]) -> list[str]:
    """What a source can do and brings, in words."""
    able = [word for kind, word in _ABLE if issubclass(source, kind)]
    return [*able, *sorted(source.capabilities)]


def declaration(source: type[Source]) -> dict[str, Any]:
    """What a source declares, as JSON's types."""
    return {
        "name": source.name,
        "title": source.title,
        "family": source.family.value,
        "capabilities": capability_names(source),
        "cursor": source.cursor_description,
        "needs": source.requirements,
        "limits": source.limitations,
        "fields": [_field(name, info) for name, info in source.Config.model_fields.items()],
    }


def _field(name: str, info: Any) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": name,
        "required": info.is_required(),
        "secret": "SecretStr" in str(info.annotation),
        "description": info.description,
    }
    if not info.is_required() and not field["secret"]:
        default = info.get_default(call_default_factory=True)
        field["default"] = default if isinstance(default, int | float | bool) else _text(default)
    return field


def _text(default: Any) -> str | None:
    if default is None:
        return None
    if isinstance(default, tuple | list | set | frozenset):
        return ", ".join(sorted(map(str, default)))
    return str(default)


def render_source(source: type[Source]) -> str:
    """The Markdown of one source."""
    told = declaration(source)
    own = [field for field in told["fields"] if field["name"] not in SourceConfig.model_fields]
    rows = "\n".join(_row(field) for field in own)
    return f"""\
### {told["title"]}: `{told["name"]}`

{_opening(source)}

- **Can**: {", ".join(told["capabilities"])}
- **Needs**: {told["needs"]}
- **Limits**: {told["limits"]}
- **Cursor**: {told["cursor"]}

```toml
[{told["name"]}.main]
{source.example.strip()}
```

| setting | default | what it is |
|---|---|---|
{rows}
"""


def _opening(source: type[Source]) -> str:
    """The first paragraph of the class's docstring."""
    return " ".join((source.__doc__ or "").strip().partition("\n\n")[0].split())


def _row(field: dict[str, Any]) -> str:
    if field["required"]:
        default = "needed"
    else:
        default = "none" if field.get("default") in (None, "") else f"`{field['default']}`"
    secret = " A secret." if field["secret"] else ""
    return f"| `{field['name']}` | {default} | {field['description']}{secret} |"


def connectors_page() -> str:
    """``docs/connectors.md``."""
    found = list(sources().values())
    parts = [_INTRODUCTION, _shared()]
    for family, heading in _HEADINGS.items():
        parts.append(f"## {heading}\n")
        parts += [render_source(source) for source in found if source.family is family]
    return "\n".join(parts)


_INTRODUCTION: Final = """\
# Connectors

Each section of the settings file, `feedback.toml` or the one named by `--config`, is one instance
of a connector: `[app_store.patients]` is an app, `[mastodon.nhs]` a hashtag. There may be many of a
kind. A secret is never written there: `{ env = "NAME" }` takes it from the environment,
`{ file = "/run/secrets/name" }` from a file.

```sh
feedback connectors
feedback connect app_store.patients --dry-run
feedback connect --all --once
feedback connect --all --follow
feedback serve
feedback status
```

This page is written by `make generate` from what the connectors declare.
"""


def _shared() -> str:
    rows = [
        *(_row(_field(name, info)) for name, info in SourceConfig.model_fields.items()),
        *(
            f"| `{name}` | {_SCHEDULE_DEFAULTS[name]} | {info.description} |"
            for name, info in Schedule.model_fields.items()
        ),
    ]
    table = "\n".join(rows)
    return f"""\
## What every section may say

| setting | default | what it is |
|---|---|---|
{table}
"""


_SCHEDULE_DEFAULTS: Final = {"every": "`15m`", "silent_after": "`7d`", "enabled": "`true`"}


def main() -> None:
    """Write the page into a checkout."""
    _PAGE.write_text(connectors_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
