"""The text of HTML, as a reader sees it."""

import pytest

from connectors._html import plain_text


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
