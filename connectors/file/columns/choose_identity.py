"""Tell which columns identify comments, submissions and people."""

from __future__ import annotations

from typing import Final

from connectors.file.columns.look import Look
from connectors.file.columns.profile import Column
from connectors.file.values.names import split_words
from connectors.sdk.personal_questions import is_personal

_STRONG_ID_CHARACTERS: Final = 9
_NAMES_PEOPLE: Final = frozenset({
    "patient", "nhs", "mrn", "email", "phone", "mobile", "telephone", "ip", "surname", "forename",
    "firstname", "lastname", "dob", "birth", "postcode", "username", "author", "reviewer", "user",
    "latitude", "longitude", "ssn", "chi", "person", "customer", "contact", "complainant",
    "enquirer", "caller", "requester", "patientenname", "geburtsdatum", "telefon", "téléphone",
    "teléfono", "prénom", "apellidos", "naissance", "nacimiento",
})  # fmt: skip
_CHANGING: Final = frozenset({
    "reply", "owner", "status", "updated", "modified", "likes", "helpful", "exported", "action",
    "actions", "resolution", "handler", "assigned", "assignee", "theme", "themes", "topic",
    "topics", "tag", "tags", "sentiment", "reviewed", "read", "checked", "closed", "outcome",
    "lessons", "priority",
})  # fmt: skip
"""Words of names of columns that change, or are added, after the comment was written."""
_NO_PERSON: Final = frozenset({
    "experience", "count", "language", "age", "type", "comments", "comment", "feedback", "story",
    "us", "details", "preference", "service", "rating", "score", "said", "words", "voice",
    "opinion", "quote", "views", "satisfaction",
})  # fmt: skip
_ID_WORDS: Final = frozenset({
    "id", "ids", "uuid", "guid", "ref", "reference", "key", "number", "no", "nr", "respondent",
    "row", "index", "record", "line", "sequence",
})  # fmt: skip
_SUBMISSION_WORDS: Final = frozenset({"respondent", "submission", "survey", "response", "id"})
_OTHER_IDS: Final = frozenset({
    "ward", "site", "collector", "network", "location", "unit", "trust", "product", "place",
    "question", "post", "app", "author", "user", "customer",
})  # fmt: skip
_MAX_NAME_WORDS: Final = 4


def is_person(wording: str, column: Column) -> bool:
    """Return True if a column names people, by its name or its cells."""
    words = set(split_words(wording))
    names_people = bool(words & _NAMES_PEOPLE) and not words & _NO_PERSON
    if asks_for_person(wording) or (names_people and len(words) <= _MAX_NAME_WORDS):
        return True
    return column.is_personal


def asks_for_person(wording: str) -> bool:
    """Return True if a name, or a part of a question with several, asks for a person."""
    return any(map(is_personal, (wording, *wording.split(" – "))))


def is_changing(name: str, column: Column) -> bool:
    """Return True for a column that holds the number or the handling of a comment."""
    handles = bool(_CHANGING & set(split_words(name))) and not column.is_date
    return handles or (column.is_numbering and is_id_name(name))


def is_submission(look: Look, name: str) -> bool:
    """Return True if a column's ids repeat with other words."""
    column = look.columns[name]
    words = set(split_words(name))
    if not words & _SUBMISSION_WORDS or words & _OTHER_IDS:
        return False
    if column.is_numbering or column.filled < 0.5 * look.rows:
        return False
    return column.words <= 1.5 * column.filled and look.repeats_with_other_words(name)


def is_id_name(name: str) -> bool:
    """Return True for a name of ids or numbers, such as "Ref" or "#"."""
    words = set(split_words(name))
    return bool(words & _ID_WORDS) or not words


def is_strong_id(column: Column) -> bool:
    """Return True if ids are long enough that two sources hardly share one."""
    cells = [cell.strip() for cell in column.values]
    return (bool(cells) and sum(map(len, cells)) >= _STRONG_ID_CHARACTERS * len(cells)) or (
        bool(cells) and all(_is_code(cell) for cell in cells)
    )


def _is_code(cell: str) -> bool:
    """Return True for letters of both cases and digits, at least six: "R_1abcDE"."""
    has_digit = any(character.isdigit() for character in cell)
    return len(cell) >= 6 and has_digit and cell.lower() != cell and cell.upper() != cell
