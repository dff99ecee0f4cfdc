"""From settings to loaded stages, and what goes wrong on the way as sentences for users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from pipeline.enrich.analyzer import Understanding
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.stages.person_names import PresidioNames
from pipeline.stages.redact import Redactor
from schemas.validation import first_fault


def understanding_of(settings: Settings) -> Understanding:
    """The stages as the settings want them.

    Raises :class:`~pipeline.errors.CommandError` with a sentence for users.
    """
    with sentences("loading the stages"):
        return Understanding.load(
            taxonomy=settings.taxonomy,
            model=settings.model,
            urgency=settings.urgency,
            redactor=redactor_of(settings),
        )


@contextmanager
def sentences(doing: str) -> Iterator[None]:
    """What goes wrong in reading data files, as one sentence that begins with ``doing``."""
    try:
        yield
    except ValidationError as error:
        fault = first_fault(error)
        place = ".".join(filter(None, (error.title, fault.place)))
        raise CommandError(f"{doing}: {place}: {fault.message}", ExitStatus.USAGE) from None
    except OSError as error:
        raise CommandError(f"{doing}: {_named(error)}", ExitStatus.USAGE) from None
    except (ImportError, ValueError, KeyError) as error:
        raise CommandError(f"{doing}: {error}", ExitStatus.USAGE) from None


def redactor_of(settings: Settings) -> Redactor:
    """What hides personal data, as the settings want it."""
    regions = [region.strip().upper() for region in settings.phone_regions.split(",")]
    names = None
    if settings.redact_names is not None:
        names = PresidioNames(settings.redact_names)
    return Redactor(regions=[region for region in regions if region], names=names)


def _named(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{Path(str(error.filename)).name}: {(error.strerror or 'it fails').lower()}"
