"""Texts that train the second level of urgency: sentences with reasons, and ordinary comments."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.training.labelled_text import read_written

_NOT_ORDINARY: Final = frozenset({"safeguarding", "equality", "feeling_safe", "medication"})
"""Topics of which a comment may well be urgent."""


@dataclass
class Texts:
    """Labelled and ordinary texts; what is split into folds together has a common group."""

    texts: list[str] = field(default_factory=list)
    reasons: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    is_ordinary: list[bool] = field(default_factory=list)
    is_real: list[bool] = field(default_factory=list)
    """Ordinary and written by patients: how long the queue is, is measured on them."""

    def add(
        self,
        text: str,
        reasons: Sequence[str],
        group: str,
        *,
        is_ordinary: bool,
        is_real: bool = False,
    ) -> None:
        """Add a text."""
        self.texts.append(text)
        self.reasons.append(tuple(reasons))
        self.groups.append(group)
        self.is_ordinary.append(is_ordinary)
        self.is_real.append(is_real)


def read_sentences(path: Path, texts: Texts) -> None:
    """Add the sentences of a TOML file. Raises ``OSError`` or ``tomllib.TOMLDecodeError``."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = (table for tables in content.values() if isinstance(tables, list) for table in tables)
    for table in tables:
        kind = f"{path.stem}/{table.get('kind', '')}/{table.get('about', '')}/{table['reasons']}"
        for text in table["texts"]:
            texts.add(text, table["reasons"], kind, is_ordinary=False)


def read_background(source: str, texts: Texts) -> None:
    """Add a file's ordinary comments.

    ``source`` is FILE:COLUMN or FILE:COLUMN:AUTHOR for a CSV file, and the name alone for a file of
    comments that were written to learn from; of those some topics are left out.
    """
    if source.endswith(".jsonl"):
        for text in read_written(Path(source)):
            if _NOT_ORDINARY.isdisjoint(text.topics or ()):
                texts.add(text.text, (), text.person, is_ordinary=True)
        return
    name, column, author = (*source.split(":"), "")[:3]
    with Path(name).open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row[column].strip():
                group = row[author] if author else str(number)
                texts.add(
                    row[column].strip(), (), f"{name}/{group}", is_ordinary=True, is_real=True
                )
