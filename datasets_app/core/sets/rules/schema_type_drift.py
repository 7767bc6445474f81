"""One field, several types."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from datasets_app.core.examples import chat
from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Said, SetRule, Setting, together
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.shapes import TYPES, Outline, kinds, outline, structured
from ftstudio.errors import Text

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

MOST_PATHS = 2000  # objects whose keys are data have no end of them
MOST_ROWS = 20_000  # samples remembered for one type at one path: a type that came more often is hardly the odd one
MOST_SHAPES = 100
LISTED = 200  # fields in the report

Shape = tuple[tuple[str, str], ...]  # what stands at which path


class _Types:
    """The types seen at one path: how many rows, and which rows as long as they are few."""

    __slots__ = ("counts", "rows")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.rows: dict[str, array[int]] = {}

    def add(self, kind: str, rows: array[int]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + len(rows)
        kept = self.rows.setdefault(kind, array("I"))
        kept.extend(rows[: MOST_ROWS - len(kept)])

    @property
    def usual(self) -> str:
        """The most frequent type, of equally frequent ones the one seen first; null is no type of its own."""
        return max((kind for kind in self.counts if kind != "null"), key=self.counts.__getitem__, default="null")

    @property
    def odd(self) -> list[str]:
        return [kind for kind in self.counts if kind not in (self.usual, "null")]


class _Gatherer(Gatherer):
    def __init__(self) -> None:
        self._paths: dict[str, _Types] = {}
        self._rows = 0
        self._shapes: dict[Outline, Shape] = {}  # most answers of a set are alike: one object for all that are
        self._taken: dict[Shape, array[int]] = {}  # and the rows of each, until there are too many shapes

    def note(self, member: Member) -> Shape | None:
        value = structured(member.answer)
        if value is None:
            return None
        known = outline(value)
        shape = self._shapes.get(known)
        if shape is None:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            shape = self._shapes[known] = kinds(value)
        return shape

    def take(self, index: int, noted: Shape | None) -> None:
        if noted is None:
            return
        self._rows += 1
        rows = self._taken.get(noted)
        if rows is None:
            if len(self._taken) >= MOST_SHAPES:
                self._settle()
            rows = self._taken[noted] = array("I")
        rows.append(index)

    def _settle(self) -> None:
        """From the rows of each shape to those of each type at each path."""
        for shape, rows in self._taken.items():
            for path, kind in shape:
                types = self._paths.get(path)
                if types is None:
                    if len(self._paths) >= MOST_PATHS:
                        continue
                    types = self._paths[path] = _Types()
                types.add(kind, rows)
        self._taken.clear()

    def said(self, columns: Columns) -> Iterator[Said]:
        self._settle()
        told = []
        for path, types in self._paths.items():
            usual = types.usual
            for kind in types.odd:
                message = Text(
                    "“{field}” is {type} here, and {usual} in {n} of {total} answers.",
                    field=path or "/", type=TYPES[kind], usual=TYPES[usual], n=types.counts[usual],
                    total=sum(types.counts.values()),
                )  # fmt: skip
                told.append(_told(types.rows[kind], message, columns.own))
        return heapq.merge(*told, key=attrgetter("index"))

    def report(self, columns: Columns) -> Json:
        """Every field with the types it has, those with several first."""
        self._settle()
        if not self._rows:
            return None
        fields = [
            {"path": path or "/", "types": types.counts, "usual": types.usual, "drifts": bool(types.odd)}
            for path, types in self._paths.items()
        ]
        fields.sort(key=lambda field: not field["drifts"])
        drifting = sum(bool(field["drifts"]) for field in fields)
        return {"answers": self._rows, "drifting": drifting, "fields": fields[:LISTED]}


def _told(rows: array[int], message: Text, own: Any) -> Iterator[Said]:
    return (Said(index, message) for index in sorted(rows) if own[index])


class SchemaTypeDrift(SetRule):
    name = "schema-type-drift"
    title = Text("Field has another type than usual")
    help = Text(
        "In JSON answers one field should have one type: skills that are a sentence here and a list there teach a "
        "model to guess, also where the schema allows both. Reported on the rarer type, with a table of all fields."
    )
    good = (together(chat("小王", '{"skills": ["Python"]}'), chat("小李", '{"skills": []}')),)
    bad = (
        together(
            chat("小王", '{"skills": ["Python"]}'),
            chat("小李", '{"skills": ["SQL"]}'),
            chat("小张", '{"skills": "SQL"}'),
        ),
    )

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer()


RULE = SchemaTypeDrift()
