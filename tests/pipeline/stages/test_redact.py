import csv
import os
import re
import time
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages._personal.phones import MAX_VALIDATED
from pipeline.stages.person_names import NameModelMissing, NamesNotInstalled, PresidioNames
from pipeline.stages.redact import TYPES, Redaction, Redactor
from tests.pipeline.stages.personal_data import Example, Half, examples

REDACTOR = Redactor()
KINDS = sorted(set(TYPES) - {"name"})
DATA = Path(os.environ.get("FEEDBACK_DATA", "../shared/data"))


CASES = tomllib.loads(Path(__file__).with_name("redaction_cases.toml").read_text("utf-8"))


@cache
def redact_text(half: Half) -> list[tuple[Example, Redaction]]:
    return [
        (example, REDACTOR.redact(example.text)) for example in examples(half, seed=1, count=3_000)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("half", ["known", "further"])
def test_nearly_all_of_a_type_is_found_and_nothing_of_it_left(half: Half, kind: str) -> None:
    hits = [
        is_hidden(example, span, result)
        for example, result in redact_text(half)
        for span in example.truth
        if span[2] == kind
    ]
    assert len(hits) >= 100
    assert sum(hits) / len(hits) >= 0.98


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("half", ["known", "further"])
def test_hardly_anything_else_is_taken_for_a_type(half: Half, kind: str) -> None:
    hits = [
        any(kind == other and start < last and first < end for first, last, other in example.truth)
        for example, result in redact_text(half)
        for start, end, found in result.spans
        if found == kind
    ]
    assert sum(hits) / len(hits) >= 0.98


def is_hidden(example: Example, span: tuple[int, int, str], result: Redaction) -> bool:
    start, end, kind = span
    hidden = {place for first, last, _ in result.spans for place in range(first, last)}
    found = any(
        kind == other and start < last and first < end for first, last, other in result.spans
    )
    return found and all(
        place in hidden or not example.text[place].isalnum() for place in range(start, end)
    )


@pytest.mark.parametrize("half", ["known", "further"])
def test_spans_and_counts_tell_what_the_placeholders_replaced(half: Half) -> None:
    for example, result in redact_text(half):
        text = example.text
        for start, end, kind in reversed(result.spans):
            text = f"{text[:start]}[{kind.upper()}]{text[end:]}"
        assert text == result.text
        assert Counter(kind for _, _, kind in result.spans) == result.counts


def test_a_comment_without_personal_data_stays_as_it_is() -> None:
    text = "Waited 2 hours @ A&E, 10/10 for the nurses"
    assert REDACTOR.redact(text) == Redaction(text, {}, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What proves itself goes before what only looks alike, and the whole before its parts.
        ("https://example.org/?m=jane@example.org", "[URL]"),
        ("07700900123@example.org", "[EMAIL]"),
        ("hospital number 999 123 4561", "hospital number [RECORD_NUMBER]"),
        ("hospital number 999 123 4578", "hospital number [NHS_NUMBER]"),
        ("NHS number 9991234561", "NHS number [RECORD_NUMBER]"),
        ("999-123-4578", "[NHS_NUMBER]"),
        ("call 202-555-0175", "call [PHONE]"),
        ("@jane@example.org", "[HANDLE]"),
        ("order ref 12345678, my ref 12345678", "order ref 12345678, my ref [RECORD_NUMBER]"),
        ("my order number is 4415563212", "my order number is 4415563212"),
        # Several in a row, and words around them.
        ("07700900123,07700900124/020 7946 0123", "[PHONE],[PHONE]/[PHONE]"),
        ("aged 82, 07700 900123 2 weeks", "aged 82, [PHONE] 2 weeks"),
        ("(07700900123) tel07700900123", "([PHONE]) tel[PHONE]"),
        ("4111 1111 1111 1111 123", "[CARD] 123"),
        ("GB82 WEST 1234 5698 7654 32 then", "[IBAN] then"),
        ("AB674285C PL88 4617 8189 4633 5155 5402 8294", "[NI_NUMBER] [IBAN]"),
        ("call 0800 1111, 116 123, 111 or 999", "call 0800 1111, 116 123, 111 or 999"),
        ("4111 1111 1111 1112, GB00WEST12345698765432", None),
        # Digits and marks of other scripts and widths.
        ("٠٧٧٠٠٩٠٠١٢٣ ０７７００ ９００１２３", "[PHONE] [PHONE]"),
        ("\u202a+44 7700 900123\u202c", "\u202a[PHONE]\u202c"),
        ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ", "[EMAIL]"),
        ("Driver’s licence D1234567", "Driver’s licence [DRIVING_LICENCE]"),
        ("\ud800 0\0 07700 900123 İ NX1 1QD", "\ud800 0\0 [PHONE] İ [POSTCODE]"),
        # What is hidden already.
        ("[PHONE] 4415563212 [EMAIL] [NOTE]", None),
        ("call [PHONE] or 07700 900123", "call [PHONE] or [PHONE]"),
    ],
)
def test_the_most_certain_type_wins(text: str, expected: str | None) -> None:
    assert REDACTOR.redact(text).text == (text if expected is None else expected)


@pytest.mark.parametrize(("kind", "text", "values"), CASES["gone"])
def test_a_value_is_hidden_however_it_is_written(kind: str, text: str, values: list[str]) -> None:
    redacted = REDACTOR.redact(text).text
    assert [value for value in values if value in redacted] == []


@pytest.mark.parametrize(("kind", "text", "values"), CASES["gone"])
def test_a_value_is_hidden_in_a_long_comment_too(kind: str, text: str, values: list[str]) -> None:
    around = "The ward was calm and the food was warm and fine. " * 50
    redacted = REDACTOR.redact(f"{around}{text}, {around}").text
    assert [value for value in values if value in redacted] == []


@pytest.mark.parametrize("text", CASES["kept"])
def test_numbers_and_codes_of_ordinary_comments_stay(text: str) -> None:
    assert REDACTOR.redact(text).text == text


@pytest.mark.parametrize(("kind", "text", "values"), CASES["missed"])
def test_what_the_documentation_calls_a_limit_is_one(
    kind: str, text: str, values: list[str]
) -> None:
    redacted = REDACTOR.redact(text).text
    assert any(value in redacted for value in values), "found now: move it to the others"


def test_a_span_of_a_disguised_value_is_where_it_stands() -> None:
    text = (
        "mail jo [at] example [dot] org, or oh seven seven double oh nine double oh one two three"
    )
    result = REDACTOR.redact(text)
    assert [text[start:end] for start, end, _ in result.spans] == [
        "jo [at] example [dot] org",
        "oh seven seven double oh nine double oh one two three",
    ]


PIECES = (
    "07700 900123", "+44 7700 900123", "(202) 555-0123", "2025550101", "jane@example.org", "@jane",
    "www.example.org", "http://x.org/a", "4111 1111 1111 1111", "GB29 NWBK 6016 1331 9268 19",
    "943 476 5919", "NHS number ", "123-45-6789", "QQ 12 34 56 C", "SW1A 1AA", "12345-6789",
    "CA 90210", "DOB ", "born on ", "12/03/1956", "3 March 1956", " is my date of birth",
    "192.0.2.1", "2001:db8::1", "MRN ", "ref ", "order number ", "4415563", "account no ",
    "12-34-56 12345678", "SMPL9605054AB9XX", "call me on ", "ext 12", "[PHONE]", "[", "]", "0", "1",
    "12", "123", "1234", "55", " ", "  ", "-", ".", "/", "(", ")", "@", ":", "\0", "a", "x", "'",
    "[at]", " at ", "(dot)", " dot ", "com", "&#64;", "&nbsp;", "%40", "<b>", "hxxp://", "insta: ",
    "oh seven seven", " double oh nine ", "third of May", "nineteen sixty", "O", "l", "geboren",
    "\r\n", "\n", "\ud800", "\u202a", "٠", "０", "é", "İ", "_", "+",
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = REDACTOR.redact(text).text
    assert REDACTOR.redact(once) == Redaction(once, {}, ())


def test_regions_decide_which_telephones_need_no_plus() -> None:
    text = "06 12 34 56 78, 612 345 678, (202) 555-0123, +1 202 555 0123"
    assert [Redactor(regions=regions).redact(text).text for regions in (("FR", "ES"), ("US",))] == [
        "[PHONE], [PHONE], (202) 555-0123, [PHONE]",
        "06 12 34 56 78, 612 345 678, [PHONE], [PHONE]",
    ]


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no region of phone numbers UK"):
        Redactor(regions=("GB", "UK"))


def test_more_telephones_than_are_decided_are_hidden_undecided() -> None:
    text = ", ".join(f"(999) 555-{number:04}" for number in range(MAX_VALIDATED + 10))
    assert REDACTOR.redact(text).counts == {"phone": 10}


LONG = {
    "digits": "1",
    "ats": "@",
    "letters": "1a",
    "ones": "1 ",
    "groups": "4532 8317 ",
    "zeros": "0 ",
    "telephones": "07700 900123 ",
    "calls": "call me me 123456 ",
    "births": "born on the 1 ",
    "labels": "hospital number ref 1234 ",
    "domains": "@a.",
    "colons": "ab:1",
    "hosts": "www.",
    "accounts": "GB11 ",
    "other digits": "٠١",
    "brackets": "[at](",
    "entities": "&#64;&",
    "tags": "<b><nhs",
    "spelled": "one two double ",
    "dots": "a dot a at ",
    "networks": "insta: a.",
    "dates": "1.1.19 geb",
    "lookalikes": "0O l ",
    "domains in lines": "@a\na.",
}


@pytest.mark.parametrize("name", LONG)
def test_time_grows_with_the_text_and_no_faster(name: str) -> None:
    seconds = []
    for count in (25_000, 200_000):
        text = (LONG[name] * count)[:count]
        began = time.process_time()
        REDACTOR.redact(text)
        seconds.append(time.process_time() - began)
    # Eight times as long may take 8 times as long; the square would be 64. The sum is for the
    # first telephones, which the rules decide, and for a busy machine.
    assert seconds[1] < 20 * seconds[0] + 0.2


def test_ordinary_comments_of_patients_lose_nothing() -> None:
    path = DATA / "nhs_feedback.csv"
    if not path.exists():
        pytest.skip(f"{path} is absent: set FEEDBACK_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row["FFT answer"] for row in csv.DictReader(file)]
    counts = sum((Counter(REDACTOR.redact(text).counts) for text in texts), Counter())
    assert counts == {"record_number": 1}  # an incident's number


class Capitals:
    """Takes words in capitals for names, also in placeholders and around other values."""

    def find(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"[A-Z]{3,}(?: [A-Z\d ]+)?", text)]


def test_names_are_hidden_around_other_values_and_never_twice() -> None:
    redactor = Redactor(names=Capitals())
    text = "I met SAM ROE NX1 1QD, mail SAM [at] example [dot] org [NAME] ok"
    once = redactor.redact(text)
    assert once.text == "I met [NAME] [POSTCODE], mail [EMAIL] [NAME] ok"
    assert redactor.redact(once.text) == Redaction(once.text, {}, ())


def test_names_without_the_extra_say_what_to_install() -> None:
    try:
        import presidio_analyzer  # noqa: F401
    except ImportError:
        with pytest.raises(NamesNotInstalled, match=r"pip install 'feedback-pipeline\[ner\]'"):
            PresidioNames("en_core_web_sm")
    else:
        pytest.skip("presidio-analyzer is installed")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A spaCy model that knows two names."""
    spacy = pytest.importorskip("spacy", reason="needs the extra [ner]")
    pytest.importorskip("presidio_analyzer", reason="needs the extra [ner]")
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [
            {"label": "PERSON", "pattern": "Sister Nobody"},
            {"label": "PERSON", "pattern": "Tom Roe NX1 1QD"},
            {"label": "ORG", "pattern": "Leeds Infirmary"},
        ]
    )
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def test_names_are_hidden_where_a_model_finds_them(model: Path) -> None:
    redactor = Redactor(names=PresidioNames(model))
    result = redactor.redact("Sister Nobody of Leeds Infirmary, and Tom Roe NX1 1QD [NAME]")
    assert result.text == "[NAME] of Leeds Infirmary, and [NAME] [POSTCODE] [NAME]"
    assert result.counts == {"name": 2, "postcode": 1}


def test_a_model_that_is_not_here_is_not_downloaded(model: Path) -> None:
    with pytest.raises(NameModelMissing, match="loading the spaCy model nowhere"):
        PresidioNames("nowhere")
