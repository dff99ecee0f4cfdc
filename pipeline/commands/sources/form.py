"""`feedback form`: what a ward hangs up to lead people to a self-hosted form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from connectors.forms.form.config import Language
from connectors.forms.form.connector import Form
from connectors.server.poster import build_address, render_poster, save_code
from pipeline.commands.shared.options import ConfigFile
from pipeline.commands.sources.select import load_instances, translate_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import out
from schemas.validation import suggest_name

_CODE_SUFFIXES: Final = (".svg", ".png")

app = typer.Typer(
    help="Make QR codes and posters that lead to a self-hosted form.", no_args_is_help=True
)


@app.callback()
def form() -> None:
    """Make QR codes and posters that lead to a self-hosted form."""


@app.command("qr")
def make_qr(
    name: Annotated[str, typer.Argument(help="Name of the form in the settings file.")],
    path: Annotated[
        Path, typer.Option("--out", help="File to write: .svg or .png; .html for a poster.")
    ],
    place: Annotated[
        str | None, typer.Option(help="Place that shows the code, one of the form's places.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Site to select, one of the form's.")] = None,
    service: Annotated[
        str | None, typer.Option(help="Service to select, one of the form's.")
    ] = None,
    poster: Annotated[
        bool, typer.Option("--poster", help="Write a page of the size A4 to print.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(help="Language of the poster.", show_default="the form's first"),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write a QR code of a form's public address, or a poster with one."""
    source = _load_form(name, config)
    _require_suffix(path, is_poster=poster)
    presets = {"site": site, "service": service, "place": place}
    with translate_errors():
        address = build_address(source, {key: value for key, value in presets.items() if value})
    try:
        if poster:
            page = render_poster(source, address, _choose_language(source, language))
            path.write_text(page, encoding="utf-8")
        else:
            save_code(address, str(path))
    except OSError as error:
        raise CommandError(f"writing {path}: {error.strerror}") from None
    out.print(f"wrote {path}, which leads to {address}", soft_wrap=True, markup=False)


def _load_form(name: str, config: Path | None) -> Form:
    instances = [each for each in load_instances(config) if each.source is Form]
    for instance in instances:
        if name in (instance.name, instance.label):
            source = instance.build(b"")
            assert isinstance(source, Form)  # noqa: S101 - its class was compared
            return source
    names = [each.name for each in instances]
    hint = suggest_name(name, names) or f"there are {', '.join(names) or 'none'}"
    raise CommandError(f"selecting a form: there is no form {name!r}; {hint}", ExitStatus.USAGE)


def _require_suffix(path: Path, *, is_poster: bool) -> None:
    suffixes = (".html",) if is_poster else _CODE_SUFFIXES
    if path.suffix.lower() not in suffixes:
        kind = "a poster" if is_poster else "a code"
        raise CommandError(
            f"reading --out: the name of {kind} ends in {' or '.join(suffixes)}", ExitStatus.USAGE
        )


def _choose_language(source: Form, language: str | None) -> Language:
    languages = source.config.languages
    if language is None:
        return languages[0]
    for offered in languages:
        if offered == language:
            return offered
    raise CommandError(f"reading --language: the form has {', '.join(languages)}", ExitStatus.USAGE)
