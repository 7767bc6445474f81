"""How often each leaf of the JSON answers is filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datasets_app.core.jsonl import Json
from datasets_app.core.sets.base import Gatherer, Measure, Member, Setting
from datasets_app.core.sets.shapes import DEEPEST, ITEM, filled, paths, structured

if TYPE_CHECKING:
    from datasets_app.core.sets.columns import Columns

MOST_PATHS = 2000
LISTED = 200


class _Gatherer(Gatherer):
    def __init__(self, setting: Setting) -> None:
        rules = setting.contract.json
        self._filled: Counter[str] = Counter()
        self._objects: Counter[str] = Counter()  # how often there was an object at the path
        self._declared = dict(_leaves(rules.schema, rules.schema)) if rules else {}
        self._seen: dict[str, None] = dict.fromkeys(self._declared)
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

        `declared` says that the contract's schema names it, `required` that it must be there. Leaves inside lists are
        counted by the lists' members.
        """
        if not self._answers:
            return None
        rows = []
        for path in self._seen:
            of = self._objects[path.rpartition("/")[0]] or (0 if path in self._declared else self._answers)
            n = min(self._filled[path], of)
            rows.append({
                "path": path or "/", "n": n, "of": of, "share": n / of if of else None,
                "declared": path in self._declared, "required": self._declared.get(path, False),
            })  # fmt: skip
        rows.sort(key=lambda row: (row["share"] is not None, row["share"] or 0.0, not row["required"]))
        required = [row for row in rows if row["required"] and row["of"]]
        complete = sum(row["n"] for row in required)
        return {
            "answers": self._answers,
            "required": {"n": complete, "of": sum(row["of"] for row in required)},
            "fields": rows[:LISTED],
        }


def _leaves(
    schema: Any, whole: Mapping[str, Any], at: str = "", required: bool = True, depth: int = 0
) -> Iterator[tuple[str, bool]]:
    """(path, required) of the leaves that a JSON Schema declares by `properties` and `items`, `$ref`s followed."""
    if depth > DEEPEST or not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        target: Any = whole
        for part in reference[2:].split("/") if reference != "#" else ():
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, Mapping) else None
        yield from _leaves(target, whole, at, required, depth + 1)
        return
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, Mapping) and properties:
        needed = schema.get("required")
        names = needed if isinstance(needed, list) else []
        for name, inner in properties.items():
            path = f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _leaves(inner, whole, path, name in names, depth + 1)
    elif isinstance(items, Mapping) and (items.get("properties") or "$ref" in items):
        yield from _leaves(items, whole, f"{at}/{ITEM}", required, depth + 1)
    elif at:
        yield at, required


class Completeness(Measure):
    name = "completeness"

    def begin(self, setting: Setting) -> Gatherer:
        return _Gatherer(setting)


MEASURE = Completeness()
