"""Declarations of the connectors, as data and as a page of the documentation.

``python -m connectors.runtime.catalogue`` writes ``docs/connectors.md``; a test fails if that is
stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

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
_SCHEDULE_DEFAULTS: Final = {"every": "`15m`", "silent_after": "`7d`", "enabled": "`true`"}
# Markdown is not escaped: all of it is our own.
_TEMPLATES: Final = Environment(  # noqa: S701
    loader=PackageLoader("connectors.runtime"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
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
    return _TEMPLATES.get_template("source.md.j2").render(
        source=source, declared=declared, summary=_opening(source), fields=own, row=_row
    )


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
    return _TEMPLATES.get_template("connectors.md.j2").render(
        shared=[_field(name, info) for name, info in SourceConfig.model_fields.items()],
        schedule=Schedule.model_fields,
        schedule_defaults=_SCHEDULE_DEFAULTS,
        headings=_HEADINGS,
        sources=sources().values(),
        row=_row,
        render_source=render_source,
    )


def main() -> None:
    """Write the page into the checkout."""
    _PAGE.write_text(connectors_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
