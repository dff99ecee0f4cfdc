"""Text as a reader takes it: escapes, disguises, broken lines and spelled digits undone.

"jo [at] example [dot] org", "jo&#64;example.org" and "oh seven seven double oh" become what the
finders know. Each character keeps the place that it came from, so spans lead back to the original.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from pipeline.stages._personal.view import Span, View

Replace = Callable[[re.Match[str]], str]

_TOP_LEVELS: Final = (
    r"(?:com|org|net|co|uk|info|eu|io|gov|edu|ac|nhs|de|fr|es|nl|pl|ie|ca|au|nz|ch|se|dk|pt|ru|cz)"
)
_HTML_TAGS: Final = (
    r"a|abbr|b|big|body|br|code|dd|div|dl|dt|em|font|h[1-6]|html|i|li|ol|p|pre|small|span|strong"
    r"|sub|sup|table|tbody|td|th|tr|u|ul"
)
_DIGITS: Final = {
    word: str(digit)
    for digit, words in enumerate(
        ("zero nought oh o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    for word in words.split()
}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_WORD: Final = rf"(?:(?:{'|'.join(_TIMES)})[ -])?(?:{'|'.join(_DIGITS)})"
_LETTERS: Final = re.compile(r"[a-z]+")
_LOCAL: Final = re.compile(r"[\w.+-]{1,64}\Z")
# "Look at example.org" names no account; "jo.bloggs at example.org" and "mail jo at …" do.
_ACCOUNT: Final = re.compile(r"[a-z]\w*[._+\d]")
_ADDRESS_LABEL: Final = re.compile(r"\b(?:e-?mail|mail|reach|contact|write|address)\b")
_NO_ACCOUNT: Final = frozenset(
    "available book booked find found here it look looked me met online order ordered page read"
    " saw see seen site them us was website".split()
)
_LOOKALIKES: Final = str.maketrans("OoIl", "0011")
_LOOKALIKE: Final = re.compile(r"(?<!\w)\+?[\doOlI](?:[ .()-]{0,3}[\doOlI]){8,14}(?!\w)")
_MIN_LOOKALIKE_DIGITS: Final = 5
_UNDERSCORE: Final = re.compile(r"(?<=\d)_(?=\d)")
_BREAKS: Final = str.maketrans("\n\r\t\v\f", "     ")


class Decoded:
    """A text that is decoded step by step, and where its characters came from."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: list[tuple[int, int]] | None = None

    def replace(self, pattern: re.Pattern[str], replace: Replace) -> None:
        """Replace each match; each new character comes from the whole match."""
        text, places = self.text, self._places
        parts: list[str] = []
        moved: list[tuple[int, int]] = []
        done = 0
        for match in pattern.finditer(text):
            new = replace(match)
            if new == match[0]:
                continue
            if places is None:
                places = [(place, place + 1) for place in range(len(text))]
            start, end = match.span()
            parts += (text[done:start], new)
            moved += places[done:start]
            moved += [(places[start][0], places[end - 1][1])] * len(new)
            done = end
        if parts and places is not None:
            self.text = "".join((*parts, text[done:]))
            self._places = [*moved, *places[done:]]

    def restore(self, spans: Iterable[Span]) -> list[Span]:
        """Return spans of the decoded text as spans of the original, in order."""
        places = self._places
        if places is None:
            return sorted(spans)
        restored: list[Span] = []
        done = 0
        for start, end, kind in sorted(spans):
            first, last = max(done, places[start][0]), places[end - 1][1]
            if first < last:
                restored.append((first, last, kind))
                done = last
        return restored


def decode(view: View) -> Decoded:
    """Return the text of a view decoded."""
    text, lowered = view.text, view.lowered
    decoded = Decoded(text)
    for signal, pattern, replace in _STEPS:
        if signal in lowered:
            decoded.replace(pattern, replace)
            if decoded.text is not text:
                text = decoded.text
                lowered = text.lower()
    if view.count_digits() >= _MIN_LOOKALIKE_DIGITS:
        decoded.replace(_LOOKALIKE, _read_lookalikes)
        if "_" in text:
            decoded.replace(_UNDERSCORE, lambda match: " ")
    decoded.text = decoded.text.translate(_BREAKS)
    return decoded


def _unescape(match: re.Match[str]) -> str:
    character = html.unescape(f"&{match[1]};")
    return character if len(character) == 1 else match[0]


def _unwrap(match: re.Match[str]) -> str:
    return "@" if match["at"] else "." if match["dot"] else ":"


def _mend_domain(match: re.Match[str]) -> str:
    domain = "".join(match["domain"].split()).replace(",", ".")
    return "@" + domain


def _read_spelled_at(match: re.Match[str]) -> str:
    local = _local_before(match)
    return "@" if local and local not in _NO_ACCOUNT else match[0]


def _read_at(match: re.Match[str]) -> str:
    local = _local_before(match)
    if not local or local in _NO_ACCOUNT:
        return match[0]
    before = match.string[max(0, match.start() - 60) : match.start()].lower()
    return "@" if _ACCOUNT.match(local) or _ADDRESS_LABEL.search(before) else match[0]


def _local_before(match: re.Match[str]) -> str | None:
    before = match.string[max(0, match.start() - 64) : match.start()].lower()
    local = _LOCAL.search(before)
    return local[0] if local else None


def _read_digits(match: re.Match[str]) -> str:
    digits: list[str] = []
    times = 1
    for word in _LETTERS.findall(match[0].lower()):
        if word in _DIGITS:
            digits.append(_DIGITS[word] * times)
        times = _TIMES.get(word, 1)
    return "".join(digits)


def _read_lookalikes(match: re.Match[str]) -> str:
    written = match[0]
    plain = written.translate(_LOOKALIKES)
    is_number = sum(map(str.isdigit, written)) >= _MIN_LOOKALIKE_DIGITS
    return plain if is_number and plain.startswith(("0", "+", "44")) else written


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_BRACKETED: Final = _compile(
    r" ?[\[({<] ?(?:(?P<at>at|@)|(?P<dot>dot|\.)|:) ?[\])}>] ?(?=[\w/({\[])"
)
_TAG: Final = _compile(rf"</?(?:{_HTML_TAGS})(?: ?/)?>|</[a-z][a-z_-]{{1,24}}>")
_SPELLED_DIGITS: Final = _compile(rf"\b{_WORD}(?:[ ,.-]{{1,3}}{_WORD}){{5,24}}\b")
_STEPS: Final[tuple[tuple[str, re.Pattern[str], Replace], ...]] = (
    ("&", _compile(r"&(?:amp;)?(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,10});"), _unescape),
    ("%", _compile(r"%(2[0bdef]|3[adf]|40|5f)"), lambda match: chr(int(match[1], 16))),
    *((bracket, _BRACKETED, _unwrap) for bracket in "[({<"),
    (">", _TAG, lambda match: " "),
    (">", _compile(r"<([a-z][a-z_-]{1,24})>"), lambda match: f" {match[1]}:"),
    ("hxxp", _compile(r"\bhxxp"), lambda match: "http"),
    (" slash ", _compile(r" slash (?=\w)"), lambda match: "/"),
    (" underscore ", _compile(" underscore "), lambda match: "_"),
    (
        " dot ",
        _compile(
            rf" at (?=[\w-]{{1,40}}(?: dot [\w-]{{1,30}}){{0,2}} dot {_TOP_LEVELS}\b)"
        ),
        _read_spelled_at,
    ),
    (
        " dot ",
        _compile(
            rf" dot (?=(?:[\w-]{{1,30}}(?: dot |\.)){{0,2}}{_TOP_LEVELS}\b"
            r"|(?:\w{1,30} dot ){0,2}\w{1,30}@)"
        ),
        lambda match: ".",
    ),
    *(
        (
            at,
            _compile(rf"{at}(?=[a-z\d][a-z\d-]{{0,40}}(?:\.[a-z\d-]{{1,30}}){{0,2}}\.{_TOP_LEVELS}\b)"),
            _read_at,
        )
        for at in (" at ", "_at_")
    ),
    (
        "@",
        _compile(
            r"\s{0,2}@\s{0,2}(?P<domain>[a-z\d](?:[a-z\d-]{0,62}(?:\r?\n[a-z\d-]{1,62})?"
            rf"(?:\s?[.,]\s?[a-z\d-]{{1,63}}){{0,3}}?)\s?[.,]\s?{_TOP_LEVELS})(?![\w-])"
        ),
        _mend_domain,
    ),
    *((word, _SPELLED_DIGITS, _read_digits) for word in ("zero", "oh ", "double", "seven", "eight")),
)  # fmt: skip
