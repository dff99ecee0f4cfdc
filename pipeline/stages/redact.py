"""Stage: replaces personal data in a comment by placeholders such as ``[PHONE]``.

It runs before anything reaches a subscriber, an index or a log. Patterns and check digits find
most types; names need a model (``person_names``), and text that is personal by its meaning alone
is not found: the result is less personal, not anonymous.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.stages._personal import dates, labelled, national, numbers, online, places
from pipeline.stages._personal.decoding import decode
from pipeline.stages._personal.phones import PhoneFinder
from pipeline.stages._personal.quick_test import find_spots, may_hold_value
from pipeline.stages._personal.view import HIDDEN, Find, Finder, Span, View
from pipeline.stages._text_windows import LONG, windows_around
from pipeline.stages.person_names import NameFinder

TYPES: Final = (
    "account",
    "card",
    "date_of_birth",
    "driving_licence",
    "email",
    "handle",
    "iban",
    "ip",
    "name",
    "nhs_number",
    "ni_number",
    "passport",
    "phone",
    "postcode",
    "record_number",
    "ssn",
    "url",
    "vehicle",
    "zip",
)
"""Types of personal data; the placeholder is the type in upper case."""

_PLACEHOLDER: Final = re.compile(rf"\[(?:{'|'.join(TYPES).upper()})\]")
_READABLE: Final = re.compile(rf"\w(?:[^{HIDDEN}]*\w)?")
_MIN_RUN_DIGITS: Final = 4
_MAX_DIGITS: Final = 14  # that any finder asks for
_MAX_PASSES: Final = 10


class Redaction(NamedTuple):
    """A redacted text and the redactions in it."""

    text: str
    """With placeholders."""
    counts: Mapping[str, int]
    """Number of redactions by type; empty if there are none."""
    spans: tuple[tuple[int, int, str], ...]
    """Start and end in the original text, and type; in order."""


class Redactor:
    """Hides personal data. Deterministic and idempotent.

    ``regions`` are the countries whose phone numbers are recognized without a ``+``, as two
    letters; ``names`` finds names, which are kept without it. Raises ``ValueError`` for an
    unknown region.
    """

    def __init__(
        self, *, regions: Sequence[str] = ("GB", "US"), names: NameFinder | None = None
    ) -> None:
        phones = PhoneFinder(regions)
        self._names = names
        self.version = "patterns-3" if names is None else "patterns-3+names"
        # Types with a check digit come before lookalikes: see the package's docstring.
        self._finders = (
            Finder(0, 0, online.find_urls),
            Finder(0, 0, online.find_emails),
            Finder(0, 0, online.find_handles),
            Finder(0, 0, online.find_accounts),
            Finder(5, 5, online.find_ipv4_addresses),
            Finder(1, 0, online.find_ipv6_addresses),
            Finder(8, 8, numbers.find_ibans),
            Finder(14, 14, numbers.find_cards),
            Finder(10, 10, national.find_nhs_numbers),
            Finder(9, 9, national.find_ssns),
            Finder(6, 6, national.find_ni_numbers),
            Finder(7, 6, labelled.find_driving_licences),
            Finder(14, 6, labelled.find_bank_details),
            Finder(0, 0, dates.find_dates_of_birth),
            Finder(5, 4, dates.find_foreign_dates_of_birth),
            Finder(4, 4, labelled.find_labelled),
            Finder(2, 0, labelled.find_vehicles),
            Finder(7, 7, phones.find),
            Finder(10, 10, national.find_doubtful_nhs_numbers),
            Finder(6, 6, phones.find_labelled),
            Finder(5, 5, places.find_zip_codes),
            Finder(1, 0, places.find_postcodes),
        )

        self._by_digits: dict[tuple[int, int], list[Find]] = {}

    def redact(self, text: str) -> Redaction:
        """Return the text with a placeholder for each value; accepts any string."""
        if not may_hold_value(text) and self._names is None:
            return Redaction(text, {}, ())
        spans = self._find(text) if len(text) <= LONG else self._find_in_pieces(text)
        if not spans:
            return Redaction(text, {}, ())
        counts = Counter(kind for _, _, kind in spans)
        return Redaction(_insert_placeholders(text, spans), dict(counts), tuple(spans))

    def _find_in_pieces(self, text: str) -> list[Span]:
        """Search around digits, signs and some words only, unless names are searched."""
        if self._names is not None:
            return self._find(text)
        hidden: list[Span] = []
        done = 0
        for start, end in windows_around(text, find_spots(text)):
            # Windows may overlap by a word, which is not searched twice.
            start = max(start, done)
            window = text[start:end]
            if may_hold_value(window):
                hidden += [(start + a, start + b, kind) for a, b, kind in self._find(window)]
            done = end
        return hidden

    def _find(self, text: str) -> list[Span]:
        plain = View.from_text(text)
        decoded = decode(plain)
        view = plain if decoded.text is plain.text else View.from_text(decoded.text)
        hidden = decoded.restore(self._find_decoded(view))
        if self._names is not None:
            readable = _hide_placeholders(plain.hide(hidden))
            hidden += _still_readable(readable, self._names.find(text))
        return sorted(hidden)

    def _finders_for(self, digits: int, run: int) -> list[Find]:
        """Return the finders of what a text with so many digits, and close together, can hold."""
        finders = self._by_digits.get((digits, run))
        if finders is None:
            finders = [
                finder.find
                for finder in self._finders
                if digits >= finder.min_digits and run >= finder.min_run
            ]
            self._by_digits[digits, run] = finders
        return finders

    def _find_decoded(self, view: View) -> list[Span]:
        view = _hide_placeholders(view)
        hidden: list[Span] = []
        digits, run = view.count_digits(), 0
        if digits >= _MIN_RUN_DIGITS:
            run = view.longest_run()
        finders = self._finders_for(min(digits, _MAX_DIGITS), min(run, _MAX_DIGITS))
        # Hiding a value may expose another to earlier finders, so they run again.
        searched_at = [-1] * len(finders)
        for _ in range(_MAX_PASSES):
            before = len(hidden)
            for index, find in enumerate(finders):
                if searched_at[index] != len(hidden):
                    searched_at[index] = len(hidden)
                    if spans := find(view):
                        hidden += spans
                        view = view.hide(spans)
            if len(hidden) == before:
                break
        return hidden


def _hide_placeholders(view: View) -> View:
    if "[" not in view.text:
        return view
    return view.hide([(*match.span(), "") for match in _PLACEHOLDER.finditer(view.text)])


def _still_readable(view: View, names: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Yield the parts of names that are not hidden yet."""
    done = 0
    for start, end in sorted(names):
        for match in _READABLE.finditer(view.text, max(start, done), end):
            yield *match.span(), "name"
        done = max(done, end)


def _insert_placeholders(text: str, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, kind in spans:
        parts += (text[done:start], f"[{kind.upper()}]")
        done = end
    return "".join((*parts, text[done:]))
