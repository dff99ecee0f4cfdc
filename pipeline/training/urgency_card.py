"""Model card of the second level of urgency, as text for people."""

from __future__ import annotations

from typing import Any

from pipeline.stages.urgency_model import UrgencyCard

_INTRODUCTION = """\
A linear model over the words of a sentence, pairs of neighbours and word vectors.
Gives the sentences that are worth reading soon, with their reasons, where the phrases find
nothing certain. Fitted on invented sentences, and on ordinary comments as what is not urgent. One
output more, learnt from the sentences alone, doubts phrases in what only sounds urgent.

Figures are five-fold cross-validated: a kind of situation, or a respondent, is in training or in
test data and never in both. Shares are with Wilson's 95 % interval."""


def describe(card: UrgencyCard) -> str:
    """Return the card in Markdown."""
    figures = card.figures
    lines = [f"# Model card: {card.version}", "", _INTRODUCTION, "", "## Data", ""]
    lines += [f"- {name}: {value}" for name, value in card.data.items()]
    lines += [
        "",
        "## Figures",
        "",
        "| reason | found by phrases or model | sentences |",
        "|---|---|---|",
    ]
    lines += [
        f"| {reason.replace('_', ' ')} | {_interval(share)} | {share['of']} |"
        for reason, share in figures["found"].items()
    ]
    lines += ["", "| share of | | of |", "|---|---|---|"]
    lines += [
        f"| {name} | {_interval(share)} | {share['of']} |"
        for name, share in figures.items()
        if name != "found"
    ]
    return "\n".join([*lines, ""])


def _interval(share: dict[str, Any]) -> str:
    return f"{share['share']:.3f} ({share['from']:.2f}–{share['to']:.2f})"
