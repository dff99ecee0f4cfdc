"""Declarations of the connectors, as data and as a page of the documentation.

``python -m connectors.runtime.catalogue`` writes ``docs/connectors.md``; a test fails if that is
stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from connectors.runtime.instances import Schedule
from connectors.runtime.registry import sources
from connectors.sdk import Answering, Polled, Source, SourceConfig, Streamed, Webhook
from schemas.feedback import Family

_PAGE: Final = Path(__file__).parents[2] / "docs" / "connectors.md"
_HEADINGS: Final = {
    Family.REVIEW: "Reviews",
    Family.SOCIAL: "Social media and feeds",
    Family.FORM: "Forms",
}
_BASES: Final = (
    (Polled, "polled"),
    (Streamed, "streamed"),
    (Webhook, "webhook"),
    (Answering, "reply"),
)


def capability_names(source: type[Source]) -> list[str]:
    """Return what a source can do and what it returns, as words."""
    words = [word for base, word in _BASES if issubclass(source, base)]
    return [*words, *sorted(source.capabilities)]


def declaration(source: type[Source]) -> dict[str, Any]:
    """Return a source's declaration as JSON's types."""
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
    """Return the Markdown of one source."""
    declared = declaration(source)
    own = [field for field in declared["fields"] if field["name"] not in SourceConfig.model_fields]
    rows = "\n".join(_row(field) for field in own)
    return f"""\
### {declared["title"]}: `{declared["name"]}`

{_opening(source)}

- **Capabilities**: {", ".join(declared["capabilities"])}
- **Requirements**: {declared["needs"]}
- **Limitations**: {declared["limits"]}
- **Cursor**: {declared["cursor"]}

```toml
[{declared["name"]}.main]
{source.example.strip()}
```

| setting | default | description |
|---|---|---|
{rows}
"""


def _opening(source: type[Source]) -> str:
    """Return the first paragraph of the class's docstring."""
    return " ".join((source.__doc__ or "").strip().partition("\n\n")[0].split())


def _row(field: dict[str, Any]) -> str:
    if field["required"]:
        default = "required"
    else:
        default = "none" if field.get("default") in (None, "") else f"`{field['default']}`"
    secret = " A secret." if field["secret"] else ""
    return f"| `{field['name']}` | {default} | {field['description']}{secret} |"


def connectors_page() -> str:
    """Return the text of ``docs/connectors.md``."""
    parts = [_INTRODUCTION, _shared()]
    for family, heading in _HEADINGS.items():
        parts.append(f"## {heading}\n")
        parts += [render_source(source) for source in sources().values() if source.family is family]
    return "\n".join(parts)


_INTRODUCTION: Final = """\
# Connectors

Each section of the settings file, `feedback.toml` or the one named by `--config`, is one instance
of a connector: `[app_store.patients]` is an app, `[mastodon.nhs]` a hashtag. A connector may have
many instances. Secrets are not written there: `{ env = "NAME" }` reads one from the environment,
`{ file = "/run/secrets/name" }` from a file.

```sh
feedback connectors
feedback connect app_store.patients --dry-run
feedback connect --all --once
feedback connect --all --follow
feedback serve
feedback status
```

This page is generated from the connectors' declarations by `make generate`.
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
## Settings of every section

| setting | default | description |
|---|---|---|
{table}
"""


_SCHEDULE_DEFAULTS: Final = {"every": "`15m`", "silent_after": "`7d`", "enabled": "`true`"}


def main() -> None:
    """Write the page into the checkout."""
    _PAGE.write_text(connectors_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
