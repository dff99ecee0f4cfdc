"""Text as a reader takes it: escapes, disguises, broken lines and spelled digits undone.

"jo [at] example [dot] org", "jo&#64;example.org" and "oh seven seven double oh" become what the
finders know. Each character keeps the place that it came from, so spans lead back to the original.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import Final

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
_BIRTH: Final = re.compile(r"b(?:irth|orn)")
_DOTTED: Final = re.compile(r"\.[a-z]{2}")
_SITE: Final = re.compile(r"\.(?:co|org|net|uk|de|[a-z]{2,3}/)|www\.|\b(?:insta|ig\b|snap|tik)")
_MIN_SPELLED_PHONE: Final = 30  # characters
_MONTH: Final = re.compile(r"\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
_TWO_WORDS: Final = re.compile(rf"\b{_WORD}[\s,.-]{{1,3}}{_WORD}\b")
_SIX_WORDS: Final = re.compile(rf"\b{_WORD}(?:[\s,.-]{{1,3}}{_WORD}){{5}}\b")
_TIMES_DIGIT: Final = re.compile(rf"\b({'|'.join(_TIMES)})[ -](\d)(?!\d)", re.IGNORECASE)
_SIGNS: Final = b"&%[({<"
_LOCAL: Final = re.compile(r"[\w.+-]{1,64}\Z")
# "Look at example.org" names no account; "jo.bloggs at example.org" and "mail jo at …" do.
_ACCOUNT: Final = re.compile(r"[a-z]\w*[._+\d]")
_ADDRESS_LABEL: Final = re.compile(r"\b(?:e-?mail|mail|reach|contact|write|address)\b")
_NO_ACCOUNT: Final = frozenset(
    "available book booked find found here it look looked me met online order ordered page read"  # noqa: SIM905
    " saw see seen site them us was website".split()
)
_LOOKALIKES: Final = str.maketrans("OoIl", "0011")
_LOOKALIKE: Final = re.compile(
    r"(?<!\w)\+?[\doOlI](?:[ .()-]{0,3}[\doOlI]){8,14}(?<![ .()-][oOlI])(?!\w)"
)
_MIXED: Final = re.compile(r"\d(?:[oOlI]|(?<=[oOlI]\d))")
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


def may_be_spelled(lowered: str) -> bool:
    """True if the text may hold a value of words alone, such as a date of birth."""
    return (
        (_names_birth(lowered) and _MONTH.search(lowered) is not None)
        or ("." in lowered and _DOTTED.search(lowered) is not None and _names_site(lowered))
        or " dot " in lowered
        or (len(lowered) >= _MIN_SPELLED_PHONE and _may_spell_digits(lowered))
    )


def _names_birth(lowered: str) -> bool:
    return _BIRTH.search(lowered) is not None or "dob" in lowered or "d.o.b" in lowered


def _names_site(lowered: str) -> bool:
    return _SITE.search(lowered) is not None


def _may_spell_digits(lowered: str) -> bool:
    if "oh " in lowered or "zero" in lowered:
        return _TWO_WORDS.search(lowered) is not None
    # A number of ten digits that has none of these words is rare: they spare a search.
    if "seven" in lowered or "eight" in lowered or "double" in lowered or "nought" in lowered:
        return _SIX_WORDS.search(lowered) is not None
    return False


def decode(view: View) -> Decoded:
    """Return the text of a view decoded."""
    decoded = Decoded(view.text)
    coded = view.text.encode(errors="replace")
    if len(coded.translate(None, _SIGNS)) < len(coded):
        for sign, pattern, replace in _SIGN_STEPS:
            if sign in decoded.text:
                decoded.replace(pattern, replace)
    is_same = decoded.text is view.text
    lowered = view.lowered if is_same else decoded.text.lower()
    if "double" in lowered or "triple" in lowered or "treble" in lowered:
        decoded.replace(_TIMES_DIGIT, lambda match: match[2] * _TIMES[match[1].lower()])
        lowered = decoded.text.lower()
    if not is_same or "@" in lowered or may_be_spelled(lowered):
        for word, pattern, replace in _WORD_STEPS:
            if word in lowered:
                decoded.replace(pattern, replace)
                lowered = decoded.text.lower()
    if view.count_digits() >= _MIN_LOOKALIKE_DIGITS:
        _mend_digits(decoded)
    if "\n" in lowered or "\r" in lowered or "\t" in lowered:
        decoded.text = decoded.text.translate(_BREAKS)
    return decoded


def _mend_digits(decoded: Decoded) -> None:
    if _MIXED.search(decoded.text):
        decoded.replace(_LOOKALIKE, _read_lookalikes)
    if "_" in decoded.text:
        decoded.replace(_UNDERSCORE, lambda match: " ")


def _unescape(match: re.Match[str]) -> str:
    character = html.unescape(f"&{match[1]};")
    return character if len(character) == 1 else match[0]


def _unwrap(match: re.Match[str]) -> str:
    return "@" if match["at"] else "." if match["dot"] else ":"


def _mend_domain(match: re.Match[str]) -> str:
    domain = "".join(match["domain"].split()).replace(",", ".")
    # With blanks on both sides it may mean "at": the finder of e-mail addresses decides.
    is_apart = match["at"][0].isspace() and match["at"][-1].isspace()
    return f" @ {domain}" if is_apart else f"@{domain}"


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


_DISGUISE: Final = r"[\[({<] ?(?:(?P<at>at|@)|(?P<dot>dot|\.)|:) ?[\])}>] ?(?=[\w/({\[])"
_TAG: Final = _compile(rf"</?(?:{_HTML_TAGS})(?: ?/)?>|</[a-z][a-z_-]{{1,24}}>")
_SPELLED_DIGITS: Final = _compile(rf"\b{_WORD}(?:[\s,.-]{{1,3}}{_WORD}){{5,24}}\b")
_SIGN_STEPS: Final[tuple[tuple[str, re.Pattern[str], Replace], ...]] = (
    (
        "&",
        _compile(r"&(?:amp;)?(#\d{1,7}(?![\d;])|(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,10})(?=;));?"),
        _unescape,
    ),
    ("(", _compile(r"(?<=\w)\(a\)(?=[\w-]{1,40}\.[a-z]{2})"), lambda match: "@"),
    ("%", _compile(r"%(2[0bdef]|3[adf]|40|5f)"), lambda match: chr(int(match[1], 16))),
    *((bracket, _compile(_DISGUISE), _unwrap) for bracket in "[({<"),
    ("<", _TAG, lambda match: " "),
    ("<", _compile(r"<([a-z][a-z_-]{1,24})>"), lambda match: f" {match[1]}:"),
)
_WORD_STEPS: Final[tuple[tuple[str, re.Pattern[str], Replace], ...]] = (
    ("hxxp", _compile(r"(?<![^\W\d_])hxxp"), lambda match: "http"),
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
            r"(?P<at>\s{0,2}@\s{0,2})"
            r"(?P<domain>[a-z\d](?:[a-z\d-]{0,62}(?:\r?\n[a-z\d-]{1,62})?"
            rf"(?:\s?[.,]\s?[a-z\d-]{{1,63}}){{0,3}}?)\s?[.,]\s?{_TOP_LEVELS})(?![\w-])"
        ),
        _mend_domain,
    ),
    *(
        (word, _SPELLED_DIGITS, _read_digits)
        for word in ("zero", "nought", "oh ", "double", "seven", "eight")
    ),
)  # fmt: skip
