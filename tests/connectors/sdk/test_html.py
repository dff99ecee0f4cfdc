"""The text of HTML, as a reader sees it."""

import random
import time
from collections.abc import Iterator

import pytest

from connectors.sdk.html import plain_text

PIECES = (
    "<p>", "</p>", "<br/>", '<a href="x>y" b>', "</a >", "<span class=a>", "<a b='<'>",
    "<!-- c -->", "<script>var s</script>", "<P\n>", "</ p>", "<a/b>", "<i/>", "\r\n", "<?x>",
    "</>", "<x-y>", '<p"q">', "<!doctype html>", "<title>t</title >", "<!-->", "<![endif]>",
)  # fmt: skip
MARKUP = (
    "<a ", "</a ", "<!--", "<!", "<![CDATA[", "<?a ", "</ ", "<", "<a<", "&#", "&#1", "&amp", "&",
    '<a b="', "<a b='", """<a b='" c="'""", "<a b=", "<a =", "<a /", "<a\n", "\n ", " ", "<!-- -",
    "<script>", "<script></script ", "<style></", "<title>", "<template>", "<head>", "</script>",
    "<div>", "<b>", "</b>", "<b></i>", "<table>", "<table>a<b>", "<p>", "<a b c>", "<a b='>",
)  # fmt: skip


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello &amp; <b>good</b>bye<br>now</p><p>two</p>", "Hello & goodbye\nnow\ntwo"),
        ("no tags at all", "no tags at all"),
        ("a<script>alert('x')</script><style>p{}</style>b", "ab"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("  much \t space \n\n\n here ", "much space\nhere"),
        ("unclosed <b>tag <p>and", "unclosed tag\nand"),
        ("<a href='https://example.org'>#<span>nhs</span></a>", "#nhs"),
        ("5 < 6 & 7 > 6", "5 < 6 & 7 > 6"),
        ("", ""),
        ("good <![foo[ care", "good <![foo[ care"),
        ("kind <!-- p > q --> staff", "kind staff"),
        ("<!-->kind<!--->staff<!-- a --!>", "kindstaff"),
        ("<![if !mso]>kind<![endif]>", "kind"),
        ("<head><title>t</title><style>p{}</style></head><body>kind", "kind"),
        ("<script>'<p>no</p>'</SCRIPT\n>yes", "yes"),
        ("<scripts>seen</scripts>", "seen"),
        ("<a title='x>y' b=\"'>\">kind</a>", "kind"),
        ("&am<b>p;</b> &#x41;&#66; &lt;p&gt; &nbsp;x", "&amp; AB <p> x"),
    ],
)
def test_tags_go_and_words_stay(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("good <!-- and <br> kind", "good and\nkind"),
        ("<head><meta a><p>Hello", "Hello"),
        ("I like the <style> of the ward", "I like the of the ward"),
        ('<a href="https://example.org>here</a> more', "here more"),
        ("it was <b good", "it was <b good"),
        ("<p>Hello</p><a <a <a", "Hello\n<a <a <a"),
    ],
)
def test_markup_that_never_ends_takes_no_words_with_it(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize("digits", [9, 5_000])
def test_a_reference_to_a_character_that_cannot_be_is_one_that_is_unknown(digits: int) -> None:
    assert plain_text(f"a &#{'9' * digits}; b") == "a \N{REPLACEMENT CHARACTER} b"


def test_every_word_beside_markup_is_kept_in_its_order() -> None:
    made_up = random.Random(5)
    for _ in range(2_000):
        words = [f"w{number}" for number in range(made_up.randrange(9))]
        html = "".join(f"{''.join(made_up.choices(PIECES, k=3))}{word} " for word in words)
        assert plain_text(html).split() == words, html


def hostile(size: int) -> Iterator[str]:
    for piece in MARKUP:
        yield f"<p>Hello</p>{piece * (size // len(piece))}"
        yield f"<p>Hello</p>{piece * (size // len(piece))}>"
    for outer, inner in (("<b>", "</i>"), ("<script>", "</"), ("<!--", "->"), ("<a b='", 'c="')):
        half = size // 2
        yield f"<p>Hello</p>{outer * (half // len(outer))}{inner * (half // len(inner))}"
    yield "<p>Hello</p>" + "".join(f"<b id={number}><p>" for number in range(size // 12))
    yield f"<p>Hello</p>&#{'9' * size};"


def test_time_grows_with_the_text_and_no_faster() -> None:
    """What grows with the square of 150,000 characters takes minutes."""
    for html in hostile(150_000):
        before = time.process_time()
        assert plain_text(html).startswith("Hello")
        assert time.process_time() - before < 2, html[:40]
