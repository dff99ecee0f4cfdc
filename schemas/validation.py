"""Validation errors as sentences, without the invalid value: it may be personal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError


class Fault(NamedTuple):
    """One validation error."""

    place: str
    """Names of fields and indexes, joined by dots; empty for the whole model."""
    message: str
    kind: str
    """Pydantic's error type, such as ``extra_forbidden``."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def list_faults(error: ValidationError) -> list[Fault]:
    """Return every error, in pydantic's order."""
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return [
        Fault(
            ".".join(map(str, detail["loc"])),
            detail["msg"].removeprefix("Value error, "),
            detail["type"],
        )
        for detail in details
    ]


def first_fault(error: ValidationError) -> Fault:
    """Return the first error."""
    return list_faults(error)[0]


def setting_fault(error: ValidationError, known: Iterable[str]) -> str:
    """Return one error of a settings section as a sentence.

    An unknown setting comes first, since it is often a missing one with a slip of the pen; the
    closest of the ``known`` names is suggested.
    """
    fault = pick_fault(error)
    if fault.kind != "extra_forbidden":
        return str(fault)
    return describe_unknown(fault, known)


def pick_fault(error: ValidationError) -> Fault:
    """Return the first unknown setting, otherwise the first error."""
    faults = list_faults(error)
    return next((fault for fault in faults if fault.kind == "extra_forbidden"), faults[0])


def describe_unknown(fault: Fault, known: Iterable[str]) -> str:
    """Return the sentence of an unknown setting, with the closest of the ``known`` names."""
    hint = suggest_name(fault.place.rpartition(".")[2], known)
    return f"{fault.place}: there is no such setting" + (f"; {hint}" if hint else "")


def suggest_name(name: str, known: Iterable[str], *, quoted: bool = False) -> str:
    """Return "did you mean X?" for the closest known name, or "" if none is close.

    Case and white space do not matter. ``quoted`` puts the name in quotes.
    """
    suggestion = closest_name(name, known)
    if suggestion is None:
        return ""
    return f"did you mean {repr(suggestion) if quoted else suggestion}?"


def closest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the closest known name, or None if none is close."""
    by_folded = {_fold(each): each for each in known}
    close = difflib.get_close_matches(_fold(name), by_folded, n=1)
    return by_folded[close[0]] if close else None


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
