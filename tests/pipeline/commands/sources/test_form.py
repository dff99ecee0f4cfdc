"""``feedback form qr``: a code, or a poster, of the address that people reach."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from connectors.server.poster import make_code
from connectors.server.translations import TRANSLATIONS
from tests.support.cli import feedback_output, invoke_feedback

ADDRESS = "https://feedback.eastgate.example/form/waiting-room"
SETTINGS = f"""
[form.waiting-room]
title = {{ en = "How was <it>?", ar = "كيف كان؟" }}
languages = ["en", "ar", "de"]
places = ["waiting area", "Ward 4 & 5"]
public_url = "{ADDRESS}"

[form.private]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feedback.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def modules(address: str) -> list[list[bool]]:
    """Return the dark modules of the code of an address, with the quiet zone."""
    return [[module == 1 for module in row] for row in make_code(address).matrix_iter(border=4)]


def test_a_code_is_the_address_in_black_and_white(folder: Path) -> None:
    said = feedback_output("feedback form qr waiting-room --out code.png", {}, folder)
    assert said == f"wrote code.png, which leads to {ADDRESS}\n"
    wanted = modules(ADDRESS)
    with Image.open(folder / "code.png") as image:
        assert image.size == (10 * len(wanted), 10 * len(wanted))
        pixels = image.convert("L")
        assert wanted == [
            [pixels.getpixel((10 * x + 5, 10 * y + 5)) == 0 for x in range(len(wanted))]
            for y in range(len(wanted))
        ]


def test_a_place_is_part_of_the_address(folder: Path) -> None:
    line = 'feedback form qr form.waiting-room --out code.svg --place "Ward 4 & 5"'
    said = feedback_output(line, {}, folder)
    assert said.endswith(f"{ADDRESS}?place=Ward+4+%26+5\n")
    svg = ElementTree.parse(folder / "code.svg").getroot()  # noqa: S314 - written by the command
    size = str(10 * len(modules(f"{ADDRESS}?place=Ward+4+%26+5")))
    assert (svg.get("width"), svg.get("height")) == (size, size)


@pytest.mark.parametrize("language", ["en", "ar", "de"])
def test_a_poster_is_in_a_language_of_the_form(folder: Path, language: str) -> None:
    line = f"feedback form qr waiting-room --out p.html --poster --language {language}"
    feedback_output(line, {}, folder)
    page = (folder / "p.html").read_text("utf-8")
    words = TRANSLATIONS[language]  # type: ignore[index]
    assert f'<html lang="{language}"' in page and ('dir="rtl"' in page) == (language == "ar")
    assert words.scan in page and f'dir="ltr">{ADDRESS}</p>' in page
    assert "size:A4" in page and page.count("<svg") == 1
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert heading == ("كيف كان؟" if language == "ar" else "How was &lt;it&gt;?")
    assert not re.search(r"<script|src=|@import", page)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("waiting --out code.svg", "there is no form 'waiting'"),
        ("private --out code.svg", "it has no public_url"),
        ("waiting-room --out code.svg --place 'waiting aria'", "did you mean waiting area"),
        ("waiting-room --out code.svg --site Eastgate", "'Eastgate' is not in its sites"),
        ("waiting-room --out code.pdf", "ends in .svg or .png"),
        ("waiting-room --out code.svg --poster", "a poster ends in .html"),
        ("waiting-room --out p.html --poster --language fr", "the form has en, ar, de"),
        ("waiting-room --out none/code.svg", "writing none/code.svg: No such file"),
    ],
)
def test_what_cannot_be_made_is_said(folder: Path, line: str, message: str) -> None:
    done = invoke_feedback(f"feedback form qr {line}", {}, folder)
    assert done.returncode in (1, 2)
    assert message in " ".join(done.stderr.split())
    assert [path.name for path in folder.iterdir()] == ["feedback.toml"]
