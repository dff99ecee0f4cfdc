from pathlib import Path

import pytest

from pipeline.errors import CommandError, ExitStatus
from pipeline.reports.request import read_goals
from pipeline.stages.classify_topics import Taxonomy

GOAL = '[[goals]]\nname = "Calls"\nmeasure = "nps"\ntarget = 30\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOAL + "bye = 2030-12-31\n", "goals.0.bye: there is no such setting; did you mean by?"),
        (GOAL + "by = 'soon'\n", "goals.0.by: "),
        (GOAL.replace("30", "300") + "by = 2030-12-31\n", "goals.0: the target of 'Calls' must be"),
        (GOAL + "by = \n", ""),
        ("[[goal]]\n", "goal: there is no such setting; did you mean goals?"),
    ],
)
def test_a_goals_file_that_cannot_be_read_is_one_sentence_about_the_slip(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CommandError) as raised:
        read_goals(path, Taxonomy.load())
    assert str(raised.value).startswith(f"reading {path}: {sentence}")
    assert raised.value.status is ExitStatus.USAGE
