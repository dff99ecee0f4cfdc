"""The document around a page's content: the templates, the stylesheet and the security headers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connectors.forms.form.config import Language
from connectors.server.translations import TRANSLATIONS

_TEMPLATES: Final = Environment(
    loader=PackageLoader("connectors.server"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
# The policy allows this text alone by its hash: it must reach the page unescaped.
_STYLE: Final = Markup(_TEMPLATES.get_template("style.css.j2").render())  # noqa: S704 - our own
_KIOSK_SCRIPT: Final = Markup(_TEMPLATES.get_template("kiosk.js.j2").render())  # noqa: S704


def _hash_source(text: str) -> str:
    """Return the source expression of a content security policy that allows a text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_STYLE_SOURCE: Final = _hash_source(_STYLE)
_SCRIPT_SOURCE: Final = _hash_source(_KIOSK_SCRIPT)


@dataclass(frozen=True, slots=True)
class Kiosk:
    """The empty form that follows a page on a tablet that people share."""

    start_url: str
    """Relative address of the empty form."""
    idle_s: int
    return_s: int


def render(
    template: str, *, language: Language, title: str, kiosk: Kiosk | None = None, **context: Any
) -> str:
    """Return the page that a template of this package makes, with every value escaped."""
    page = _TEMPLATES.get_template(f"{template}.html.j2")
    return page.render(
        language=language,
        direction=TRANSLATIONS[language].direction,
        title=title,
        style=_STYLE,
        kiosk=kiosk,
        kiosk_script=_KIOSK_SCRIPT,
        **context,
    )


def render_message(language: Language, message: str) -> str:
    """Return a page with one sentence."""
    return render("message", language=language, title=message)


def page_headers(allowed_origins: Sequence[str] = (), *, is_kiosk: bool = False) -> dict[str, str]:
    """Return headers that let a page do nothing but be shown and submitted.

    ``allowed_origins`` are the web sites that may show it in a frame. A kiosk's page may run the
    script that empties it.
    """
    framed_by = " ".join(allowed_origins) or "'none'"
    script = f"script-src {_SCRIPT_SOURCE}; " if is_kiosk else ""
    headers = {
        "Content-Security-Policy": "default-src 'none'; img-src data:; "
        f"style-src {_STYLE_SOURCE}; {script}"
        f"form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if not allowed_origins:
        headers["X-Frame-Options"] = "DENY"
    return headers
