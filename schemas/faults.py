"""What pydantic found wrong, without the value that it found it in: that may be personal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError


class Fault(NamedTuple):
    """One thing that is wrong."""

    place: str
    """Names of fields and indexes, joined by dots; empty for the whole."""
    message: str
    kind: str
    """Pydantic's name of the rule."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def faults_of(error: ValidationError) -> list[Fault]:
    """All that is wrong, in pydantic's order."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [
        Fault(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "), one["type"])
        for one in found
    ]


def first_fault(error: ValidationError) -> Fault:
    """What is wrong first."""
    return faults_of(error)[0]


def setting_fault(error: ValidationError, settings: Iterable[str]) -> str:
    """What is wrong first in a section of settings; for a wrong name, the likeliest one meant."""
    fault = first_fault(error)
    if fault.kind != "extra_forbidden":
        return str(fault)
    near = difflib.get_close_matches(fault.place.rpartition(".")[2], settings, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{fault.place}: there is no such setting{hint}"
