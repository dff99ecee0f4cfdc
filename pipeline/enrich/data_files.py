"""Reads the data files that the settings name, and translates errors to messages for users."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.stages.classify_topics import Taxonomy
from schemas.validation import first_fault


def load_taxonomy(settings: Settings, options: Collection[str] = ()) -> Taxonomy:
    """Return the taxonomy that the settings name; raises ``CommandError``.

    ``options`` are names of settings that were given as options of the command.
    """
    with translate_load_errors(name_setting("taxonomy", options)):
        return Taxonomy.load(settings.taxonomy)


def name_setting(name: str, options: Collection[str] = ()) -> str:
    """Return the beginning of an error: "reading FEEDBACK_MODEL", or "reading --model"."""
    return f"reading --{name}" if name in options else f"reading FEEDBACK_{name.upper()}"


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


def _describe_os_error(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{error.filename}: {(error.strerror or 'it fails').lower()}"
