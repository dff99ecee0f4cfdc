"""Identify rows and their answers: by the source's own id, or by what they hold.

Neither the name of the file nor the number of a row is part of it, so that the same comment gets
the same id from every export that it is in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from connectors.file.columns.look import hash_row
from connectors.file.columns.mapping import Mapping, TextColumn, fold
from connectors.file.columns.profile import is_personal_value
from connectors.file.values.cells import collapse_whitespace
from connectors.sdk.id_set import IdSet

_WORD: Final = re.compile(r"\w+")
_MAX_KEY_CHARACTERS: Final = 80
_MAX_ID_CHARACTERS: Final = 200


class RowIdentifier:
    """Identifies rows by their own id, or by the hash of their cells.

    Of identical rows each gets an ordinal, unless the source's own number of the row shows that it
    is the same one again. Reading the file again gives the same identities. Holds about 30 bytes
    per row.
    """

    def __init__(
        self, mapping: Mapping, key: bytes = b"", repeated: frozenset[int] | None = None
    ) -> None:
        """``key`` keeps numbers in a comment from being found by trying them.

        ``repeated`` are the hashes of rows of which there are several, if they are known.
        """
        self._key = key
        self._repeated = None if mapping.unhashed else repeated
        self._identity = mapping.identity
        self._number = None if mapping.identity else mapping.columns.get("id")
        self._unhashed = mapping.unhashed
        self._seen = IdSet()
        self._numbered = IdSet()
        self._ordinals: dict[bytes, int] = {}
        self._names: dict[tuple[str, ...], list[tuple[str, str]]] = {}

    def identify(self, values: dict[str, str]) -> str:
        """Return the identity of a row."""
        if self._identity is not None:
            own = collapse_whitespace(values.get(self._identity, ""))
            if own and not is_personal_value(own):
                return own if len(own) <= _MAX_ID_CHARACTERS else _hash(own).hex()
        fingerprint = self._fingerprint(values)
        number = values.get(self._number, "").strip() if self._number is not None else ""
        if self._repeated is not None and hash_row(values) not in self._repeated:
            return fingerprint.hex()
        ordinal = self._count(fingerprint, number)
        return fingerprint.hex() + (f"-{ordinal}" if ordinal > 1 else "")

    def _fingerprint(self, values: dict[str, str]) -> bytes:
        # The order of columns, empty ones, and the case of names do not change what a comment is.
        parts = [
            prefix + cell
            for name, prefix in self._sort_names(values)
            if (cell := values[name].strip())
        ]
        return _hash("".join(parts), self._key)

    def _sort_names(self, values: dict[str, str]) -> list[tuple[str, str]]:
        """Return the names in order, each with what precedes its cell."""
        key = tuple(values)
        names = self._names.get(key)
        if names is None:
            names = [
                (name, f"\x1e{fold(name)}\x1f")
                for name in sorted(key, key=fold)
                if name not in self._unhashed
            ]
            if len(self._names) < 1_000:
                self._names[key] = names
        return names

    def _count(self, fingerprint: bytes, number: str) -> int:
        """Return how many rows with this content there are so far, one per own number."""
        is_new = self._seen.add(fingerprint)
        if number:
            numbered = _hash(f"{fingerprint.hex()}{number}")
            if not self._numbered.add(numbered):
                return self._ordinals.get(numbered, 1)
        if is_new:
            return 1
        ordinal = self._ordinals.get(fingerprint, 1) + 1
        self._ordinals[fingerprint] = ordinal
        if number:
            self._ordinals[numbered] = ordinal
        return ordinal


def build_keys(texts: Sequence[TextColumn]) -> dict[str, str]:
    """Return what distinguishes the answers of one row, by column; "" if it has only one."""
    if len(texts) == 1 and texts[0].question is None:
        return {texts[0].column: ""}
    keys: dict[str, str] = {}
    for text in texts:
        key = "-".join(_WORD.findall(text.column.casefold()))[:_MAX_KEY_CHARACTERS]
        while f":{key}" in keys.values():
            key += "-again"
        keys[text.column] = f":{key}"
    return keys


def _hash(text: str, key: bytes = b"") -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, content, "sha256") if key else hashlib.sha256(content).digest()
    return digest[:16]
