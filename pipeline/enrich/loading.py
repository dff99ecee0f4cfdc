"""Loads the stages by the settings, and translates errors to messages for users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.stages.person_names import PresidioNames
from pipeline.stages.redact import Redactor
from schemas.validation import first_fault


def load_analyzer(settings: Settings) -> CommentAnalyzer:
    """Load the stages by the settings.

    Raises :class:`~pipeline.errors.CommandError` with a message for users.
    """
    with translate_load_errors("loading the stages"):
        return CommentAnalyzer.load(
            taxonomy=settings.taxonomy,
            model=settings.model,
            urgency=settings.urgency,
            redactor=load_redactor(settings),
        )


@contextmanager
def translate_load_errors(action: str) -> Iterator[None]:
    """Translate errors of reading data files to a message that begins with ``action``."""
    try:
        yield
    except ValidationError as error:
        fault = first_fault(error)
        place = ".".join(filter(None, (error.title, fault.place)))
        raise CommandError(f"{action}: {place}: {fault.message}", ExitStatus.USAGE) from None
    except OSError as error:
        raise CommandError(f"{action}: {_describe_os_error(error)}", ExitStatus.USAGE) from None
    except (ImportError, ValueError, KeyError) as error:
        raise CommandError(f"{action}: {error}", ExitStatus.USAGE) from None


def load_redactor(settings: Settings) -> Redactor:
    """Build the redactor by the settings."""
    regions = [region.strip().upper() for region in settings.phone_regions.split(",")]
    names = None
    if settings.redact_names is not None:
        names = PresidioNames(settings.redact_names)
    return Redactor(regions=[region for region in regions if region], names=names)


def _describe_os_error(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{Path(str(error.filename)).name}: {(error.strerror or 'it fails').lower()}"
