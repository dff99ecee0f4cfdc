"""The page on what is found says what the packaged model's card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "understanding.md").read_text("utf-8")
MODEL = ROOT / "pipeline" / "models" / "healthcare" / "model.json"
FIGURES = json.loads(MODEL.read_text("utf-8"))["figures"]


@pytest.mark.parametrize(
    ("row", "figure", "vader"),
    [
        ("accuracy over five levels", FIGURES["sentiment"]["accuracy_5"], None),
        ("macro-F1 over five levels", FIGURES["sentiment"]["macro_f1_5"], None),
        (
            "macro-F1 over three levels",
            FIGURES["sentiment"]["macro_f1_3"],
            FIGURES["vader"]["macro_f1_3"],
        ),
        ("F1 of negative", FIGURES["sentiment"]["f1_negative"], FIGURES["vader"]["f1_negative"]),
        ("topics, micro-F1 (31 with", FIGURES["topics"]["micro_f1"], None),
        ("topics, macro-F1", FIGURES["topics"]["macro_f1"], None),
        ("topics, samples-F1", FIGURES["topics"]["samples_f1"], None),
    ],
)
def test_the_page_gives_the_cards_figures(row, figure, vader):
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {row}")]
    written = [cell.strip() for cell in line.split("|")[2:4]]
    assert written == [f"{figure:.3f}", "" if vader is None else f"{vader:.3f}"]


def test_the_page_gives_the_cards_calibration_error_and_number_of_topics():
    error = FIGURES["sentiment"]["calibration_error"]
    assert f"calibration error of a level's probability is {error:.3f}" in " ".join(PAGE.split())
    assert f"micro-F1 ({len(FIGURES['topics']['topics'])} with" in PAGE
