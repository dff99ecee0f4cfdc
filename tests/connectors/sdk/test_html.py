"""The text of HTML, as a reader sees it."""

import random

import pytest

from connectors.sdk.html import _parse, plain_text

PIECES = (
    "<p>", "</p>", "<br/>", '<a href="x>y" b>', "</a >", "<span class=a>", "<a b='<'>", "words ",
    "&amp;", "&am", "p;", "&lt", "<", ">", '"', "'", "&#x41;", "<!-- c -->", "<script>",
    "</script>", "<P\n>", "</ p>", "<a/b>", "\xa0", "<title>", "</p", '<b a="1"', "<i/>", "\r\n",
    "<?x>", "</>", '<a =">">', "<x-y>", '<p"q">',
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
    ],
)
def test_tags_go_and_words_stay(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_what_is_read_quickly_is_what_the_parser_reads() -> None:
    made_up = random.Random(5)
    for _ in range(5_000):
        html = "".join(made_up.choices(PIECES, k=made_up.randrange(1, 9)))
        assert plain_text(html) == _parse(html), html
