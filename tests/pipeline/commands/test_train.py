"""`feedback train` and `feedback evaluate`: where the labels come from, and what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from connectors.file.columns.presets import load_presets
from pipeline.stages.classify_topics import Taxonomy
from tests.support.cli import invoke_feedback

pytestmark = pytest.mark.slow

HEAD = "Comment,Who,Sentiment,Topics"


def run_command(arguments: str, folder: Path, rows: list[str]) -> subprocess.CompletedProcess[str]:
    (folder / "own.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return invoke_feedback(f"feedback {arguments}", {"PATH": ""}, folder)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ("train own.csv --map text=Comment", 2, "name their columns with --sentiment"),
        ("train own.csv --map text=Comment --sentiment Nowhere", 2, "Nowhere"),
        ("train own.csv --map text=Comment --sentiment Sentiment", 4, "numbers"),
        (
            "train own.csv --map text=Comment --sentiment Sentiment --sentiment-scale 1:5",
            4,
            "3 labelled comments; at least 100",
        ),
        ("train own.csv --map text=Comment --topic food", 2, "TOPIC=COLUMN"),
        ("train own.csv --map text=Comment --sentiment Who --sentiment-scale 1", 2, "BEST:WORST"),
        ("train own.csv --sentiment Who --sentiment-scale 5:inf", 2, "BEST:WORST"),
        ("train own.csv --preset nope", 2, "nope"),
        ("train gone.csv --map text=Comment --topics Topics", 4, "gone.csv"),
        ("train own.csv --map text=Comment --topics Topics --taxonomy no.toml", 2, "no.toml"),
        ("evaluate own.csv --map text=Comment --topics Topics --model nothing", 2, "model.json"),
    ],
)
def test_what_can_not_be_trained_on_is_said_in_one_sentence(
    arguments: str, status: int, sentence: str, tmp_path: Path
) -> None:
    done = run_command(arguments, tmp_path, ["Fine,a,1,food", "Bad,b,5,food;pain", "So so,c,3,"])
    assert done.returncode == status, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_is_not_written_over_unasked(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.npz").touch()
    done = run_command(
        "train own.csv --map text=Comment --topics Topics -o mine", tmp_path, ["a,b,,food"]
    )
    assert (done.returncode, "--force" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", sorted(load_presets()))
def test_the_topics_that_a_preset_labels_are_in_the_taxonomy(name: str) -> None:
    assert set(load_presets()[name].labels.topics) <= set(Taxonomy.load().topics)
