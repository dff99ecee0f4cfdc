"""The document around a page's content: the templates, the stylesheet and the security headers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
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
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()


def render(template: str, *, language: Language, title: str, **context: Any) -> str:
    """Return the page that a template of this package makes, with every value escaped."""
    page = _TEMPLATES.get_template(f"{template}.html.j2")
    direction = TRANSLATIONS[language].direction
    return page.render(language=language, direction=direction, title=title, style=_STYLE, **context)


def render_message(language: Language, message: str) -> str:
    """Return a page with one sentence."""
    return render("message", language=language, title=message)


def page_headers(allowed_origins: Sequence[str] = ()) -> dict[str, str]:
    """Return headers that let a page do nothing but be shown and submitted.

    ``allowed_origins`` are the web sites that may show it in a frame.
    """
    framed_by = " ".join(allowed_origins) or "'none'"
    headers = {
        "Content-Security-Policy": "default-src 'none'; img-src data:; "
        f"style-src 'sha256-{_STYLE_HASH}'; "
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
