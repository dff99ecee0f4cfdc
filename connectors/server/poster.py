"""QR codes of a form's address, and posters with one that a ward can hang up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import httpx
import segno
from markupsafe import Markup

from connectors.forms.form.config import Language
from connectors.forms.form.connector import Form
from connectors.sdk import Misconfigured
from connectors.server.html import PRESETS, FormView
from connectors.server.layout import render
from connectors.server.translations import TRANSLATIONS
from schemas.validation import suggest_name

_QUIET_ZONE: Final = 4
"""Modules of white around a code, which scanners need (ISO/IEC 18004)."""


def build_address(form: Form, presets: Mapping[str, str]) -> str:
    """Return the public address of a form's page, which sets a site, a service or a place.

    Raises ``Misconfigured`` if the form has no public address, or does not offer a preset.
    """
    config = form.config
    action = f"making a code of form.{form.context.instance}"
    if config.public_url is None:
        raise Misconfigured(f"{action}: it has no public_url, the address of its page")
    offers = dict(zip(PRESETS, (config.sites, config.services, config.places), strict=True))
    for name, value in presets.items():
        if value not in offers[name]:
            hint = suggest_name(value, offers[name]) or f"there are {', '.join(offers[name])}"
            suggestion = f"; {hint}" if offers[name] else ""
            raise Misconfigured(f"{action}: {value!r} is not in its {name}s{suggestion}")
    return str(httpx.URL(str(config.public_url)).copy_merge_params(dict(presets)))


def make_code(address: str) -> segno.QRCode:
    """Return the QR code of an address; a seventh of it may be unreadable."""
    return segno.make_qr(address, error="m")


def save_code(address: str, path: str) -> None:
    """Write the QR code of an address as SVG or PNG, by the file's suffix. Raises ``OSError``."""
    make_code(address).save(path, scale=10, border=_QUIET_ZONE)


def render_poster(form: Form, address: str, language: Language) -> str:
    """Return an HTML page of the size A4 with a form's title, its QR code and its address."""
    view = FormView(form, language, submission_id="")
    code = make_code(address).svg_inline(border=_QUIET_ZONE, omitsize=True, svgclass="code")
    words = TRANSLATIONS[language]
    return render(
        "poster",
        language=language,
        title=view.translate(form.config.title).text,
        view=view,
        words=words,
        config=form.config,
        code=Markup(code),  # noqa: S704 - made here, and holds no text
        # What a person would have to type: without its presets, which few would.
        address=str(form.config.public_url),
    )
