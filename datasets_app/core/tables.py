"""Tables: which column is which part of a sample. A person says so, or the headings do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, Self

from datasets_app.core import headings
from datasets_app.core.containers import CONTAINERS, Entry, Reading
from datasets_app.core.encodings import ENCODINGS, encoding_of, encoding_of_stream
from datasets_app.core.headings import FIELDS
from datasets_app.core.jsonl import Json
from ftstudio.errors import InvalidInput, Listed, Text

__all__ = ["ENCODINGS", "FIELDS", "REST", "Mapping", "columns", "encoding_of", "encoding_of_stream", "head", "sheets"]

REST = "$rest"  # in a mapped record: the columns that are no field; it marks the record as mapped
_KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Field → column. The fields are `FIELDS`; no column is used twice.

    `instruction` and `input` together are the question (so is `user`), `assistant` is the answer, `rejected` the wrong
    one, `messages` a whole conversation as JSON. `keep` says whether the other columns ride along with the sample.
    """

    fields: Dict[str, str] = field(default_factory=dict)
    keep: bool = True

    @classmethod
    def guess(cls, columns: Iterable[str]) -> Self | None:
        """By the headings, English or Chinese; None when they do not make a sample."""
        found = _guessed(tuple(columns))
        return cls(dict(found)) if found else None

    @classmethod
    def certain(cls, columns: Iterable[str]) -> Self | None:
        """As `guess`, but None too where several columns could be the same part of a sample."""
        columns = tuple(columns)
        return None if headings.doubtful(columns) else cls.guess(columns)

    @classmethod
    def suggest(cls, columns: Iterable[str]) -> Self | None:
        """By parts of the headings: good enough to be shown to a person, not to import by."""
        found = headings.suggest(columns)
        return cls(dict(found)) if found else None

    @classmethod
    def parse(cls, data: Json, columns: Iterable[str] | None = None) -> Self:
        """What `to_data` wrote or a person chose; empty choices are left out.

        Raises `InvalidInput` naming the field: an unknown one, a column that is not among `columns` or is used twice,
        or no question with an answer.
        """
        if not isinstance(data, dict):
            raise InvalidInput(mapping=Text("The columns must be given as an object: field and column."))
        chosen = {name: column for name, column in data.items() if name != _KEEP and column not in ("", None)}
        known = tuple(columns) if columns is not None else None
        wrong: dict[str, str] = {}
        for name, column in chosen.items():
            if name not in FIELDS:
                wrong[name] = Text("“{name}” is no part of a sample: use {names}.", name=name, names=Listed(FIELDS))
            elif not isinstance(column, str) or (known is not None and column not in known):
                wrong[name] = Text("The table has no column “{column}”.", column=str(column)[:80])
            elif list(chosen.values()).count(column) > 1:
                wrong[name] = Text("The column “{column}” is chosen twice.", column=column)
        if not wrong and "messages" not in chosen:
            if not chosen.keys() & {"instruction", "input", "user"}:
                wrong["user"] = Text("Say which column holds the question.")
            if not chosen.keys() & {"assistant", "rejected"}:
                wrong["assistant"] = Text("Say which column holds the answer.")
        if wrong:
            raise InvalidInput.of(wrong)
        return cls({name: chosen[name] for name in FIELDS if name in chosen}, data.get(_KEEP) is not False)

    def to_data(self) -> dict[str, Any]:
        """As it is stored and sent: field → column, and `keep` when other columns are left out."""
        return {**self.fields, **({} if self.keep else {_KEEP: False})}

    def apply(self, record: Dict[str, Json]) -> dict[str, Json]:
        """The row with its fields under their own names and the other columns under `REST`, for a table's codec."""
        taken = set(self.fields.values())
        mapped: dict[str, Json] = {name: record.get(column) for name, column in self.fields.items()}
        mapped[REST] = {name: cell for name, cell in record.items() if name not in taken} if self.keep else {}
        return mapped


def needed_by(mapping: Mapping | None, columns: Sequence[str]) -> Collection[str]:
    """Of which columns the cells must be known: those that are part of a sample, by the mapping or by the headings;
    all where nothing tells."""
    mapping = mapping or Mapping.guess(columns)
    return mapping.fields.values() if mapping else columns


@lru_cache(maxsize=256)  # every row of a table asks for the same columns
def _guessed(columns: tuple[str, ...]) -> dict[str, str] | None:
    return headings.guess(columns)


def head(stream: BinaryIO, container: str, reading: Reading | None = None, rows: int = 20) -> list[Entry]:
    """The first rows of a table, for a preview, as far as they are known; the stream is left at its start. Raises
    `InvalidInput` as `read`."""
    shown = replace(reading or Reading(), needed=lambda _columns: ())
    found = list(islice(CONTAINERS[container].read(stream, shown), rows))
    stream.seek(0)
    return found


def columns(stream: BinaryIO, container: str, reading: Reading | None = None) -> tuple[str, ...]:
    """The columns of a table in their order, () for one without rows; the stream is left at its start."""
    return next((tuple(entry.record) for entry in head(stream, container, reading, 200) if entry.record), ())


def sheets(stream: BinaryIO, container: str, reading: Reading | None = None) -> tuple[str, ...]:
    """Among which tables of a file, or of the one inside of it, one is chosen by name, as `Container.sheets`; the
    stream is left at its start."""
    with CONTAINERS[container].within(stream, reading or Reading()) as (_name, kind, file):
        found = CONTAINERS[kind].sheets(file)
    stream.seek(0)
    return found
