"""Stage: personal data in a comment gives way to placeholders such as ``[PHONE]``.

It runs before anything reaches a subscriber, an index or a log. Patterns and check digits find
what they can; names need a model (``person_names``), and what is personal by its meaning only
is not found: the result is less personal, not anonymous.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.stages._personal import dates, labelled, numbers, online, places
from pipeline.stages._personal.phones import Phones
from pipeline.stages._personal.view import HIDDEN, Finder, Span, View
from pipeline.stages._text_windows import LONG, around
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
    "zip",
)
"""What is hidden; the placeholder is the type in capitals."""

_PLACEHOLDER: Final = re.compile(rf"\[(?:{'|'.join(TYPES).upper()})\]")
_OTHER_SIGNAL: Final = re.compile(r"[\d＠﹫]")
_SIGNAL: Final = re.compile(r"[\d@＠﹫/]+|www\.", re.IGNORECASE)
_READABLE: Final = re.compile(rf"\w(?:[^{HIDDEN}]*\w)?")
_LEAST_IN_RUN: Final = 4
_MOST_PASSES: Final = 10


class Redaction(NamedTuple):
    """A text without its personal data, and what was taken out of it."""

    text: str
    """With placeholders."""
    counts: Mapping[str, int]
    """Type to how many; empty when there were none."""
    spans: tuple[tuple[int, int, str], ...]
    """Start and end in the original text, and type; in order."""


class Redactor:
    """Hides personal data; the same text gives the same result, and redacting twice no other.

    ``regions`` are the countries whose telephone numbers are known without a ``+``, as two
    letters; ``names`` finds names, which are left alone without it. Raises ``ValueError`` for an
    unknown region.
    """

    def __init__(
        self, *, regions: Sequence[str] = ("GB", "US"), names: NameFinder | None = None
    ) -> None:
        phones = Phones(regions)
        self._names = names
        self.version = "patterns-1" if names is None else "patterns-1+names"
        # What proves itself goes before what only looks alike: see the package's docstring.
        self._finders = (
            Finder(0, 0, online.find_urls),
            Finder(0, 0, online.find_emails),
            Finder(0, 0, online.find_handles),
            Finder(1, 0, online.find_ip_addresses),
            Finder(8, 8, numbers.find_ibans),
            Finder(14, 14, numbers.find_cards),
            Finder(10, 10, numbers.find_nhs_numbers),
            Finder(9, 9, numbers.find_ssns),
            Finder(6, 6, numbers.find_ni_numbers),
            Finder(7, 6, labelled.find_driving_licences),
            Finder(14, 6, labelled.find_bank_details),
            Finder(1, 0, dates.find_dates_of_birth),
            Finder(4, 4, labelled.find_labelled),
            Finder(7, 7, phones.find),
            Finder(10, 10, numbers.find_doubtful_nhs_numbers),
            Finder(6, 6, phones.find_labelled),
            Finder(5, 5, places.find_zip_codes),
            Finder(2, 0, places.find_postcodes),
        )

    def redact(self, text: str) -> Redaction:
        """The text with a placeholder for each value; any string will do."""
        if not _may_hold(text) and self._names is None:
            return Redaction(text, {}, ())
        spans = self._find(text) if len(text) <= LONG else self._find_in_pieces(text)
        if not spans:
            return Redaction(text, {}, ())
        counts = Counter(kind for _, _, kind in spans)
        return Redaction(_replaced(text, spans), dict(counts), tuple(spans))

    def _find_in_pieces(self, text: str) -> list[Span]:
        """What :meth:`_find` finds in the surroundings of digits and signs; names everywhere."""
        if self._names is not None:
            return self._find(text)
        found: list[Span] = []
        done = 0
        for start, end in around(text, (match.span() for match in _SIGNAL.finditer(text))):
            # Surroundings may meet by a word; what was looked at is not looked at again.
            start = max(start, done)
            found += [(start + a, start + b, kind) for a, b, kind in self._find(text[start:end])]
            done = end
        return found

    def _find(self, text: str) -> list[Span]:
        view = View.of(text)
        if "[" in text:
            view = view.without([(*match.span(), "") for match in _PLACEHOLDER.finditer(text)])
        found: list[Span] = []
        digits, run = view.digits(), 0
        if digits >= _LEAST_IN_RUN:
            run = view.longest_run()
        # What one hides may uncover something for those before it, so they look again.
        looked_after = [-1] * len(self._finders)
        for _ in range(_MOST_PASSES):
            before = len(found)
            for index, (least_digits, least_run, find) in enumerate(self._finders):
                if digits < least_digits or run < least_run or looked_after[index] == len(found):
                    continue
                looked_after[index] = len(found)
                if spans := find(view):
                    found += spans
                    view = view.without(spans)
            if len(found) == before:
                break
        if self._names is not None:
            found += _still_readable(view, self._names.find(text))
        return sorted(found)


def _may_hold(text: str) -> bool:
    """Whether there is a digit, an ``@`` or a URL: most comments have none and end here."""
    # Single searches are several times faster than a regular expression or a set.
    return (
        "0" in text
        or "1" in text
        or "2" in text
        or "3" in text
        or "4" in text
        or "5" in text
        or "6" in text
        or "7" in text
        or "8" in text
        or "9" in text
        or "@" in text
        or ("/" in text and ("." in text or "://" in text))
        or ("." in text and "www." in text.lower())
        or (not text.isascii() and _OTHER_SIGNAL.search(text) is not None)
    )


def _still_readable(view: View, names: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Names, without what of them is hidden already."""
    done = 0
    for start, end in sorted(names):
        for match in _READABLE.finditer(view.text, max(start, done), end):
            yield *match.span(), "name"
        done = max(done, end)


def _replaced(text: str, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, kind in spans:
        parts += (text[done:start], f"[{kind.upper()}]")
        done = end
    return "".join((*parts, text[done:]))
