"""Options of `feedback ingest` that are pairs: FIELD=COLUMN and MEASURE=WORST:BEST."""

from __future__ import annotations

from typing import Any

from pipeline.commands.shared.options import parse_columns, parse_pairs
from pipeline.errors import CommandError, ExitStatus


def parse_mapping(pairs: list[str]) -> dict[str, Any]:
    """Return pairs of FIELD=COLUMN as ``columns``, ``texts`` and ``attributes``.

    Raises ``CommandError``.
    """
    columns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    texts = [pair.partition("=")[2].strip() for pair in pairs if _is_text(pair)]
    for field, column in parse_columns(pairs, "--map", "FIELD=COLUMN").items():
        kind, dot, name = field.partition(".")
        if dot and kind in {"attribute", "attributes"}:
            attributes[name] = column
        else:
            columns[field] = column
    if texts:
        columns["text"] = texts[0]
    return {"columns": columns, "attributes": attributes, "texts": texts}


def _is_text(pair: str) -> bool:
    return pair.partition("=")[0].strip() == "text"


def parse_scales(pairs: list[str]) -> dict[str, tuple[float, float]]:
    """Return pairs of MEASURE=WORST:BEST as numbers; raises ``CommandError``."""
    form = "MEASURE=WORST:BEST"
    scales = {}
    for measure, ends in parse_pairs(pairs, "--scale", form).items():
        try:
            worst, best = map(float, ends.split(":"))
        except ValueError:
            raise CommandError(
                f"reading --scale {measure!r}: it must be {form}", ExitStatus.USAGE
            ) from None
        scales[measure] = (worst, best)
    return scales
