"""Choose the column of each field: by options, by preset, by the words of names, by the cells.

Between the look at the file and the mapping that is shown to the user.
"""

from __future__ import annotations

from typing import Final

from connectors.file.columns.choose_fields import find_date, find_time, see_field_scale
from connectors.file.columns.choose_identity import (
    asks_for_person,
    is_changing,
    is_id_name,
    is_person,
    is_strong_id,
    is_submission,
)
from connectors.file.columns.choose_scores import choose_scores, list_left_out
from connectors.file.columns.choose_texts import (
    choose_texts,
    describe_missing_text,
    describe_texts,
)
from connectors.file.columns.look import Look, name_others
from connectors.file.columns.mapping import FIELDS, MEASURES, Mapping, TextColumn, fold, join_names
from connectors.file.columns.presets import (
    Preset,
    join_column_words,
    load_guesses,
    load_words,
)
from connectors.file.columns.profile import Column
from connectors.file.options import FileConfig
from connectors.file.values.names import is_question, join_words, split_words
from connectors.file.values.scales import is_scored
from connectors.file.values.scores import fold_answer
from connectors.sdk.errors import Misconfigured
from schemas.feedback import SUBMISSION
from schemas.validation import suggest_name

_PLACES: Final = ("organization", "site", "service")
_MAX_PLACE_WORDS: Final = 6


class ColumnChooser:
    """Chooses columns for the fields of one file."""

    def __init__(self, look: Look, preset: Preset, config: FileConfig, where: str) -> None:
        """``where`` names the file in messages."""
        self._look = look
        self._preset = preset
        self._config = config
        self._where = where
        self._is_guessing = preset is load_guesses() or preset.questions or bool(preset.header)
        self._has_own_ids = bool(preset.header) and preset.own_ids
        self.columns: dict[str, str] = {}
        self.taken: set[str] = set()
        self._by_name = {fold(name): name for name in reversed(list(look.columns))}
        self._by_words = {join_column_words(name): name for name in reversed(list(look.columns))}
        self._set_aside = {join_words(name) or fold(name) for name in preset.left_out}
        self._wordings = name_others(look.columns, look.questions)
        self._by_words |= {fold(text): name for name, text in look.questions.items()}

    def choose(self) -> Mapping:
        """Return the mapping; raises ``Misconfigured`` without a column for the text."""
        config, preset = self._config, self._preset
        texts = self._take_stated()
        aside = {name for name in self._look.columns if self._is_set_aside(name)}
        self._take_preset()
        if self._is_guessing:
            self._take_words(aside)
            choose_scores(self, aside)
        if not texts:
            texts = self._choose_texts(aside)
        if not texts:
            reason = describe_missing_text(self._look.columns.values())
            raise Misconfigured(f"reading {self._where}: {reason}")
        self.columns["text"] = texts[0].column
        attributes = self._choose_attributes()
        time = find_time(self, self.columns.get("created_at"))
        if time is not None and "time" not in self.columns:
            self.take("time", time)
        scales = {
            name: see_field_scale(
                name, self.column(column), self.wording(column), preset, config.scales.get(name)
            )
            for name, column in self.columns.items()
            if name in MEASURES
        }
        used = self.taken | {text.column for text in texts} | set(attributes.values())
        identity = self._choose_identity()
        unhashed = {name for name in self._look.columns if self.is_no_content(name)} - {identity}
        left_out = tuple(name for name in self._look.columns if name not in used)
        return Mapping(
            columns={name: self.columns[name] for name in FIELDS if name in self.columns},
            texts=tuple(texts),
            attributes=attributes,
            constants={**preset.constants, **config.constants},
            date_format=preset.date_format,
            no_date=preset.no_date,
            other_dates=self._list_other_dates(),
            no_text=frozenset(fold(text) for text in preset.no_text),
            scales=scales,
            not_answered={
                field: frozenset(fold_answer(answer) for answer in answers)
                for field, answers in preset.not_answered.items()
            },
            drop={
                self._by_name[fold(column)]: frozenset(map(fold, values))
                for column, values in preset.drop.items()
                if fold(column) in self._by_name
            },
            identity=identity,
            unhashed=frozenset(unhashed),
            left_out=left_out,
            scores_left_out=tuple(list_left_out(self, [n for n in left_out if n not in aside])),
        )

    def column(self, name: str) -> Column:
        """Return what the cells of a column show."""
        return self._look.columns[name]

    def has_column(self, name: str) -> bool:
        """Return True if the file has a column of this name."""
        return name in self._look.columns

    def free_columns(self, aside: set[str]) -> list[Column]:
        """Return the columns with cells that no field has taken."""
        return [
            column
            for name, column in self._look.columns.items()
            if column.filled and name not in self.taken and name not in aside
        ]

    def empty_columns(self, aside: set[str]) -> list[Column]:
        """Return the columns without cells that no field has taken."""
        return [
            column
            for name, column in self._look.columns.items()
            if not column.filled and name not in self.taken and name not in aside
        ]

    def wording(self, name: str) -> str:
        """Return a column's name, or the question in a row below the header."""
        return self._wordings.get(name) or name

    def take(self, field: str, name: str) -> None:
        """Let a column be the field's."""
        self.columns[field] = name
        self.taken.add(name)

    def is_person(self, name: str) -> bool:
        """Return True if a column names people, by its name or its cells."""
        return is_person(self.wording(name), self.column(name))

    def is_no_content(self, name: str) -> bool:
        """Return True for a column that does not belong to what a comment is."""
        if any(self.columns.get(field) == name for field in (*MEASURES, *_PLACES)):
            return False
        if self._is_set_aside(name):
            return True
        return is_changing(name, self.column(name)) or self.is_person(name)

    def _is_set_aside(self, name: str) -> bool:
        """Return True for a column of the tool's own, which holds no answers."""
        return (join_column_words(name) or fold(name)) in self._set_aside

    def _take_stated(self) -> list[TextColumn]:
        stated = dict(self._config.columns)
        named = [stated.pop("text")] if "text" in stated else []
        texts = [self._find(name) for name in dict.fromkeys([*named, *self._config.texts])]
        for field, name in stated.items():
            self.take(field, self._find(name))
        self.taken |= set(texts)
        return describe_texts(self, texts)

    def _find(self, name: str) -> str:
        names = self._look.columns
        column = name if name in names else self._by_name.get(fold(name))
        column = column or self._by_words.get(fold(name)) or self._by_words.get(join_words(name))
        if not name.strip() or column is None:
            hint = suggest_name(name, names, quoted=True)
            hint = hint or f"there are {join_names(list(names))}"
            raise Misconfigured(f"reading {self._where}: no column {name!r}; {hint}")
        return column

    def _take_preset(self) -> None:
        for field, candidates in self._preset.columns.items():
            if field in self.columns or (field == "text" and self._is_guessing
                    and not self._preset.header):  # fmt: skip
                continue
            if self._is_guessing and field in MEASURES and not self._preset.header:
                continue
            present = [name for name in map(self._match, candidates) if name is not None]
            free = [name for name in present if name not in self.taken]
            fitting = [name for name in free if self._fits(field, name)]
            if fitting or (free and field == "created_at"):
                self.take(field, (fitting or free)[0])

    def _match(self, candidate: str) -> str | None:
        return self._by_name.get(fold(candidate)) or self._by_words.get(
            join_words(candidate) or "-"
        )

    def _take_words(self, aside: set[str]) -> None:
        for field, words in load_words().items():
            if field in self.columns or field in MEASURES:
                continue
            ranked = [
                (rank, column.name)
                for column in self.free_columns(aside)
                if (rank := words.rank(self.wording(column.name))) is not None
                and self._fits(field, column.name)
                and not (is_question(self.wording(column.name)) and not _asks_which(
                    self.wording(column.name)))
            ]  # fmt: skip
            if ranked:
                self.take(field, min(ranked, key=lambda pair: pair[0])[1])
        date = None if "created_at" in self.columns else find_date(self, aside)
        if date is not None:
            self.take("created_at", date)

    def _fits(self, field: str, name: str) -> bool:
        """Return True if the cells of a column can be values of a field."""
        column = self.column(name)
        if not self._is_guessing:
            return True
        if not column.filled:
            return False
        words = column.words / column.filled
        if field == "created_at":
            return column.is_date
        if field in MEASURES:
            return bool(self._preset.values.get(field)) or is_scored(column.values, field)
        if field in _PLACES:
            is_other = column.is_date or column.is_link or column.is_personal
            is_other = is_other or asks_for_person(self.wording(name))
            return words <= _MAX_PLACE_WORDS and not is_other
        if field in ("id", "author"):
            return words <= 3 and not column.is_date
        if field == "url":
            return column.is_link
        return words <= 3 if field == "language" else not column.is_date

    def _choose_texts(self, aside: set[str]) -> list[TextColumn]:
        if "text" in self.columns:
            return describe_texts(self, [self.columns["text"]])
        if not self._is_guessing:
            return []
        names = choose_texts(self, aside)
        self.taken |= set(names)
        return describe_texts(self, names)

    def _choose_attributes(self) -> dict[str, str]:
        kept = {name: self._find(column) for name, column in self._config.attributes.items()}
        for name, candidates in self._preset.attributes.items():
            present = [column for column in map(self._match, candidates) if column is not None]
            free = [each for each in present if name == SUBMISSION or each not in self.taken]
            if free:
                kept.setdefault(name, free[0])
        if SUBMISSION not in kept and (self._is_guessing or "id" in self.columns):
            repeated = [
                name
                for name in (self.columns.get("id"), *self._look.columns)
                if name is not None and is_id_name(name) and is_submission(self._look, name)
            ]
            if repeated:
                kept[SUBMISSION] = repeated[0]
        return kept

    def _choose_identity(self) -> str | None:
        """Return the column with the source's own id of a comment, if it can be relied on."""
        name = self.columns.get("id")
        if name is None:
            return None
        column = self.column(name)
        is_named = "id" in self._config.columns
        if self._look.repeats_with_other_words(name) or self.is_person(name):
            return None
        has_namespace = bool(self._config.dataset or self._preset.dataset or self._has_own_ids)
        if column.is_numbering:
            return name if is_named and has_namespace else None
        if is_named or has_namespace:
            return name
        return name if is_strong_id(column) else None

    def _list_other_dates(self) -> tuple[str, ...]:
        """Return the columns of a known export that hold a date where its date has none."""
        wanted = [self._match(name) for name in self._preset.columns.get("created_at", ())]
        if self._preset.header:
            wanted += self._look.columns
        chosen = self.columns.get("created_at")
        names = dict.fromkeys(name for name in wanted if name is not None and name != chosen)
        return tuple(name for name in names if self.column(name).is_date)


def _asks_which(wording: str) -> bool:
    return bool({"which", "where", "when", "what"} & set(split_words(wording)[:2]))
