"""Choose the columns with comments: their cells are long and differ, whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from string import digits
from typing import Final

from connectors.file.columns.choose_scores import Chooser, is_worded_scale
from connectors.file.columns.mapping import MEASURES, TextColumn, join_names
from connectors.file.columns.presets import load_text_names
from connectors.file.columns.profile import Column
from connectors.file.values.names import is_question, split_words
from connectors.sdk.short_answers import asks_for_fact

_MAX_QUESTION_CHARACTERS: Final = 2_000
_REPEATED: Final = re.compile(r" \(\d+\)$")
_MIN_WORDS: Final = 1.5
"""Words per cell of a column whose name lets expect comments."""
_MIN_QUESTION_WORDS: Final = 1.8
_MIN_FACT_WORDS: Final = 5
"""Words per cell of answers to "which" and "where" that say more than a name."""
_HANDLING: Final = re.compile(
    r"\bwe did\b(?! (?:well|best|right|good|badly|wrong|poorly|not)\b)", re.IGNORECASE
)
"""What an organization has done about a comment, as in "You said, we did"."""
_TRANSLATED: Final = re.compile(r"\btranslat", re.IGNORECASE)
_ABOUT_WRITER: Final = re.compile(
    r"best describes|(?:hear|find out|learn) (?:of|about) us|complet(?:ed|ing) (?:by|this)"
    r"|fill(?:ed|ing) (?:in|out)|on behalf of"
    r"|^(?:(?:can|may|could) (?:we|i|our)|(?:are|would) you (?:be )?(?:happy|willing|ok)"
    r"|(?:do )?(?:you|i) (?:agree|consent|give)|consent|permission)\b.*"
    r"\b(?:contact|publish|shar|call|quot|us(?:e|ing) your|be used)",
    re.IGNORECASE,
)
"""A question about the writer, or for permission, which choices answer."""
_PART_SIGN: Final = " – "


def choose_texts(chooser: Chooser, aside: set[str]) -> list[str]:
    """Return the names of the columns with comments, in the order of the file."""
    worded = [
        column
        for column in chooser.free_columns(aside)
        if not chooser.is_person(column.name) and _is_worded(column)
        and not is_refused(chooser.wording(column.name))
    ]  # fmt: skip
    possible = [column for column in worded if not is_worded_scale(column)]
    asked = [column for column in possible if _is_asked(chooser.wording(column.name), column)]
    chosen = {column.name for column in (*_list_firm(chooser, possible), *asked)}
    if not chosen:  # comments of one word, such as "Good", look like scores
        chosen = {column.name for column in _list_firm(chooser, worded)}
    hinted = {
        column.name
        for column in possible
        if _has_name(chooser.wording(column.name), "hints")
        and _words_per_cell(column) >= _min_words(chooser.wording(column.name), _MIN_WORDS)
    }
    if not chosen:
        loose = [
            column
            for column in possible
            if _has_name(chooser.wording(column.name), "loose")
            and not (hinted and _has_name(chooser.wording(column.name), "answers"))
        ]
        longest = max(loose, key=_words_per_cell, default=None)
        chosen = {longest.name} if longest is not None else set()
    chosen |= hinted
    if not chosen:
        texts = [column for column in possible if column.is_text]
        longest = max(texts, key=_words_per_cell, default=None)
        chosen = {longest.name} if longest is not None else set()
    if not chosen:  # answers of a word or two
        chosen = {
            column.name
            for column in possible
            if is_question(chooser.wording(column.name))
            and not asks_for_choice(chooser.wording(column.name)) and not column.has_choices
        }  # fmt: skip
    if not chosen:
        return _choose_by_name(chooser, aside)
    return [column.name for column in worded if column.name in chosen]


def describe_texts(chooser: Chooser, names: Sequence[str]) -> list[TextColumn]:
    """Return the columns with the questions that they answer, and scores of their own."""
    several = len(names) > 1
    texts = []
    for name in names:
        wording = chooser.wording(name)
        is_asked = several or is_question(wording)
        texts.append(
            TextColumn(
                column=name,
                question=_clean_question(wording) if is_asked else None,
                measures=_pair_measures(chooser, name) if several else {},
            )
        )
    return texts


def describe_missing_text(columns: Collection[Column]) -> str:
    """Return the reason for a message that no column holds comments."""
    numbers = sum(column.is_number for column in columns if column.filled)
    is_table = numbers and 2 * numbers >= len(columns)
    counts = "; it holds numbers, as a published table of results does" if is_table else ""
    return (
        f"no column for the text{counts}; --map text=COLUMN names one of "
        f"{join_names([column.name for column in columns])}"
    )


def _clean_question(wording: str) -> str:
    """Return a question on one line, without the words by which tools mark open ones."""
    question = " ".join(wording.split())
    if " " not in question:
        question = question.replace("_", " ").strip()
    for end in ("Open-Ended Response", "Open Ended Response", "Response"):
        bare = question.removesuffix(f" {end}").rstrip(" -–—:/|")
        if bare and bare != question:
            return bare[:_MAX_QUESTION_CHARACTERS]
    return question[:_MAX_QUESTION_CHARACTERS]


def _pair_measures(chooser: Chooser, name: str) -> dict[str, str]:
    """Return the score columns that repeat with a text: "Rating (2)" beside "Comment (2)"."""
    match = _REPEATED.search(name)
    if match is None:
        return {}
    pairs = {
        measure: f"{column}{match[0]}"
        for measure, column in chooser.columns.items()
        if measure in MEASURES and chooser.has_column(f"{column}{match[0]}")
    }
    chooser.taken.update(pairs.values())
    return pairs


def _choose_by_name(chooser: Chooser, aside: set[str]) -> list[str]:
    """Return a column that is called one of comments, whatever its cells are."""
    candidates = [
        column
        for column in (*chooser.free_columns(aside), *chooser.empty_columns(aside))
        if not is_refused(chooser.wording(column.name)) and not column.has_choices
        and not chooser.is_person(column.name)
    ]  # fmt: skip
    for kind in ("firm", "loose"):
        for column in candidates:
            if _has_name(chooser.wording(column.name), kind):
                return [column.name]
    return [
        column.name
        for column in candidates
        if column.filled and not column.is_number and not column.is_date
        and _has_name(chooser.wording(column.name), "hints")
    ]  # fmt: skip


def _is_worded(column: Column) -> bool:
    """Return True if the cells are neither choices, numbers, dates nor links."""
    return not (
        column.is_closed or column.is_list or column.is_date or column.is_number or column.is_link
    )


def is_refused(wording: str) -> bool:
    """Return True if a name tells that the words below it are not those of the writer."""
    words = split_words(wording)
    pairs = {" ".join(pair) for pair in pairwise(words)}
    refused = load_text_names().not_ & (pairs | set(words))
    if any(kind.search(wording) for kind in (_HANDLING, _TRANSLATED, _ABOUT_WRITER)):
        return True
    return bool(refused) and not (is_question(wording) and _words_are_asking(wording))


def _words_are_asking(wording: str) -> bool:
    """Return True for a question as people are asked it, in which any word may stand."""
    return wording.rstrip(" *:").endswith("?") or len(split_words(wording)) >= 5


def _list_firm(chooser: Chooser, columns: Sequence[Column]) -> list[Column]:
    """Return the columns whose name is one of comments, or ends with the word for them."""
    return [column for column in columns if _has_name(chooser.wording(column.name), "firm")]


def _has_name(wording: str, kind: str) -> bool:
    names: frozenset[str] = getattr(load_text_names(), kind)
    words = [word.rstrip(digits) for word in split_words(wording) if not word.isdecimal()]
    if " ".join(words) in names:
        return True
    phrases = {" ".join(words[at : at + size]) for size in (1, 2) for at in range(len(words))}
    return bool(phrases & names) and len(words) <= 6


def _is_asked(wording: str, column: Column) -> bool:
    """Return True for a question that is answered in words of the writer's own."""
    min_words = _min_words(wording, _MIN_QUESTION_WORDS)
    return is_question(wording) and _words_per_cell(column) >= min_words


def _min_words(wording: str, usual: float) -> float:
    """Return how many words a cell has in a column of comments: more where a fact is asked for."""
    return _MIN_FACT_WORDS if asks_for_choice(wording) else usual


def asks_for_choice(wording: str) -> bool:
    """Return True for a question that a name, a place or a choice answers."""
    question = wording.rsplit(_PART_SIGN, maxsplit=1)[0]
    return asks_for_fact(question) or is_refused(question)


def _words_per_cell(column: Column) -> float:
    return column.words / column.filled if column.filled else 0.0
