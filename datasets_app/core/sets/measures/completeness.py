"""How often each leaf of the JSON answers is filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datasets_app.core.json_answers import required_leaves
from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Setting
from datasets_app.core.sets.members import Member
from datasets_app.core.sets.shapes import ITEM, filled, paths, structured

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

MOST_PATHS = 2000
LISTED = 200


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        rules = setting.contract.json
        self._filled: Counter[str] = Counter()
        self._objects: Counter[str] = Counter()  # how often there was an object at the path
        self._required = set(_required(rules.schema)) if rules else set()
        self._seen: dict[str, None] = dict.fromkeys(sorted(self._required))
        self._answers = 0

    def add(self, index: int, member: Member) -> None:
        value = structured(member.answer)
        if value is None:
            return
        self._answers += 1
        for path, inner in paths(value):
            if isinstance(inner, dict):
                self._objects[path] += 1
            elif not isinstance(inner, list) or not inner:
                path = path.removesuffix(f"/{ITEM}")  # a list of texts is one leaf
                if path not in self._seen:
                    if len(self._seen) >= MOST_PATHS:
                        continue
                    self._seen[path] = None
                self._filled[path] += filled(inner)

    def report(self, columns: Columns) -> Json:
        """Each leaf path with how many of the objects that could hold it do, the emptiest first.

        `required` says that the contract's schema wants it. Leaves inside lists are counted by the lists' members. A
        path that holds an object in other answers is left to `schema-type-drift`.
        """
        if not self._answers:
            return None
        rows: list[dict[str, Any]] = []
        for path in self._seen:
            if self._objects[path] or self._objects[f"{path}/{ITEM}"]:
                continue
            of = self._objects[path.rpartition("/")[0]]
            n = min(self._filled[path], of)
            share = n / of if of else None
            rows.append({"path": path or "/", "n": n, "of": of, "share": share, "required": path in self._required})
        rows.sort(key=lambda row: (row["share"] is not None, row["share"] or 0.0, not row["required"]))
        required = [row for row in rows if row["required"] and row["of"]]
        complete = sum(row["n"] for row in required)
        return {
            "answers": self._answers,
            "required": {"n": complete, "of": sum(row["of"] for row in required)},
            "fields": rows[:LISTED],
        }


def _required(schema: Mapping[str, Json]) -> Iterator[str]:
    """The paths that the schema requires, as `shapes.paths` writes them; a list of texts is one leaf."""
    for leaf in required_leaves(schema):
        yield "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in leaf).removesuffix(f"/{ITEM}")


class Completeness(Measure):
    name = "completeness"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


MEASURE = Completeness()
