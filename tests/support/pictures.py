"""``python -m tests.support.pictures``: draw the pictures under docs/ from the demo's comments.

Starts engines, runs the demo, and keeps what the commands print as SVG and the report's page as
PNG. The comments are made up; no picture holds anything that a person wrote.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.support.engines import engine_environment, running_engines, set_up
from tests.support.pipeline import ROOT, feedback
from tests.support.programs import require

DOCS: Final = ROOT / "docs"
WIDTH: Final = 104
SEARCH: Final = "feedback search 'waited | waiting' --urgent --limit 4"
REPORT: Final = "feedback report --since 60d --period week --by site --format html -o report.html"
THEME: Final = TerminalTheme(
    (24, 26, 33),
    (214, 218, 228),
    [
        (70, 75, 90), (240, 113, 120), (142, 204, 138), (232, 193, 112),
        (118, 169, 250), (199, 146, 234), (110, 205, 217), (214, 218, 228),
    ],
    [
        (110, 116, 133), (255, 140, 146), (166, 222, 162), (245, 211, 140),
        (150, 190, 255), (217, 172, 247), (140, 223, 233), (255, 255, 255),
    ],
)  # fmt: skip


def main() -> None:
    """Write every picture."""
    with running_engines() as engines, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = set_up(engines)
        environment = engine_environment(settings)
        feedback("feedback demo", environment, folder)
        terminal = {**environment, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH)}
        write_svg(DOCS / "search.svg", SEARCH, feedback(SEARCH, terminal, folder))
        feedback(REPORT, environment, folder)
        write_screenshot(DOCS / "report.png", folder / "report.html")


def write_svg(path: Path, command: str, output: str) -> None:
    """Draw a command line and its coloured output as a terminal window."""
    console = Console(
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        file=io.StringIO(),
    )
    console.print(Text.assemble(("$ ", "bold green"), command))
    console.print(Text.from_ansi(output.rstrip()))
    svg = console.export_svg(title="feedback", theme=THEME, unique_id="feedback")
    # Pictures load nothing from elsewhere: the reader's own monospaced font will do.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    path.write_text(re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE), encoding="utf-8")


def write_screenshot(path: Path, page: Path) -> None:
    """Photograph the top of an HTML page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(require("chromium")), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1100, "height": 1060})
        tab.goto(page.as_uri())
        tab.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main()
